"""Programs that a step starts beside itself: ended with all that they have started, however the step itself ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from leakdoc.errors import UsageError

if TYPE_CHECKING:
    import psutil

PATIENCE_S: Final = 10.0  # between asking and ending: what a request in flight may take
_LOOK_S: Final = 0.05
# It waits for the step's end of a pipe to close, which no death of the step prevents, SIGKILL included.
_GUARD: Final = """
read -r _
kill -s TERM -- "-$1"
for _ in 1 2 3 4 5; do kill -s 0 -- "-$1" || exit 0; sleep 1; done
kill -s KILL -- "-$1"
"""


@contextmanager
def running(words: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a session of its own; what it writes goes nowhere.

    At the end it and all that it has started are told to end, and ended after 10 s. If the step's process ends before
    that, killed for instance, a guard ends the program's process group.

    Raises:
        UsageError: it cannot be started.
    """
    process = _started(words, environment)
    try:
        with _guarded(process):
            try:
                yield process
            finally:
                _end(process)
    finally:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a disk or a network keeps it in the system
            process.wait(PATIENCE_S)


def _started(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(words), env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"{words[0]} cannot be started: {error}", help="Check the command.") from None


@contextmanager
def _guarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
    with subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(process.pid)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as guard:  # fmt: skip
        try:
            yield
        finally:
            guard.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    family = _family(process)
    _tell(family, signal.SIGTERM)
    _wait_for(process, family)
    deadline = time.monotonic() + PATIENCE_S
    while (left := _alive(family | _family(process))) and time.monotonic() < deadline:
        _tell(left, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _family(process: subprocess.Popen[bytes]) -> set[psutil.Process]:
    """Return the program, what descends from it, and what has outlived its own parent but is still in its group."""
    import psutil

    found: set[psutil.Process] = set()
    with contextlib.suppress(psutil.Error):
        if process.returncode is None:  # not reaped: its number is still its own
            leader = psutil.Process(process.pid)
            found |= {leader, *leader.children(recursive=True)}
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(pid) == process.pid:
                found.add(psutil.Process(pid))
    return found


def _tell(family: Iterable[psutil.Process], number: int) -> None:
    import psutil

    for each in family:
        with contextlib.suppress(psutil.Error):
            each.send_signal(number)


def _wait_for(process: subprocess.Popen[bytes], family: set[psutil.Process]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _alive(family) and time.monotonic() < deadline:
        process.poll()
        time.sleep(_LOOK_S)


def _alive(family: Iterable[psutil.Process]) -> set[psutil.Process]:
    """Return those that run: a dead one that its parent, or a slow init, has not yet reaped is none of them."""
    return {each for each in family if _runs(each)}


def _runs(process: psutil.Process) -> bool:
    import psutil

    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
