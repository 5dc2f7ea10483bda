"""Connections counted into labelled columns: how many by peer and state, and how old and how idle they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.sockets.census import Connection
from leakdoc.sampling.sockets.meeting import MOST_PEERS
from leakdoc.sampling.sockets.peers import OUT, Group, incoming, peer_name
from leakdoc.sampling.sockets.tcp import ESTABLISHED, LEFT_BEHIND, LISTEN, STATES, TcpSocket

TOTAL: Final = Column("connections")
IDLE_METRICS: Final = ("connection_idle_max_s", "connection_idle_median_s", "connections_awaiting")
LOST_AFTER: Final = 4  # retransmissions: over three seconds without an answer; one or two are an ordinary loss
SILENT_S: Final = 10.0  # longer than nearly any request takes
RESTING_S: Final = 2.0  # longer than a connection rests that callers wait for


@dataclass(slots=True)
class Peer:
    """What is gathered of the connections to one peer in one reading."""

    states: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    resting: int = 0
    without_keepalive: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    ages_s: list[float] = field(default_factory=list)
    idle_s: list[float] = field(default_factory=list)
    awaiting_s: list[float] = field(default_factory=list)
    since_fin_s: list[float] = field(default_factory=list)
    new_idle_s: list[float] = field(default_factory=list)

    def add(self, each: Connection) -> None:
        self.states[each.state] += 1
        self.ages_s.append(each.age_s)
        if each.idle_s is not None:
            self.idle_s.append(each.idle_s)
            if each.awaiting_s is not None:
                self.awaiting_s.append(each.awaiting_s)
            elif each.idle_s >= RESTING_S:
                self.resting += 1
        if each.since_fin_s is not None:
            self.since_fin_s.append(each.since_fin_s)
        if each.keepalive is False:
            self.without_keepalive += 1
        if each.is_new:
            self.opened += 1
            if each.idle_s is not None:
                self.new_idle_s.append(each.idle_s)
        if each.unanswered or each.unsent or each.unread or each.is_severed:
            self._count(each)

    def _count(self, each: Connection) -> None:
        self.counts["unanswered"] += each.unanswered > 0
        self.counts["lost"] += each.is_severed or (each.unanswered >= LOST_AFTER and each.state == ESTABLISHED)
        self.counts["severed"] += each.is_severed
        self.counts["unsent_bytes"] += each.unsent
        self.counts["unread_bytes"] += each.unread


class Tally:
    """Counts connections into columns, and goes on to write the zero of a peer's states that have emptied."""

    def __init__(self) -> None:
        self._states: dict[Group, set[int]] = {}
        self._opened: Counter[Group] = Counter()
        self._closed: Counter[Group] = Counter()

    def columns(
        self, connections: Iterable[Connection], closed: Mapping[Group, int], peers: dict[Group, Peer] | None = None
    ) -> dict[Column, float]:
        """Return the columns of one reading, as `docs/files.md` lists them.

        Args:
            closed: connections that have gone since the reading before, by group.
            peers: what has been gathered already, of other connections.
        """
        peers = {} if peers is None else dict(peers)
        _gather(connections, peers)
        values = {TOTAL: float(sum(peer.states.total() for peer in peers.values()))}
        self._remember(peers)
        for group, states in self._states.items():
            peer = peers.get(group) or Peer()
            self._opened[group] += peer.opened
            self._closed[group] += closed.get(group, 0)
            values.update(_states(group, peer, states))
            values.update(_counts(group, peer, {"opened_total": self._opened, "closed_total": self._closed}))
            values.update(_seconds(group, peer))
        return values

    @property
    def groups(self) -> Iterable[Group]:
        """The peers that are written now."""
        return self._states.keys()

    def _remember(self, peers: dict[Group, Peer]) -> None:
        for group, peer in peers.items():
            states = self._states.pop(group, set())
            self._states[group] = states | set(peer.states)
        for group in [each for each in self._states if each not in peers]:
            if len(self._states) <= MOST_PEERS:
                break
            del self._states[group], self._opened[group], self._closed[group]


def waiting_columns(sockets: Iterable[TcpSocket], held: frozenset[int]) -> dict[Column, float]:
    """Return, for each port that the target listens on, the connections that wait for it to accept them."""
    waiting: Counter[int] = Counter()
    for each in sockets:
        if each.state == LISTEN and each.inode in held:
            waiting[each.local_port] += each.waiting
    return {Column.of("connections_waiting", **incoming(port).labels): float(count) for port, count in waiting.items()}


def abandoned_columns(sockets: Iterable[TcpSocket], groups: Iterable[Group]) -> dict[Column, float]:
    """Return, by peer, the connections that were closed here and that the peer does not close, held by no process.

    Others in the same network namespace may have left them.
    """
    left = Counter(peer_name(each.remote) for each in sockets if not each.inode and each.state in LEFT_BEHIND)
    return {
        Column.of("connections_abandoned", **each.labels): float(left[each.peer])
        for each in groups
        if each.direction == OUT and (left[each.peer] or not each.peer.startswith("unix:"))
    }


def _gather(connections: Iterable[Connection], peers: dict[Group, Peer]) -> None:
    for connection in connections:
        peer = peers.get(connection.group)
        if peer is None:
            peer = peers[connection.group] = Peer()
        peer.add(connection)


def _states(group: Group, peer: Peer, states: set[int]) -> dict[Column, float]:
    return {
        Column.of("connections", **group.labels, state=STATES.get(state, "UNKNOWN")): float(peer.states[state])
        for state in sorted(states)
    }


def _counts(group: Group, peer: Peer, totals: Mapping[str, Counter[Group]]) -> dict[Column, float]:
    """Return what is counted and summed; what only a few connections ever have is written where it is there."""
    labels = group.labels
    values = {Column.of("connections_unanswered", **labels): float(peer.counts["unanswered"])}
    values |= {Column.of(f"connections_{name}", **labels): float(total[group]) for name, total in totals.items()}
    if peer.idle_s:
        values[Column.of("connections_awaiting", **labels)] = float(len(peer.awaiting_s))
        values[Column.of("connections_resting", **labels)] = float(peer.resting)
        values[Column.of("connections_silent", **labels)] = float(sum(map(SILENT_S.__le__, peer.idle_s)))
    if peer.without_keepalive:
        values[Column.of("connections_without_keepalive", **labels)] = float(peer.without_keepalive)
    for name in ("lost", "severed", "unsent_bytes", "unread_bytes"):
        if peer.counts[name]:
            values[Column.of(f"connections_{name}", **labels)] = float(peer.counts[name])
    return values


def _seconds(group: Group, peer: Peer) -> dict[Column, float]:
    """Return ages; none where there is no connection to have one."""
    values = {}
    labels = group.labels
    for name, ages in (
        ("oldest", peer.ages_s),
        ("idle_max", peer.idle_s),
        ("awaiting_max", peer.awaiting_s),
        ("since_fin_max", peer.since_fin_s),
    ):
        if ages:
            values[Column.of(f"connection_{name}_s", **labels)] = max(ages)
    if peer.idle_s:
        values[Column.of("connection_idle_min_s", **labels)] = min(peer.idle_s)
    if peer.new_idle_s:
        values[Column.of("connection_new_idle_s", **labels)] = math.fsum(peer.new_idle_s) / len(peer.new_idle_s)
    for name, ages in (("idle_median", peer.idle_s), ("since_fin_median", peer.since_fin_s)):
        if ages:
            values[Column.of(f"connection_{name}_s", **labels)] = _median(ages)
    return values


def _median(values: list[float]) -> float:
    """Return the middle value, the upper of two (the module `statistics` takes 7 ms to import)."""
    return sorted(values)[len(values) // 2]
