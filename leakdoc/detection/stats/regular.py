"""Many series on one plain time axis, prepared together: one life each, times ascending, no load.

What turns out to need more care (a sawtooth, a fall that may be a restart, many holes) is left to `prepare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins, shares_of
from leakdoc.detection.stats.envelope import may_be_sawtooth
from leakdoc.detection.stats.lives import has_drops
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import Prepared, Segment
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask, Series
from leakdoc.detection.stats.tidying import FARTHEST_S, RESOLUTION, Rows, spike_limit, spikes, tidy, without_spikes

_FEWEST: Final = 4
_MOST_MISSING: Final = 0.2
_SMALLEST: Final = 1e-250  # of what a unit's resolution can be divided by


def is_regular(series: Series, policy: GrowthPolicy) -> bool:
    """Whether a series may be prepared with others on the same times."""
    n = len(series.times_s)
    plain = (
        series.load is None and n >= max(policy.min_samples, _FEWEST) and int(series.life[-1]) == int(series.life[0])
    )
    return plain and _has_plain_times(series.times_s)


def _has_plain_times(times: FloatArray) -> bool:
    return (
        bool(np.all(np.diff(times) > 0.0)) and abs(float(times[0])) < FARTHEST_S and abs(float(times[-1])) < FARTHEST_S
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Axis:
    """The times that all share, and their bins: `rows` has a row for each bin, the last reading repeated to fill it."""

    t: FloatArray
    interval: float
    bins: Bins
    rows: IntArray
    filler: Mask


def _axis_of(series: Series, policy: GrowthPolicy) -> _Axis:
    n = len(series.times_s)
    t = series.times_s - series.times_s[0]
    index = shares_of(np.zeros(n, dtype=np.intp), policy)
    first = np.flatnonzero(np.append(True, np.diff(index) > 0))
    count = np.diff(np.append(first, n))
    middle = np.add.reduceat(t, first) / count
    started = float(series.life_started_s[int(series.life[0])] - series.times_s[0])
    born = started if started <= 0.0 else 0.0
    bins = Bins(
        t=middle, age=middle - born, y=np.zeros(len(first)), life=np.zeros(len(first), dtype=np.intp), work=None,
        rate=None, resolution=0.0,
    )  # fmt: skip
    within = np.arange(int(count.max()))
    rows = np.minimum(first[:, None] + within, (first + count - 1)[:, None])
    return _Axis(t=t, interval=float(np.median(np.diff(t))), bins=bins, rows=rows, filler=within >= count[:, None])


def prepare_together(many: Sequence[Series], policy: GrowthPolicy) -> list[Prepared | None]:
    """Prepare regular series on the same times; null for each that `prepare` must look at."""
    axis = _axis_of(many[0], policy)
    values = np.stack([series.values for series in many])
    finite = np.isfinite(values)
    readable = np.mean(finite, axis=1) >= 1.0 - _MOST_MISSING
    all_there = bool(finite.all())
    y = values if all_there else _bridged(values, finite)
    scale = np.max(np.abs(y), axis=1)
    scale = np.where(scale > _SMALLEST, scale, 1.0)
    y = y / scale[:, None]
    ordered = np.sort(y, axis=1)
    resolution = _resolutions(ordered, np.asarray([RESOLUTION[series.unit] for series in many]) / scale)
    steps = np.diff(y, axis=1)
    typical, level = (
        np.median(np.abs(steps), axis=1),
        0.5 * (ordered[:, (y.shape[1] - 1) // 2] + ordered[:, y.shape[1] // 2]),
    )
    spike = spikes(y, np.abs(steps), spike_limit(typical, level, resolution, policy), policy)
    spike &= finite
    spiked = np.any(spike, axis=1)
    odd = ~readable | may_be_sawtooth(y)
    known = np.asarray([series.starts_known for series in many])
    odd |= ~known & (has_drops(steps, ordered, typical, resolution, policy) | spiked)
    if not all_there or np.any(spiked):
        y = np.where(finite & ~spike, y, np.nan)
    medians = _medians(y, axis)
    odd |= ~np.isfinite(medians).all(axis=1)
    sound = finite.sum(axis=1).tolist()
    gone = spike.sum(axis=1).tolist()
    rest = zip(many, odd.tolist(), scale.tolist(), resolution.tolist(), sound, gone, medians, strict=True)
    end = float(axis.t[-1])
    return [
        None if is_odd else Prepared(
            samples=samples, start=float(series.times_s[0]), span=end, interval=axis.interval, scale=size,
            missing=len(axis.t) - samples, duplicates=0, spikes=left_out, segments=_segment(series, samples - left_out),
            whole=partial(_whole, series, policy), bins=axis.bins, y=row, resolution=smallest,
        )
        for series, is_odd, size, smallest, samples, left_out, row in rest
    ]  # fmt: skip


def _bridged(values: FloatArray, finite: Mask) -> FloatArray:
    """Missing readings replaced by the one before; by zero where there is none."""
    at = np.maximum.accumulate(np.where(finite, np.arange(values.shape[1]), 0), axis=1)
    filled = np.take_along_axis(values, at, axis=1)
    return np.where(np.isfinite(filled), filled, 0.0)


def _resolutions(ordered: FloatArray, usual: FloatArray) -> FloatArray:
    """The smallest difference seen, or the unit's own where that is smaller or nothing differs; at most one."""
    gaps = np.diff(ordered, axis=1)
    least = np.min(np.where(gaps > 0.0, gaps, np.inf), axis=1)
    least = np.where(np.isfinite(least), least, usual)
    return np.asarray(np.minimum(np.minimum(least, np.where(usual > 0.0, usual, least)), 1.0))


def _medians(y: FloatArray, axis: _Axis) -> FloatArray:
    binned = y[:, axis.rows]
    binned[:, axis.filler] = np.nan
    binned.sort(axis=2)
    count = np.sum(np.isfinite(binned), axis=2)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    low_at, high_at = low[:, :, None], np.minimum(high, binned.shape[2] - 1)[:, :, None]
    return np.asarray(
        0.5 * (np.take_along_axis(binned, low_at, axis=2) + np.take_along_axis(binned, high_at, axis=2))[:, :, 0]
    )


def _segment(series: Series, samples: int) -> tuple[Segment, ...]:
    known = series.starts_known and bool(np.isfinite(series.life_started_s[int(series.life[0])]))
    return (
        Segment(start=float(series.times_s[0]), end=float(series.times_s[-1]), samples=samples, start_known=known),
    )  # fmt: skip


def _whole(series: Series, policy: GrowthPolicy) -> Rows:
    return without_spikes(tidy(series), policy)
