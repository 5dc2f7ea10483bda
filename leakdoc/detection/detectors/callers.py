"""Who waits for the subject: requests that came in and have no answer yet, callers that gave up, and a full backlog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.detectors.peer_view import (
    PeerView,
    alive,
    flag,
    held_for_s,
    largest_now,
    peers,
    rose,
    total_now,
)
from leakdoc.model.finding import Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace

FEWEST: Final = 4  # callers beyond those that waited before
SHARE: Final = 0.3  # of those who wait now: what comes and goes by itself does so by less
SERVED: Final = 3  # callers that waited longest, and then no more: one may have gone, and another have been told news
LASTS_S: Final = 3.0  # a backlog that is emptied sooner is a burst


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Callers:
    """The callers of a subject over time.

    Args:
        unserved: requests without an answer, shape (n,).
        wait_s: the longest that one has waited, shape (n,); NaN where none does.
        gave_up: callers that closed before they had an answer, shape (n,).
        backlog: connections that nobody has accepted, shape (n,).
        parked: threads that wait for a lock, shape (n,).
        left: callers that came while we looked, less those that are here more than at first: so many went, shape (n,).
    """

    trace: Trace
    unserved: FloatArray
    wait_s: FloatArray
    gave_up: FloatArray
    backlog: FloatArray
    parked: FloatArray
    left: FloatArray

    def pile_up(self, since_s: float) -> bool:
        """Say whether more callers wait now than did when something began, so many seconds ago."""
        return bool(self._signs(since_s))

    @property
    def words(self) -> str:
        """Who waits, in words."""
        signs = self._signs(float("inf"))
        return " and ".join(signs) if signs else "callers wait"

    def evidence(self) -> dict[str, Json]:
        """Who waits at the end."""
        return {
            "unserved": total_now(self.trace, self.unserved),
            "wait_max_s": largest_now(self.trace, self.wait_s),
            "gave_up": total_now(self.trace, self.gave_up),
            "backlog": total_now(self.trace, self.backlog),
            "threads_waiting_for_a_lock": total_now(self.trace, self.parked),
        }

    def now(self) -> float:
        """Return how many requests have no answer at the end."""
        return total_now(self.trace, self.unserved) or 0.0

    def are_served(self, since_s: float) -> bool:
        """Say whether the one who waits longest has become another, again and again, within the last seconds.

        Where it never does, nobody is served, or what came was never meant to be answered: a word on a websocket. But a
        pool may serve those who came last, and let the others starve: then as many have gone as are here.
        """
        return self._served(since_s) >= SERVED or rose(self.trace, self.left, since_s) >= max(SERVED, self.now())

    def longest_s(self) -> float:
        """Return for how long the first of them has waited."""
        return largest_now(self.trace, self.wait_s) or 0.0

    def _served(self, since_s: float) -> int:
        most = 0
        for life in alive(self.trace):
            waits = self.wait_s[life.rows][self.trace.times[life.rows] >= self.trace.times[life.stop - 1] - since_s]
            most = max(most, int(np.sum(np.diff(waits[np.isfinite(waits)]) < 0)))
        return most

    def _signs(self, since_s: float) -> list[str]:
        found = []
        for values, words in (
            (self.unserved, "requests wait here"),
            (self.gave_up, "callers gave up"),
            (self.parked, "threads wait for a lock"),
        ):
            now, grew = total_now(self.trace, values) or 0.0, rose(self.trace, values, since_s)
            if grew >= FEWEST and grew >= SHARE * now:
                found.append(f"{int(now)} {words}")
        if held_for_s(self.trace, flag(self.backlog, self.backlog > 0)) >= LASTS_S:
            found.append(f"{int(total_now(self.trace, self.backlog) or 0)} callers wait to be accepted")
        return found


def callers_of(trace: Trace) -> Callers:
    """Return who waits for a subject."""
    incoming = [peer for peer in peers(trace, "in") if not peer.name.startswith("unix:")]
    return Callers(
        trace=trace,
        unserved=_summed(trace, [peer.counted("connections_awaiting") for peer in incoming]),
        wait_s=_largest(trace, [peer.age("connection_awaiting_max_s") for peer in incoming]),
        gave_up=_summed(trace, [_closed(peer) for peer in incoming]),
        backlog=_summed(trace, [values for _, values in trace.labelled("connections_waiting")]),
        parked=trace.columns.get(Column.of("threads_parked", on="lock"), np.full(len(trace), np.nan)),
        left=_summed(trace, [peer.counted("connections_opened_total") - peer.count() for peer in incoming]),
    )


def _closed(peer: PeerView) -> FloatArray:
    return peer.state("CLOSE_WAIT")


def _summed(trace: Trace, parts: list[FloatArray]) -> FloatArray:
    return trace.connections_summed(parts or [np.full(len(trace), np.nan)])


def _largest(trace: Trace, parts: list[FloatArray]) -> FloatArray:
    return np.fmax.reduce(parts) if parts else np.full(len(trace), np.nan)
