"""Every connection of the target by its peer: who it is with, since when it has been known, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from leakdoc.sampling.sockets.peers import KIND_OF_PORT, OUT, UNKNOWN_KIND, Group, incoming, is_local, peer_name
from leakdoc.sampling.sockets.tcp import LISTEN, TcpSocket

# A service talks to a handful of peers; a crawler to thousands, and its record would be all labels.
MOST_PEERS: Final = 64
OTHER: Final = "other"


class Servers(Protocol):
    """Tells what kind of server holds a listening socket."""

    def kind(self, inode: int) -> str | None:
        """Return the kind; null when it is not known."""


class Connection(NamedTuple):
    """One connection of the target at one reading.

    Args:
        age_s: since it was first seen, or since it was last used, whichever is longer ago.
        is_new: whether it was opened between the reading before and this one.
    """

    group: Group
    state: int
    idle_s: float | None
    age_s: float
    unanswered: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Acquaintance:
    group: Group
    first_seen_s: float


class Census:
    """Remembers the target's connections between readings."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._known: dict[bytes, _Acquaintance] | None = None
        self._last_present_s: dict[Group, float] = {}

    def take(self, every: Iterable[TcpSocket], held: frozenset[int], now_s: float) -> list[Connection]:
        """Return the target's connections.

        Args:
            every: all sockets of its network namespace.
            held: the inodes of its own.
            now_s: on the monotonic clock.
        """
        own, listening = _own_and_listening(every, held)
        before = self._known or {}
        known = {each.key: before[each.key] for each in own if each.key in before}
        self._last_present_s.update((each.group, now_s) for each in known.values())
        new = [each for each in own if each.key not in known]
        known.update((each.key, self._meet(each, listening, now_s)) for each in new)
        fresh = frozenset() if self._known is None else frozenset(each.key for each in new)
        self._known = known
        return [_connection(each, known[each.key], now_s, is_new=each.key in fresh) for each in own]

    def _meet(self, each: TcpSocket, listening: dict[int, int], now_s: float) -> _Acquaintance:
        group = self._group(each, listening, now_s)
        self._last_present_s[group] = now_s
        return _Acquaintance(group, now_s)

    def _group(self, each: TcpSocket, listening: dict[int, int], now_s: float) -> Group:
        group = self._name(each, listening)
        if group in self._last_present_s or len(self._last_present_s) < MOST_PEERS:
            return group
        longest_away = min(self._last_present_s, key=self._last_present_s.__getitem__)
        if self._last_present_s[longest_away] < now_s:
            del self._last_present_s[longest_away]
            return group
        return Group(group.direction, OTHER, OTHER)

    def _name(self, each: TcpSocket, listening: dict[int, int]) -> Group:
        """Name a connection for its peer; one that came in, for the port that it came in by."""
        if each.local_port in listening:
            return incoming(each.local_port)
        kind = KIND_OF_PORT.get(each.remote.port)
        if kind is None and each.remote.port in listening and is_local(each.local, each.remote):
            kind = self._servers.kind(listening[each.remote.port])
        return Group(OUT, peer_name(each.remote), kind or UNKNOWN_KIND)


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


def _connection(each: TcpSocket, known: _Acquaintance, now_s: float, *, is_new: bool) -> Connection:
    idle = each.idle_s
    age = max(now_s - known.first_seen_s, idle or 0.0)
    return Connection(known.group, each.state, idle, age, each.unanswered, is_new)
