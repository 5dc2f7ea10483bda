"""One look at the TCP sockets of a target: what the probe wants to know, found socket by socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from leakdoc.sampling.sockets.census import Census, Connection
from leakdoc.sampling.sockets.ownership import HeldInodes
from leakdoc.sampling.sockets.peers import OUT, Group
from leakdoc.sampling.sockets.tally import Peer
from leakdoc.sampling.sockets.tcp import LEFT_BEHIND, LISTEN, SocketTable, TcpSocket


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has seen.

    Args:
        held: inodes, of which the target's own sockets are all those that it holds.
        others: the sockets that listen, and those that no process holds any more.
        connections: the target's, where they were looked at one by one.
        peers: what was gathered of them, where they were not.
        strangers: what others hold; of very many those alone that came since the look before.
        closed: the target's that have gone since the look before, by group.
    """

    held: frozenset[int]
    others: list[TcpSocket]
    closed: Counter[Group]
    connections: list[Connection] = field(default_factory=list)
    peers: dict[Group, Peer] = field(default_factory=dict)
    strangers: list[TcpSocket] | None = None


class Looking(Protocol):
    """Looks at the TCP sockets of a target, again and again."""

    def look(self, held: HeldInodes, unix: frozenset[int], now_s: float) -> Seen:
        """Return what is there; `unix` are the inodes of other sockets that it may hold.

        Raises:
            OSError, UnexpectedText: the table cannot be read, or the target's descriptors.
        """

    def group_of_inode(self) -> Mapping[int, Group]:
        """Return whom each connection was with at the last look."""

    def group_of_port(self) -> Mapping[int, Group]:
        """Return whom each that the target opened was with at the last look, by its local port."""

    def silent(self, longer_than_s: float) -> list[Connection]:
        """Return what the target opened, and what had carried nothing for so long, at the last look."""


class OneByOne:
    """The usual way. `count` is that of the sockets at the last look."""

    def __init__(self, table: SocketTable, census: Census) -> None:
        self._table = table
        self.census = census
        self.count = 0
        self._connections: list[Connection] = []

    def look(self, held: HeldInodes, unix: frozenset[int], now_s: float) -> Seen:
        """As `Looking.look`."""
        sockets = self._table.read()
        self.count = len(sockets)
        own = held.among({each.inode for each in sockets if each.inode} | unix, now_s)
        self._connections = self.census.take(sockets, own, now_s)
        others = [each for each in sockets if each.state == LISTEN or is_left_behind(each)]
        strangers = [each for each in sockets if each.inode and each.inode not in own and each.state != LISTEN]
        return Seen(own, others, self.census.closed, connections=self._connections, strangers=strangers)

    def group_of_inode(self) -> Mapping[int, Group]:
        """As `Looking.group_of_inode`."""
        return self.census.group_of_inode

    def group_of_port(self) -> Mapping[int, Group]:
        """As `Looking.group_of_port`."""
        return self.census.group_of_port

    def silent(self, longer_than_s: float) -> list[Connection]:
        """As `Looking.silent`."""
        return silent_of(self._connections, longer_than_s)


def is_left_behind(each: TcpSocket) -> bool:
    """Say whether it was closed here, while its peer has not, and no process holds it."""
    return not each.inode and each.state in LEFT_BEHIND


def silent_of(connections: list[Connection], longer_than_s: float) -> list[Connection]:
    """Return those that the target opened, and that have carried nothing for so long."""
    return [
        each
        for each in connections
        if each.group.direction == OUT and each.idle_s is not None and each.idle_s >= longer_than_s
    ]
