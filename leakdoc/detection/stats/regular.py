"""Many series on one plain time axis, prepared together: one life each, times ascending, no load.

What turns out to need more care (a sawtooth, a fall that may be a restart, many holes) is left to `prepare`.
"""

from __future__ import annotations

import math
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
from leakdoc.detection.stats.quantiles import medians_of
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask, Series
from leakdoc.detection.stats.tidying import FARTHEST_S, RESOLUTION, Rows, spike_limit, spikes

_FEWEST: Final = 4
_AT_ONCE: Final = 64  # so that the readings that are worked on stay in the processor's cache
_MOST_MISSING: Final = 0.2
_FINE: Final = 1_000.0  # units that a value has at least where a difference of one is of no account by itself
_SMALLEST: Final = 1e-250  # of what a unit's resolution can be divided by


def is_plain(series: Series, policy: GrowthPolicy) -> bool:
    """Whether a series has one life and no load, and enough readings."""
    n = len(series.times_s)
    return series.load is None and n >= max(policy.min_samples, _FEWEST) and bool(series.life[-1] == series.life[0])


def has_plain_times(times: FloatArray) -> bool:
    """Whether times ascend and lie within what can be reckoned with."""
    return bool(np.all(np.diff(times) > 0.0)) and max(abs(float(times[0])), abs(float(times[-1]))) < FARTHEST_S


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cleaned:
    """Series of shape (s, n), NaN where a reading is missing or a spike, each divided by its scale."""

    y: FloatArray
    scale: FloatArray
    resolution: FloatArray
    read: IntArray
    spikes: IntArray
    odd: Mask


def prepare_together(many: Sequence[Series], policy: GrowthPolicy) -> list[Prepared | None]:
    """Prepare regular series on the same times; null for each that `prepare` must look at."""
    axis = _axis_of(many[0], policy)
    parts = (many[first : first + _AT_ONCE] for first in range(0, len(many), _AT_ONCE))
    return [prepared for part in parts for prepared in _prepare_some(part, axis, policy)]


def _prepare_some(many: Sequence[Series], axis: _Axis, policy: GrowthPolicy) -> list[Prepared | None]:
    cleaned = _clean(many, policy)
    medians = _medians(cleaned.y, axis)
    odd = cleaned.odd | ~np.isfinite(medians).all(axis=1)
    rows = zip(
        many, odd.tolist(), cleaned.scale.tolist(), cleaned.resolution.tolist(), cleaned.read.tolist(),
        cleaned.spikes.tolist(), medians, cleaned.y, strict=True,
    )  # fmt: skip
    return [
        None if is_odd else Prepared(
            samples=samples, start=float(series.times_s[0]), span=float(axis.t[-1]), interval=axis.interval,
            scale=scale, missing=len(axis.t) - samples, duplicates=0, spikes=gone,
            segments=_segment(series, samples - gone), whole=partial(_whole, axis, y, scale, resolution),
            bins=axis.bins, y=binned, resolution=resolution,
        )
        for series, is_odd, scale, resolution, samples, gone, binned, y in rows
    ]  # fmt: skip


def _clean(many: Sequence[Series], policy: GrowthPolicy) -> _Cleaned:
    values = np.stack([series.values for series in many])
    finite = np.isfinite(values)
    complete = bool(finite.all())
    y = values if complete else _bridged(values, finite)  # nobody else's
    top, bottom = y.max(axis=1), y.min(axis=1)
    scale = np.maximum(top, -bottom)
    scale = np.where(scale > _SMALLEST, scale, 1.0)
    units = np.asarray([RESOLUTION[series.unit] for series in many])
    told = _is_whole(y, units) & (_FINE * units < np.maximum(bottom, -top))
    y /= scale[:, None]
    resolution = units / scale
    resolution[~told] = _resolutions(y[~told], resolution[~told])
    steps = y[:, 1:] - y[:, :-1]
    sizes = np.abs(steps)
    typical = medians_of(sizes)
    spike = spikes(y, sizes, _spike_limits(y, typical, resolution, policy), policy) & finite
    gone, read = (np.count_nonzero(each, axis=1) for each in (spike, finite))
    odd = (read < (1.0 - _MOST_MISSING) * y.shape[1]) | may_be_sawtooth(y)
    untold = np.flatnonzero([not series.starts_known for series in many])
    odd[untold] |= has_drops(y[untold], steps[untold], typical[untold], resolution[untold], policy) | (gone[untold] > 0)
    if not complete or gone.any():
        y = np.where(finite & ~spike, y, np.nan)
    return _Cleaned(y=y, scale=scale, resolution=resolution, read=read, spikes=gone, odd=odd)


def _spike_limits(y: FloatArray, typical: FloatArray, resolution: FloatArray, policy: GrowthPolicy) -> FloatArray:
    """What `spike_limit` says; the level, at most one, is looked up only where it has a say."""
    level = np.ones(len(y))
    quiet = np.flatnonzero(
        spike_limit(typical, level, resolution, policy) > spike_limit(typical, 0.0 * level, resolution, policy)
    )
    level[quiet] = medians_of(y[quiet])
    return spike_limit(typical, level, resolution, policy)


def _bridged(values: FloatArray, finite: Mask) -> FloatArray:
    """Missing readings replaced by the one before; by zero where there is none."""
    at = np.maximum.accumulate(np.where(finite, np.arange(values.shape[1]), 0), axis=1)
    filled = np.take_along_axis(values, at, axis=1)
    return np.where(np.isfinite(filled), filled, 0.0)


def _is_whole(values: FloatArray, units: FloatArray) -> Mask:
    """Whether series hold nothing but multiples of their unit's resolution, which no difference then falls below."""
    steps = values / np.where(units > 0.0, units, 1.0)[:, None]
    return np.asarray((np.rint(steps) == steps).all(axis=1) & (units > 0.0))


def _resolutions(y: FloatArray, usual: FloatArray) -> FloatArray:
    """The smallest difference seen, or the unit's own where that is smaller or nothing differs; at most one."""
    gaps = np.diff(np.sort(y, axis=1), axis=1)
    least = np.min(np.where(gaps > 0.0, gaps, np.inf), axis=1)
    least = np.where(np.isfinite(least), least, usual)
    return np.asarray(np.minimum(np.minimum(least, np.where(usual > 0.0, usual, least)), 1.0))


def _medians(y: FloatArray, axis: _Axis) -> FloatArray:
    """The median of each bin, shape (s, bins); NaN where nothing was read."""
    even = not axis.filler.any()
    binned = np.sort(y.reshape(len(y), *axis.rows.shape) if even else _filled(y, axis), axis=2)
    if even and np.isfinite(binned[:, :, -1]).all():
        n = binned.shape[2]
        return np.asarray(0.5 * (binned[:, :, (n - 1) // 2] + binned[:, :, n // 2]))
    count = np.sum(np.isfinite(binned), axis=2)[:, :, None]
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, binned.shape[2] - 1)
    ends = np.take_along_axis(binned, np.concatenate([low, high], axis=2), axis=2)
    return np.asarray(0.5 * (ends[:, :, 0] + ends[:, :, 1]))


def _filled(y: FloatArray, axis: _Axis) -> FloatArray:
    """The readings of each bin, those that have fewer filled up with NaN."""
    binned = y[:, axis.rows]
    binned[:, axis.filler] = np.nan
    return binned


def _segment(series: Series, samples: int) -> tuple[Segment, ...]:
    known = series.starts_known and math.isfinite(series.life_started_s[series.life[0]])
    return (
        Segment(start=float(series.times_s[0]), end=float(series.times_s[-1]), samples=samples, start_known=known),
    )  # fmt: skip


def _whole(axis: _Axis, y: FloatArray, scale: float, resolution: float) -> Rows:
    """The readings of one series without its spikes."""
    kept, t = np.isfinite(y), axis.t
    if not kept.all():
        t, y = t[kept], y[kept]
    return Rows(
        t=t, y=y, life=np.zeros(len(y), dtype=np.intp), started=np.asarray([np.nan]), load=None, origin_s=0.0,
        scale=scale, resolution=resolution,
    )  # fmt: skip
