"""From a series to the few points that are fitted: cleaned, cut into lives, taken at the floor of a sawtooth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins, bin_rows
from leakdoc.detection.stats.envelope import cycle_minima
from leakdoc.detection.stats.lives import latest_lives, split_at_drops
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import median
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.detection.stats.tidying import Rows, tidy, without_spikes

_DOUBTFUL_LIVES: Final = 3
_FEWEST: Final = 2  # differences and medians need two readings, whatever the policy allows


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One life's part: its first and last reading on the series' own axis, and how many there are."""

    start: float
    end: float
    samples: int
    start_known: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What is left of a series.

    Args:
        samples: finite readings, spikes included.
        start: the first reading's time, on the series' own axis.
        span: seconds from the first to the last reading.
        interval: usual seconds between readings.
        scale: what the values were divided by.
        missing: readings that were not finite.
        duplicates: readings that a later one at the same time replaced.
        spikes: readings left out as errors.
        older_lives: lives left out because there were too many since.
        segments: what was binned, life by life.
        whole: gives the rows without spikes, for the few questions that need all of them.
        bins: the time axis of what is fitted; null where there are too few readings.
        y: shape (n,), the values at the bins, in units of `scale`.
        resolution: the smallest step that the source can show, in units of `scale`.
        inferred: how many restarts nobody recorded.
        floors: whether the bins are the floors of a sawtooth.
    """

    samples: int
    start: float
    span: float
    interval: float
    scale: float
    missing: int
    duplicates: int
    spikes: int
    segments: tuple[Segment, ...]
    whole: Callable[[], Rows]
    bins: Bins | None
    y: FloatArray
    resolution: float
    inferred: int = 0
    older_lives: int = 0
    floors: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether so many restarts were inferred that they may well be collections."""
        return self.inferred >= _DOUBTFUL_LIVES


def prepare(series: Series, policy: GrowthPolicy) -> Prepared:
    """Clean, cut and bin a series."""
    raw = latest_lives(tidy(series))
    if len(raw) < max(policy.min_samples, _FEWEST):
        return _prepared(series, raw, raw, raw, None)
    whole = without_spikes(raw, policy)
    floors = cycle_minima(whole, policy) if whole.lives == 1 else None
    if floors is not None:
        rows = whole.keep(np.isin(np.arange(len(whole)), floors))
        return _prepared(series, raw, whole, rows, bin_rows(rows, policy, raw=True), floors=True)
    rows = whole if series.starts_known else latest_lives(split_at_drops(whole, policy))
    return _prepared(series, raw, whole, rows, bin_rows(rows, policy))


def _prepared(
    series: Series, raw: Rows, whole: Rows, rows: Rows, bins: Bins | None, *, floors: bool = False
) -> Prepared:
    gaps = np.diff(raw.t)[np.diff(raw.life) == 0]
    return Prepared(
        samples=len(raw), start=raw.origin_s, span=float(np.ptp(raw.t)) if len(raw) else 0.0,
        interval=median(gaps) if len(gaps) else 1.0, scale=raw.scale, missing=raw.missing,
        duplicates=raw.duplicates, spikes=rows.spikes, segments=_segments(rows, series.starts_known),
        whole=lambda: whole, bins=bins, y=np.zeros(0) if bins is None else bins.y, resolution=raw.resolution,
        inferred=0 if floors else rows.lives - whole.lives, older_lives=rows.older_lives, floors=floors,
    )  # fmt: skip


def _segments(rows: Rows, known: bool) -> tuple[Segment, ...]:
    if len(rows) == 0:
        return ()
    first = np.flatnonzero(np.append(True, np.diff(rows.life) > 0))
    last = np.append(first[1:], len(rows)) - 1
    return tuple(
        Segment(
            start=rows.origin_s + float(rows.t[a]), end=rows.origin_s + float(rows.t[b]), samples=int(b - a + 1),
            start_known=bool(known and np.isfinite(rows.started[rows.life[a]])),
        )
        for a, b in zip(first, last, strict=True)
    )  # fmt: skip
