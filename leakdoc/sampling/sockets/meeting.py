"""A connection that is seen for the first time: who it is with, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from leakdoc.sampling.sockets.peers import (
    KIND_OF_PORT,
    OUT,
    UNKNOWN_KIND,
    Group,
    incoming,
    is_local,
    peer_name,
    stays_here,
)
from leakdoc.sampling.sockets.tcp import TcpSocket

# A service talks to a handful of peers; a crawler to thousands, and its record would be all labels.
MOST_PEERS: Final = 64
OTHER: Final = "other"


class Servers(Protocol):
    """Tells what kind of server holds a listening socket."""

    def kind(self, inode: int) -> str | None:
        """Return the kind; null when it is not known."""


@dataclass(slots=True)
class Acquaintance:
    """A connection that is known; `other_end` is how it was last seen on this machine: null for never."""

    group: Group
    first_seen_s: float
    is_local: bool
    is_loopback: bool
    other_end: bool | None = None


class Meeting:
    """Names connections for their peers, of which there are `MOST_PEERS` at a time."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._last_present_s: dict[Group, float] = {}

    def are_present(self, groups: Iterable[Group], now_s: float) -> None:
        """Remember that these are there: of those that are not, the longest away makes room for another."""
        self._last_present_s.update((each, now_s) for each in groups)

    def meet(self, each: TcpSocket, listening: Mapping[int, int], now_s: float) -> Acquaintance:
        """Return what is to be known of a new connection.

        Args:
            each: its socket.
            listening: the ports of the whole namespace that are listened on, with an inode.
            now_s: on the monotonic clock.
        """
        group = self._group(each, listening, now_s)
        self._last_present_s[group] = now_s
        return Acquaintance(group, now_s, is_local(each.local, each.remote), stays_here(each.remote))

    def _group(self, each: TcpSocket, listening: Mapping[int, int], now_s: float) -> Group:
        group = self._name(each, listening)
        if group in self._last_present_s or len(self._last_present_s) < MOST_PEERS:
            return group
        longest_away = min(self._last_present_s, key=self._last_present_s.__getitem__)
        if self._last_present_s[longest_away] < now_s:
            del self._last_present_s[longest_away]
            return group
        return Group(group.direction, OTHER, OTHER)

    def _name(self, each: TcpSocket, listening: Mapping[int, int]) -> Group:
        """Name a connection for its peer; one that came in, for the port that it came in by."""
        if each.local_port in listening:
            return incoming(each.local_port)
        kind = KIND_OF_PORT.get(each.remote.port)
        if kind is None and each.remote.port in listening and is_local(each.local, each.remote):
            kind = self._servers.kind(listening[each.remote.port])
        return Group(OUT, peer_name(each.remote), kind or UNKNOWN_KIND)
