"""Connections counted into labelled columns: how many by peer and state, and how old and how idle they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.sockets.census import MOST_PEERS, Connection
from leakdoc.sampling.sockets.peers import Group, incoming
from leakdoc.sampling.sockets.tcp import LISTEN, STATES, TcpSocket

TOTAL: Final = Column("connections")
IDLE_METRICS: Final = ("connection_idle_max_s", "connection_idle_median_s")


@dataclass(slots=True)
class _Peer:
    """What is gathered of the connections to one peer in one reading."""

    states: Counter[int] = field(default_factory=Counter)
    ages_s: list[float] = field(default_factory=list)
    idle_s: list[float] = field(default_factory=list)
    unanswered: int = 0
    opened: int = 0

    def add(self, connection: Connection) -> None:
        self.states[connection.state] += 1
        self.ages_s.append(connection.age_s)
        if connection.idle_s is not None:
            self.idle_s.append(connection.idle_s)
        self.unanswered += connection.unanswered > 0
        self.opened += connection.is_new


class Tally:
    """Counts connections into columns, and goes on to write the zero of a peer's states that have emptied."""

    def __init__(self) -> None:
        self._states: dict[Group, set[int]] = {}
        self._opened: Counter[Group] = Counter()

    def columns(self, connections: Iterable[Connection]) -> dict[Column, float]:
        """Return the columns of one reading.

        ``connections`` (total), ``connections{direction,peer,peer_kind,state}``,
        ``connections_unanswered{…}`` (whose peer does not answer a transmission or a probe),
        ``connections_opened_total{…}`` (seen to be opened since the first reading: at least so many),
        and in seconds ``connection_oldest_s{…}``, ``connection_idle_max_s{…}``, ``connection_idle_median_s{…}``.
        """
        peers = _by_peer(connections)
        values = {TOTAL: float(sum(peer.states.total() for peer in peers.values()))}
        self._remember(peers)
        for group, states in self._states.items():
            peer = peers.get(group) or _Peer()
            self._opened[group] += peer.opened
            values.update(_counts(group, peer, states, self._opened[group]))
            values.update(_seconds(group, peer))
        return values

    def _remember(self, peers: dict[Group, _Peer]) -> None:
        for group, peer in peers.items():
            states = self._states.pop(group, set())
            self._states[group] = states | set(peer.states)
        for group in [each for each in self._states if each not in peers]:
            if len(self._states) <= MOST_PEERS:
                break
            del self._states[group], self._opened[group]


def waiting_columns(sockets: Iterable[TcpSocket], held: frozenset[int]) -> dict[Column, float]:
    """Return, for each port that the target listens on, the connections that wait for it to accept them."""
    waiting: Counter[int] = Counter()
    for each in sockets:
        if each.state == LISTEN and each.inode in held:
            waiting[each.local_port] += each.waiting
    return {Column.of("connections_waiting", **incoming(port).labels): float(count) for port, count in waiting.items()}


def _by_peer(connections: Iterable[Connection]) -> dict[Group, _Peer]:
    peers: dict[Group, _Peer] = {}
    for connection in connections:
        peer = peers.get(connection.group)
        if peer is None:
            peer = peers[connection.group] = _Peer()
        peer.add(connection)
    return peers


def _counts(group: Group, peer: _Peer, states: set[int], opened: int) -> dict[Column, float]:
    labels = group.labels
    values = {
        Column.of("connections", **labels, state=STATES.get(state, "UNKNOWN")): float(peer.states[state])
        for state in sorted(states)
    }
    values[Column.of("connections_unanswered", **labels)] = float(peer.unanswered)
    values[Column.of("connections_opened_total", **labels)] = float(opened)
    return values


def _seconds(group: Group, peer: _Peer) -> dict[Column, float]:
    """Return ages; none where there is no connection to have one."""
    values = {}
    if peer.ages_s:
        values[Column.of("connection_oldest_s", **group.labels)] = max(peer.ages_s)
    if peer.idle_s:
        values[Column.of("connection_idle_max_s", **group.labels)] = max(peer.idle_s)
        values[Column.of("connection_idle_median_s", **group.labels)] = _median(peer.idle_s)
    return values


def _median(values: list[float]) -> float:
    """Return the middle value, the upper of two (the module `statistics` takes 7 ms to import)."""
    return sorted(values)[len(values) // 2]
