"""Medians of bins in place of samples, computed by servers that cannot stream these: Thanos and VictoriaMetrics.

The growth judge fits the medians of some eighty bins. A server that computes the same medians sends a small part of
what the samples would be. What they do not show (a sawtooth, a spike, a restart) moves the readings far, so that only
series whose readings lie close together are sent at all; the others are to be read as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from leakdoc.model.metrics import metric
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Meaning
from leakdoc.sampling.sources.prometheus.inventory import BESIDE
from leakdoc.sampling.sources.prometheus.promql import milliseconds, selector
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries

_CLOSE: Final = 0.9  # of the highest reading is the lowest: a collector's sawtooth, a start or a restart goes below
_COUNT: Final = 2.0  # of things, by which a small number may move beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Medians:
    """How a server is asked for medians.

    Args:
        start: first instant, seconds since the epoch.
        end: last instant.
        bins: into how many bins the window is cut.
    """

    start: float
    end: float
    bins: int

    @property
    def bin_s(self) -> float:
        """Seconds of one bin."""
        return (self.end - self.start) / self.bins

    def series(self, prometheus: Prometheus, meaning: Meaning, matchers: Sequence[Matcher]) -> Iterator[RawSeries]:
        """Yield the medians of those series whose readings lie close together, each at the end of its bin.

        Of what stands beside (limits, starts, counters), the last reading of each bin is yielded, however it moves.

        Raises:
            SourceError: the server refuses.
        """
        yield from prometheus.range(self._query(meaning, selector(matchers)), self._first, self.end, self.bin_s)

    @property
    def _first(self) -> float:
        return self.start + self.bin_s

    def _query(self, meaning: Meaning, chosen: str) -> str:
        # shorter than the step, as servers before 3.0 count what stands on both edges
        one_bin = milliseconds(self.bin_s - 0.001)
        if meaning.column in BESIDE:
            return f"last_over_time({chosen}[{one_bin}])"
        whole = f"{chosen}[{milliseconds(self.end - self.start)}] @ end()"
        room = f" - {_COUNT}" if metric(meaning.column).unit == "count" else ""
        close = f"min_over_time({whole}) >= {_CLOSE} * max_over_time({whole}){room}"
        return f"quantile_over_time(0.5, {chosen}[{one_bin}]) and {close}"
