"""A trace's connections, added up by peer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace
from leakdoc.reporting.report_words import NOT_KNOWN
from leakdoc.units import format_duration

MOST_PEERS: Final = 20  # rows of a table that is still read; the ones with most connections come first


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The connections to, or from, one peer.

    Args:
        states: how many in which state at the end, over all processes that lived then.
        most: the most at once, in one process.
        idle_max_s: the longest that one has carried no data, at the end; null when not read.
    """

    name: str
    kind: str
    direction: str
    states: dict[str, int]
    most: int
    idle_max_s: float | None

    @property
    def count(self) -> int:
        """How many there are at the end."""
        return sum(self.states.values())

    @property
    def key(self) -> tuple[str, str]:
        """What the peer is told from others by."""
        return self.name, self.direction


def peers_of(trace: Trace) -> tuple[Peer, ...]:
    """Return a trace's peers, those with most connections first."""
    groups: dict[tuple[str, str], dict[Column, FloatArray]] = {}
    for column, values in trace.labelled("connections"):
        key = column.label("peer") or "", column.label("direction") or "out"
        if key[0]:
            groups.setdefault(key, {})[column] = trace.connections_summed([values])
    found = (_peer(trace, *key, columns) for key, columns in groups.items())
    return tuple(sorted(found, key=lambda peer: (-peer.count, -peer.most, peer.key)))


def peer_total(trace: Trace, name: str) -> FloatArray | None:
    """Return the connections to one peer over time, shape (n,); null when no connections were read at all."""
    columns = [
        values
        for column, values in trace.labelled("connections")
        if column.label("peer") == name and column.label("direction") != "in"
    ]
    if not columns and trace.column("connections") is None:
        return None
    return trace.connections_summed(columns or [np.full(len(trace), np.nan)])


def _peer(trace: Trace, name: str, direction: str, columns: dict[Column, FloatArray]) -> Peer:
    states: dict[str, int] = {}
    for column, values in columns.items():
        now = int(sum(_last(values[life.rows]) or 0.0 for life in _alive(trace)))
        state = column.label("state") or "any state"
        states[state] = states.get(state, 0) + now
    kinds = sorted({column.label("peer_kind") or "" for column in columns} - {"", "tcp"})
    return Peer(
        name=name,
        kind=kinds[0] if kinds else "",
        direction=direction,
        states={state: count for state, count in sorted(states.items()) if count},
        most=int(np.nanmax(trace.connections_summed(columns.values()), initial=0.0)),
        idle_max_s=max(_idle(trace, name, direction), default=None),
    )


def _idle(trace: Trace, name: str, direction: str) -> Iterator[float]:
    for column, values in trace.labelled("connection_idle_max_s"):
        if column.label("peer") == name and (column.label("direction") or "out") == direction:
            yield from (last for life in _alive(trace) if (last := _last(values[life.rows])) is not None)


def _alive(trace: Trace) -> list[Life]:
    """Return the lives that had not ended when the newest one began."""
    newest = max((float(trace.times[life.first]) for life in trace.lives), default=0.0)
    return [life for life in trace.lives if float(trace.times[life.stop - 1]) >= newest]


def _last(values: FloatArray) -> float | None:
    present = np.flatnonzero(~np.isnan(values))
    return float(values[present[-1]]) if len(present) else None


PEER_HEADERS: Final = ("Peer", "At the end", "In which states", "Most at once", "Longest idle")
PAIR_HEADERS: Final = ("Peer", "Before, at the end", "After, at the end", "Before, most at once", "After, most at once")


def peer_rows(trace: Trace) -> list[tuple[str, ...]]:
    """Return the cells of `PEER_HEADERS`, a row for each of the peers with most connections."""
    peers = peers_of(trace)
    rows: list[tuple[str, ...]] = [
        (
            _title(peer),
            f"{peer.count:,}",
            ", ".join(f"{count:,} {state}" for state, count in peer.states.items()) or "none",
            f"{peer.most:,}",
            NOT_KNOWN if peer.idle_max_s is None else format_duration(peer.idle_max_s),
        )
        for peer in peers[:MOST_PEERS]
    ]
    return rows + _left_out(len(peers), len(PEER_HEADERS))


def pair_rows(before: Trace, after: Trace) -> list[tuple[str, ...]]:
    """Return the cells of `PAIR_HEADERS`: each peer of either side; a side that did not see one says so."""
    old, new = ({peer.key: peer for peer in peers_of(trace)} for trace in (before, after))
    every = old | new
    ranked = sorted(every, key=lambda key: -max(side[key].most for side in (old, new) if key in side))
    absent = ["0" if trace.column("connections") is not None else "not seen" for trace in (before, after)]
    rows = [_pair_row(_title(every[key]), (old.get(key), new.get(key)), absent) for key in ranked[:MOST_PEERS]]
    return rows + _left_out(len(ranked), len(PAIR_HEADERS))


def _pair_row(title: str, sides: tuple[Peer | None, Peer | None], absent: Sequence[str]) -> tuple[str, ...]:
    both = list(zip(sides, absent, strict=True))
    at_the_end = (none if side is None else f"{side.count:,}" for side, none in both)
    at_most = (none if side is None else f"{side.most:,}" for side, none in both)
    return title, *at_the_end, *at_most


def _left_out(peers: int, cells: int) -> list[tuple[str, ...]]:
    """Return a row that says how many peers the table leaves out; none when it leaves out none."""
    more = peers - MOST_PEERS
    return [(f"and {more:,} more with fewer connections", *[""] * (cells - 1))] if more > 0 else []


def _title(peer: Peer) -> str:
    words = ("from" if peer.direction == "in" else "to", peer.kind, peer.name)
    return " ".join(word for word in words if word)
