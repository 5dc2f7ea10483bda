"""What pools say of themselves, where an agent asks them: size, in use, waiting; and the arithmetic that follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leakdoc.detection.detectors.peer_view import alive, flag, held_for_s, largest_now, total_now
from leakdoc.model.finding import Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert
from leakdoc.units import format_duration

IN_USE = "pool_in_use"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """One pool, added up over the subject's processes.

    Args:
        size: the most connections that it may hand out, overflow included.
        waits_for_s: how long callers have waited without a break.
        checkouts_per_s: measured over the window; null when unknown.
    """

    trace: Trace
    labels: tuple[tuple[str, str], ...]

    def _column(self, metric: str) -> FloatArray:
        return self.trace.columns.get(Column(metric, self.labels), np.full(len(self.trace), np.nan))

    @property
    def peer(self) -> str | None:
        """Whom it connects to; null when it does not say."""
        return dict(self.labels).get("peer")

    @property
    def title(self) -> str:
        """The pool as its driver names it."""
        return inert(dict(self.labels).get("pool") or "a pool")

    @property
    def size(self) -> float:
        """The most that it may hand out, over all processes."""
        return total_now(self.trace, self._column("pool_size")) or 0.0

    @property
    def in_use(self) -> float:
        """How many are checked out."""
        return total_now(self.trace, self._column(IN_USE)) or 0.0

    @property
    def waiting(self) -> float:
        """How many callers wait for one."""
        return total_now(self.trace, self._column("pool_waiting")) or 0.0

    @property
    def wait_max_s(self) -> float | None:
        """The longest that a caller has waited."""
        return largest_now(self.trace, self._column("pool_wait_max_s"))

    @property
    def held_max_s(self) -> float | None:
        """The longest that a connection has been checked out."""
        return largest_now(self.trace, self._column("pool_held_max_s"))

    def is_exhausted(self, waiting_s: float) -> bool:
        """Say whether callers have waited without a break for so long while all of it was checked out."""
        waiting, in_use, size = self._column("pool_waiting"), self._column(IN_USE), self._column("pool_size")
        lasts = held_for_s(self.trace, flag(waiting, (waiting > 0) & ~(in_use < size)))
        return lasts >= waiting_s or (lasts > 0 and (self.wait_max_s or 0.0) >= waiting_s)

    def evidence(self) -> dict[str, Json]:
        """Its numbers at the end, and its rates over the window."""
        return {
            "pool": self.title,
            "size": self.size,
            "in_use": self.in_use,
            "waiting": self.waiting,
            "wait_max_s": self.wait_max_s,
            "held_max_s": self.held_max_s,
            "checkouts_per_s": self._rate("pool_checkouts_total"),
            "held_mean_s": self._held_mean_s(),
            "need": self._need(),
        }

    def arithmetic(self, server_max: float | None = None) -> tuple[str, ...]:
        """What the numbers say of the right size: Little's law, L = rate x time held (Little, 1961).

        Args:
            server_max: the most connections that the server takes; null where it was not asked.
        """
        need, rate, held = self._need(), self._rate("pool_checkouts_total"), self._held_mean_s()
        workers = len(alive(self.trace))
        if not need or not rate or held is None:
            return (over_workers(workers, self.size, server_max),)
        words = (
            f"measured: {rate:.3g} checkouts a second, each held for {format_duration(held)}, need {need:.3g} at once "
            f"(Little's law); there are {self.size:.0f}"
        )
        return words, over_workers(workers, self.size, server_max)

    def _need(self) -> float | None:
        rate, held = self._rate("pool_checkouts_total"), self._held_mean_s()
        return None if rate is None or held is None else rate * held

    def _held_mean_s(self) -> float | None:
        held, rate = self._rate("pool_held_seconds_total"), self._rate("pool_checkins_total")
        return held / rate if held is not None and rate else None

    def _rate(self, metric: str) -> float | None:
        """Return the rise of a counter a second, over all processes."""
        values, total, found = self._column(metric), 0.0, False
        for life in alive(self.trace):
            read = np.flatnonzero(np.isfinite(values[life.rows]))
            if len(read) > 1:
                times, counts = self.trace.times[life.rows][read], values[life.rows][read]
                total += float((counts[-1] - counts[0]) / max(times[-1] - times[0], 1e-9))
                found = True
        return total if found else None


def over_workers(workers: int, size: float, server_max: float | None = None) -> str:
    """Multiply it out: processes, connections of each, and what the server takes."""
    each = size / max(workers, 1)
    words = f"{workers} process{'es' if workers > 1 else ''} x {each:.0f} = {size:.0f} connections at most"
    if server_max is None:
        return f"{words}: hold that, over every replica, against the server's max_connections before you raise it"
    return (
        f"{words}, of {server_max:.0f} that the server takes from all its clients: room for "
        f"{max(int(server_max // size), 1) if size else 1} such replicas at this size, and nothing else"
    )


def pools(trace: Trace) -> Iterator[Pool]:
    """Yield the pools that a trace tells of, in a fixed order."""
    for column in sorted(trace.columns):
        if column.metric == IN_USE and column.labels:
            yield Pool(trace=trace, labels=column.labels)
