"""The target's Unix connections by peer: ``unix:/run/postgresql/.s.PGSQL.5432``, told by the inodes of both ends."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable
from typing import Final

from leakdoc.sampling.sockets.census import Connection
from leakdoc.sampling.sockets.peers import IN, OUT, Group
from leakdoc.sampling.sockets.tcp import CLOSE_WAIT, ESTABLISHED
from leakdoc.sampling.sockets.unix_diag import UnixSocket

UNIX_KIND: Final = "unix"
OURS: Final = "leakdoc"
_CONNECTED: Final = (int(socket.SOCK_STREAM), int(socket.SOCK_SEQPACKET))
# What is in the name of a server's socket, by the servers' own defaults.
KIND_OF_NAME: Final = (
    (".s.PGSQL.", "postgres"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("redis", "redis"),
    ("valkey", "redis"),
    ("memcached", "memcached"),
    ("mongodb", "mongodb"),
    ("docker.sock", "docker"),
)


class UnixCensus:
    """Remembers the target's Unix connections between readings.

    Pairs of ends without a name, as `socketpair` makes them, are no connections to a peer.
    """

    def __init__(self) -> None:
        self._first_seen_s: dict[int, float] | None = None
        self._ended_s: dict[int, float] = {}
        self._groups: dict[int, Group] = {}
        self.closed: Counter[Group] = Counter()
        self.group_of_inode: dict[int, Group] = {}

    def take(self, every: Iterable[UnixSocket], held: frozenset[int], now_s: float) -> list[Connection]:
        """Return the target's Unix connections; everything is as in `Census.take`."""
        by_inode = {each.inode: each for each in every}
        is_first, before, groups = self._first_seen_s is None, self._first_seen_s or {}, self._groups
        self._first_seen_s, self._groups = {}, {}
        found = []
        for inode in held & by_inode.keys():
            each = by_inode[inode]
            group = groups.get(inode) or _group(each, by_inode)
            if group is None or each.kind not in _CONNECTED or each.state != ESTABLISHED:
                continue
            first = before.get(inode, now_s)
            self._first_seen_s[inode], self._groups[inode] = first, group
            found.append(self._connection(each, group, now_s, first, is_new=not is_first and inode not in before))
        self.closed = Counter(group for inode, group in groups.items() if inode not in self._groups)
        self.group_of_inode = self._groups
        self._ended_s = {inode: at for inode, at in self._ended_s.items() if inode in self._groups}
        return found

    def _connection(self, each: UnixSocket, group: Group, now_s: float, first: float, *, is_new: bool) -> Connection:
        ended = self._ended_s.setdefault(each.inode, now_s) if each.is_ended else None
        return Connection(
            group=group,
            state=ESTABLISHED if ended is None else CLOSE_WAIT,
            age_s=now_s - first,
            is_new=is_new,
            since_fin_s=None if ended is None else now_s - ended,
            unread=each.waiting,
        )


def _group(each: UnixSocket, by_inode: dict[int, UnixSocket]) -> Group | None:
    """Name a connection for the server's socket, whichever end we are; null where neither end has a name."""
    if OURS in each.name:
        return None  # it is we who ask its agent
    if each.name:
        return Group(IN, f"unix:{each.name}", _kind(each.name))
    peer = by_inode.get(each.peer)
    return Group(OUT, f"unix:{peer.name}", _kind(peer.name)) if peer is not None and peer.name else None


def _kind(name: str) -> str:
    return next((kind for part, kind in KIND_OF_NAME if part in name), UNIX_KIND)
