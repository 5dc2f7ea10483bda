"""An agent sent into a running process for a while, and surely gone afterwards.

What is sent lives in a directory of mode 0700 that belongs to the target's user, carries a deadline after which it does
nothing, and takes itself away when its one conversation ends, whether or not leakdoc is there to see it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final

from leakdoc.attach.agent_file import agent_text
from leakdoc.attach.doors import door_into
from leakdoc.attach.needle import code_for
from leakdoc.attach.place import PREFIX, Place, hand_over, place_in
from leakdoc.attach.preflight import Subject, preflight
from leakdoc.attach.remote_exec import ENTRY
from leakdoc.errors import AgentError, AttachBusy, AttachRefused, NoAgent, TargetGone
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory

ANSWERS_WITHIN_S: Final = 15.0  # from injection to the agent's socket; a main thread in long native code takes longer
DISMISSED_WITHIN_S: Final = 3.0  # ended by somebody meanwhile, we wait so long to send the agent home ourselves
ENDS_WITHIN_S: Final = 25.0  # one that nobody has spoken to ends after `_LIFE_S`
_LIFE_S: Final = 20.0  # the agent waits so long for its one conversation, and ends with it, whatever happens to us

_GO: Final = """\
import time
def go():
    if time.time() > {expires!r}:
        return
    import sys
    agent = sys.modules.get("_leakdoc_agent")
    if agent is None:
        with open({agent!r}, encoding="utf-8") as file:
            text = file.read()
        agent = type(sys)("_leakdoc_agent")
        agent.__file__ = {agent!r}
        sys.modules["_leakdoc_agent"] = agent
        try:
            exec(compile(text, {agent!r}, "exec"), agent.__dict__)
        except BaseException:
            del sys.modules["_leakdoc_agent"]
            raise
    agent.start(deadline_s={life!r}, directory={directory!r})
try:
    go()
except BaseException as error:
    try:
        with open({failed!r}, "w", encoding="utf-8") as file:
            file.write(f"{{type(error).__name__}}: {{error}}")
    except OSError:
        pass
"""


@contextlib.contextmanager
def sent_agent(
    directory: ProcessDirectory, clock: Clock, stop: threading.Event, *, accept_oom_risk: bool = False
) -> Iterator[AgentSocket]:
    """Send an agent, and give the conversation with it; it is gone when the block is left.

    The caller is alone in the process (`leakdoc.attach.alone`).

    Raises:
        AttachRefused: it is not possible, or not safe; nothing was done, or it has been undone.
        TargetGone: the process ended meanwhile.
    """
    pid = directory.pid
    preflight(Subject(directory=directory, accept_oom_risk=accept_oom_risk))
    with place_in(directory) as place:
        expires = time.time() + ANSWERS_WITHIN_S
        (place.outside / "leakdoc_agent.py").write_text(agent_text(), encoding="utf-8")
        (place.outside / "go.py").write_text(_go(place.inside, expires), encoding="utf-8")
        (place.outside / ENTRY).write_bytes(code_for(f"{place.inside}/go.py").rstrip(b"\0"))
        hand_over(place, pid)
        door_into(directory).enter(directory, f"{place.inside}/go.py", clock, stop)
        agent = _connected(place, clock, stop, pid)
        try:
            yield agent
        finally:
            with contextlib.suppress(Exception):
                agent.ask("stop", patience_s=5.0)
            agent.close()


def _go(inside: str, expires: float) -> str:
    return _GO.format(
        expires=expires, life=_LIFE_S, agent=f"{inside}/leakdoc_agent.py", directory=inside, failed=f"{inside}/failed"
    )


def is_sent(address: str) -> bool:
    """Say whether an agent listens where one was sent."""
    return f"/{PREFIX}" in address


def await_end(pid: int, address: str, clock: Clock, stop: threading.Event) -> None:
    """Wait until an agent that was sent by somebody who was killed has ended: nobody talks to it any more.

    Raises:
        AttachBusy: it has not.
    """
    end = clock.monotonic() + ENDS_WITHIN_S
    with contextlib.suppress(NoAgent):
        while find_agent(pid) == address:
            if clock.monotonic() > end or clock.wait(0.05, stop):
                raise AttachBusy(f"the agent of another leakdoc is in process {pid} still", help="Try again later.")


def _connected(place: Place, clock: Clock, stop: threading.Event, pid: int) -> AgentSocket:
    """Connect as soon as it listens: its socket is there a moment before."""
    end = clock.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            return AgentSocket(pid, _address(place, clock, stop, pid), patience_s=20.0)
        except AgentError:
            if clock.monotonic() > end:
                raise
            clock.wait(0.02, threading.Event())


def _address(place: Place, clock: Clock, stop: threading.Event, pid: int) -> str:
    """Wait until the agent listens; return where. One that is on its way is waited for a moment in any case."""
    began = clock.monotonic()
    while clock.monotonic() < began + (DISMISSED_WITHIN_S if stop.is_set() else ANSWERS_WITHIN_S):
        try:
            names = [each.name for each in place.outside.iterdir()]
        except OSError:
            raise TargetGone(f"process {pid} ended while it was entered") from None
        if "failed" in names:
            raise AttachRefused(f"the agent could not start in process {pid}: {(place.outside / 'failed').read_text()}")
        socket = next((name for name in names if name.endswith(".sock")), None)
        if socket is not None:
            return f"{place.inside}/{socket}"
        clock.wait(0.02, threading.Event())
    if stop.is_set():
        raise AttachRefused(
            f"it was ended before process {pid} had run what it was sent",
            help="What was sent expires by itself and does nothing then.",
        )
    raise AttachRefused(
        f"process {pid} did not run what it was sent in {ANSWERS_WITHIN_S:.0f} s: its main thread is busy elsewhere",
        help="What was sent has expired and does nothing any more; try again when it is less busy.",
    )
