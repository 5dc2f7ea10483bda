"""What keeps connections open: the way from a root to each object that holds one, asked of an agent inside.

Of the agent that the target has; where it has none, of one that is sent for the while.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from leakdoc.attach.alone import alone
from leakdoc.attach.injection import await_end, is_sent, sent_agent
from leakdoc.attribution.hops import hops_of
from leakdoc.errors import AgentError, AttachRefused, NoAgent
from leakdoc.model.finding import Json
from leakdoc.model.heap import Hop
from leakdoc.model.peer import Kept
from leakdoc.redact import inert
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.peers import OUT, Group

BUDGET_MS: Final = 250.0  # of the target's processor time
PATIENCE_S: Final = 30.0
SENT: Final = "an agent that was sent for the while"
THERE: Final = "its agent"


def connection_keepers(
    pid: int,
    group_of: Callable[[int], Group | None],
    *,
    accept_oom_risk: bool = False,
    stop: threading.Event | None = None,
) -> Kept:
    """Ask what keeps the connections of a process; where that cannot be asked, the reason is told.

    Args:
        group_of: tells whom a socket is with, by its inode.
        accept_oom_risk: send an agent even where the room under the target's memory limit is small or unknown.

    Raises:
        TargetGone: it ended meanwhile.
    """
    clock, stop = SystemClock(), stop or threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            agent, asked = _agent(stack, pid, clock, stop, accept_oom_risk=accept_oom_risk)
            told = agent.ask("connection_objects", budget_ms=BUDGET_MS, patience_s=PATIENCE_S)
    except (AttachRefused, AgentError) as refused:
        return Kept(asked=None, reason=". ".join(filter(None, [refused.message, refused.help])))
    except OSError as error:
        return Kept(asked=None, reason=inert(str(error), longest=200))
    kept = tuple(_by_peer(told, group_of))
    reason = "only a part of its objects was looked at" if told.get("cut") else None
    return Kept(asked=asked, by=kept, reason=reason)


def _agent(
    stack: contextlib.ExitStack, pid: int, clock: Clock, stop: threading.Event, *, accept_oom_risk: bool
) -> tuple[AgentSocket, str]:
    stack.enter_context(alone(pid))
    with contextlib.suppress(NoAgent):
        address = find_agent(pid)
        if not is_sent(address):
            return stack.enter_context(AgentSocket(pid, address, patience_s=PATIENCE_S)), THERE
        await_end(pid, address, clock, stop)
    directory = ProcessDirectory(pid)
    return stack.enter_context(sent_agent(directory, clock, stop, accept_oom_risk=accept_oom_risk)), SENT


def _by_peer(told: Mapping[str, Any], group_of: Callable[[int], Group | None]) -> Iterator[dict[str, Json]]:
    for way in told.get("kept") or ():
        groups = Counter(group for inode in way["inodes"] if (group := group_of(inode)) is not None)
        for group, count in groups.most_common():
            if group.direction == OUT:
                path: list[Json] = [_hop(hop) for hop in hops_of(way["path"])]
                yield {"peer": inert(group.peer), "peer_kind": inert(group.peer_kind), "count": count, "path": path}


def _hop(hop: Hop) -> dict[str, Json]:
    return {"name": hop.name, "status": str(hop.status), "reason": hop.reason}
