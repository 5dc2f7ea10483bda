"""Every connection of the target by its peer: who it is with, since when it has been known, and how it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from leakdoc.sampling.sockets.meeting import Acquaintance, Meeting, Servers
from leakdoc.sampling.sockets.peers import IN, OUT, Group
from leakdoc.sampling.sockets.tcp import (
    CLOSE_WAIT,
    ESTABLISHED,
    KEEPALIVE_TIMER,
    LISTEN,
    NO_TIMER,
    SYN_SENT,
    TcpSocket,
)

_AT_REST: Final = (NO_TIMER, KEEPALIVE_TIMER)


class Connection(NamedTuple):
    """One connection of the target at one reading.

    Args:
        age_s: since it was first seen, or since it was last used, whichever is longer ago.
        is_new: whether it was opened between the reading before and this one.
        idle_s: since data last went either way; null where the kernel does not tell.
        unanswered: transmissions or probes in a row that the peer let go without an answer.
        since_fin_s: since the peer closed, where it has and we have not; null where unknown.
        awaiting_s: for how long one side has not answered what the other sent last; null where nothing is open. Of a
            connection that we opened it is the peer who has to answer, and has where there is something unread; of one
            that came in, we.
        unsent: bytes that the peer has not acknowledged.
        unread: bytes that came and were not read.
        keepalive: whether it is on; null where another timer hides it.
        is_severed: whether the other end was on this machine and is there no more.
    """

    group: Group
    state: int
    age_s: float
    is_new: bool = False
    idle_s: float | None = None
    unanswered: int = 0
    since_fin_s: float | None = None
    awaiting_s: float | None = None
    unsent: int = 0
    unread: int = 0
    keepalive: bool | None = None
    is_severed: bool = False


class Census:
    """Remembers the target's connections between readings."""

    def __init__(self, servers: Servers) -> None:
        self.meeting = Meeting(servers)
        self.known: dict[bytes, Acquaintance] | None = None
        self.closed: Counter[Group] = Counter()
        self.group_of_inode: dict[int, Group] = {}
        self.group_of_port: dict[int, Group] = {}

    def take(self, every: Sequence[TcpSocket], held: frozenset[int], now_s: float) -> list[Connection]:
        """Return the target's connections.

        `closed` counts those that have gone since the reading before, by group; `group_of_inode` and
        `group_of_port` (of what the target opened, by the local port) tell whom a socket is with.

        Args:
            every: all sockets of its network namespace.
            held: the inodes of its own.
            now_s: on the monotonic clock.
        """
        own, listening = _own_and_listening(every, held)
        before = self.known or {}
        known = {each.key: before[each.key] for each in own if each.key in before}
        self.closed = Counter(each.group for key, each in before.items() if key not in known)
        self.meeting.are_present((each.group for each in known.values()), now_s)
        new = [each for each in own if each.key not in known]
        known.update((each.key, self.meeting.meet(each, listening, now_s)) for each in new)
        fresh = frozenset() if self.known is None else frozenset(each.key for each in new)
        self.known = known
        self.group_of_inode = {each.inode: known[each.key].group for each in own}
        self.group_of_port = {
            each.local_port: group for each in own if (group := known[each.key].group).direction == OUT
        }
        severed = _severed(own, every, known)
        return [connection_of(each, known[each.key], now_s, each.key in fresh, each.key in severed) for each in own]


def _own_and_listening(every: Iterable[TcpSocket], held: frozenset[int]) -> tuple[list[TcpSocket], dict[int, int]]:
    """Return the target's connections, and the ports of the whole namespace that are listened on, with an inode."""
    own: list[TcpSocket] = []
    listening: dict[int, int] = {}
    for each in every:
        if each.state == LISTEN:
            listening[each.local_port] = each.inode
        elif each.inode in held:
            own.append(each)
    return own, listening


def _severed(
    own: Iterable[TcpSocket], every: Iterable[TcpSocket], known: Mapping[bytes, Acquaintance]
) -> frozenset[bytes]:
    """Return the keys of established connections whose other end was on this machine, and is there no more.

    A dump is no snapshot: an end that is missing once may only just have gone, so it must be missing twice. It must
    have been seen, or be one that cannot have been translated to another address. Where callers queue to be accepted,
    an end may not be there yet. Ends are told by their ports alone, which may hide one that is severed and never makes
    one up.
    """
    local = [(each.key, near) for each in own if each.state == ESTABLISHED and (near := known[each.key]).is_local]
    if not local:
        return frozenset()
    ends = {each.key[:4] for each in every}
    queueing = {each.key[:2] for each in every if each.state == LISTEN and each.waiting}
    severed = []
    for key, near in local:
        is_there = key[2:4] + key[:2] in ends or key[2:4] in queueing
        if not is_there and near.other_end is False:
            severed.append(key)
        if is_there or near.is_loopback or near.other_end is not None:
            near.other_end = is_there
    return frozenset(severed)


def connection_of(each: TcpSocket, known: Acquaintance, now_s: float, is_new: bool, is_severed: bool) -> Connection:
    """Return how a connection stands, by its socket and what is known of it."""
    last, state, timer = each.last, each.state, each.timer
    idle = since_fin = awaiting = None
    age = now_s - known.first_seen_s
    if last is not None and state != SYN_SENT:  # whose times count from the boot of the machine
        idle = last.idle_s
        age = max(age, idle)
        if state == ESTABLISHED:
            awaiting = last.unserved_s if known.group.direction == IN else None if each.waiting else last.unanswered_s
        elif state == CLOSE_WAIT:
            since_fin = last.since_fin_s
    keepalive = timer == KEEPALIVE_TIMER if state == ESTABLISHED and timer in _AT_REST else None
    return Connection(
        known.group, state, age, is_new, idle, each.unanswered, since_fin, awaiting,
        each.unsent, each.waiting, keepalive, is_severed,
    )  # fmt: skip
