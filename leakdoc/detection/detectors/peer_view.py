"""One peer's connections as a trace has them: columns put together over states and kinds, zero where none was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from leakdoc.model.finding import Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace
from leakdoc.redact import inert

OPENED_AT = "connections_opened_at"
MOST_PLACES = 5
OTHER = "other"  # the peers beyond those that a recording names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeerView:
    """The columns of one peer.

    Args:
        name: ``10.0.0.5:5432``, or of connections that came in the port ``:8080``; foreign text.
        kind: what it is likely to be; null when unknown.
        columns: every column that names this peer in this direction.
    """

    trace: Trace
    name: str
    direction: str
    kind: str | None
    columns: Mapping[Column, FloatArray]

    @property
    def title(self) -> str:
        """The peer as a person names it: ``postgres 10.0.0.5:5432``."""
        return f"{self.kind or ''} {inert(self.name)}".strip()

    def states(self) -> dict[str, FloatArray]:
        """Return the connections by state over time, each of shape (n,)."""
        found: dict[str, list[FloatArray]] = {}
        for column, values in self.columns.items():
            if column.metric == "connections":
                found.setdefault(column.label("state") or "unknown", []).append(values)
        return {state: self.trace.connections_summed(parts) for state, parts in sorted(found.items())}

    def count(self, *, without: Iterable[str] = ()) -> FloatArray:
        """Return the connections over time, those in some states left out, shape (n,)."""
        left_out = set(without)
        parts = [values for state, values in self.states().items() if state not in left_out]
        return self.trace.connections_summed(parts or [np.full(len(self.trace), np.nan)])

    def state(self, name: str) -> FloatArray:
        """Return the connections in one state over time, shape (n,)."""
        return self.trace.connections_summed([self.states().get(name, np.full(len(self.trace), np.nan))])

    def counted(self, metric: str) -> FloatArray:
        """Return a count over time, zero where sockets were read and this was not there, shape (n,)."""
        parts = [values for column, values in self.columns.items() if column.metric == metric]
        return self.trace.connections_summed(parts or [np.full(len(self.trace), np.nan)])

    def age(self, metric: str) -> FloatArray:
        """Return the largest of an age over time, NaN where there is none, shape (n,)."""
        parts = [values for column, values in self.columns.items() if column.metric == metric]
        return np.fmax.reduce(parts) if parts else np.full(len(self.trace), np.nan)

    def was_read(self, metric: str) -> bool:
        """Say whether a metric was ever read of this peer."""
        return any(column.metric == metric and np.isfinite(values).any() for column, values in self.columns.items())

    def opened_at(self) -> list[Json]:
        """Return the places that opened what is open now, the most frequent first; empty where nobody noted them."""
        return places(self.columns, self.trace, OPENED_AT)

    def evidence(self) -> dict[str, Json]:
        """Return what stood at the end, over all processes that lived then."""
        states = {state: total_now(self.trace, values) for state, values in self.states().items()}
        return {
            "peer": inert(self.name),
            "peer_kind": self.kind,
            "direction": self.direction,
            "states": {state: int(count) for state, count in states.items() if count},
            "count": int(sum(count or 0.0 for count in states.values())),
            "oldest_s": largest_now(self.trace, self.age("connection_oldest_s")),
            "idle_max_s": largest_now(self.trace, self.age("connection_idle_max_s")),
            "opened_at": self.opened_at(),
        }


def peers(trace: Trace, direction: str) -> Iterator[PeerView]:
    """Yield the peers of one direction (``out`` or ``in``) in a fixed order; what no direction names is ``out``."""
    groups: dict[str, dict[Column, FloatArray]] = {}
    for column, values in trace.columns.items():
        name = column.label("peer")
        if name and (column.label("direction") or "out") == direction:
            groups.setdefault(name, {})[column] = values
    for name, columns in sorted(groups.items()):
        if any(column.metric == "connections" for column in columns):
            yield PeerView(trace=trace, name=name, direction=direction, kind=_kind(columns), columns=columns)


def _kind(columns: Iterable[Column]) -> str | None:
    kinds = {column.label("peer_kind") for column in columns} - {None, "", "tcp", "unix", OTHER}
    return min((kind for kind in kinds if kind), default=None)


def places(columns: Mapping[Column, FloatArray], trace: Trace, metric: str) -> list[Json]:
    """Return the places in the code that a metric counts at the end, the most frequent first."""
    found: list[tuple[float, Json]] = []
    for column, values in columns.items():
        count = total_now(trace, values) if column.metric == metric else None
        if count:
            found.append((count, _place(column, count)))
    return [place for _, place in sorted(found, key=lambda each: (-each[0], str(each[1])))[:MOST_PLACES]]


def _place(column: Column, count: float) -> Json:
    line = column.label("line") or ""
    return {
        "file": inert(column.label("file") or ""),
        "line": int(line) if line.isdigit() else None,
        "function": inert(column.label("function") or ""),
        "count": int(count),
    }


def alive(trace: Trace) -> list[Life]:
    """Return the lives that had not ended when the newest began."""
    newest = max((float(trace.times[life.first]) for life in trace.lives), default=0.0)
    return [life for life in trace.lives if float(trace.times[life.stop - 1]) >= newest]


def latest(trace: Trace, values: FloatArray) -> list[float]:
    """Return the last reading of each life that is alive."""
    found = []
    for life in alive(trace):
        read = values[life.rows][np.isfinite(values[life.rows])]
        if len(read):
            found.append(float(read[-1]))
    return found


def total_now(trace: Trace, values: FloatArray) -> float | None:
    """Return the last readings of all living processes added up; null where nothing was read."""
    found = latest(trace, values)
    return sum(found) if found else None


def largest_now(trace: Trace, values: FloatArray) -> float | None:
    """Return the largest of the last readings of all living processes; null where nothing was read."""
    return max(latest(trace, values), default=None)


def held_for_s(trace: Trace, holds: FloatArray) -> float:
    """Return for how long something has held without a break up to the end, in the process where it has longest.

    Args:
        holds: shape (n,): 1 where it holds, 0 where it does not, NaN where that was not read.

    Returns:
        Seconds; 0 where it does not hold at the end.
    """
    return max((_held(trace.times[life.rows], holds[life.rows]) for life in alive(trace)), default=0.0)


def _held(times: FloatArray, holds: FloatArray) -> float:
    read = np.isfinite(holds)
    times, broken = times[read], np.flatnonzero(~(holds[read] > 0))
    if not len(times) or (len(broken) and broken[-1] == len(times) - 1):
        return 0.0
    first = int(broken[-1]) + 1 if len(broken) else 0
    return float(times[-1] - times[first])


def flag(values: FloatArray, holds: object) -> FloatArray:
    """Return a condition as `held_for_s` takes it: NaN where the values are."""
    return np.where(np.isnan(values), np.nan, np.asarray(holds, dtype=np.float64))


def rose(trace: Trace, values: FloatArray, since_s: float) -> float:
    """Return by how much something has risen within the last seconds, in the process where it has most."""
    found = []
    for life in alive(trace):
        times, read = trace.times[life.rows], np.isfinite(values[life.rows])
        if read.any():
            times, kept = times[read], values[life.rows][read]
            first = int(np.searchsorted(times, times[-1] - since_s))
            found.append(float(kept[-1] - kept[first]))
    return max(found, default=0.0)
