"""What is taken out before any shape is tried: a level for each life, the load's effect, a daily and another cycle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.cycles import cycles_of, wave_of
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Mask

_DAY_S: Final = 86_400.0
_LIKE_A_DAY: Final = (0.4, 1.3)  # days: such cycles are not told from the daily course and its harmonic
_HARMONICS: Final = np.asarray([1.0, 2.0])
_SMOOTHINGS: Final = (0.0, 0.02, 0.06)
_WIDTHS: Final = (5, 11)
_LEAST_VARIATION: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """The confounders.

    Args:
        columns: shape (n, b), the intercepts of the lives first.
        load_at: which column is the load; null without one.
        season_at: the first of the season's columns; null without one.
        cycle: seconds of another cycle; null without one.
        floor: variance that nothing can explain, what a request rate misses of the load: shape (s,), or zero.
    """

    columns: FloatArray
    load_at: int | None
    season_at: int | None
    floor: FloatArray | float
    cycle: float | None = None

    def part(self, rows: Mask) -> Basis:
        """Return only some rows, without the columns that are empty there."""
        columns = self.columns[rows]
        columns = columns[:, np.any(columns != 0.0, axis=0)]
        return Basis(columns=columns, load_at=None, season_at=None, floor=self.floor, cycle=self.cycle)


def alike(bins: Bins, y: FloatArray, policy: GrowthPolicy) -> list[list[int]]:
    """Return the positions of series of shape (s, n) that share their confounders: a load, or a cycle of their own."""
    groups: dict[tuple[int | None, float | None], list[int]] = {}
    smoothings = [None if load is None else load.smoothing for load in _loads(bins, y)]
    for at, key in enumerate(zip(smoothings, _cycles(bins, y, policy), strict=True)):
        groups.setdefault(key, []).append(at)
    return list(groups.values())


def basis_of(bins: Bins, y: FloatArray, policy: GrowthPolicy) -> Basis:
    """Choose the confounders for series of shape (s, n) on these bins, which are alike in what they follow."""
    parts, load_at, season_at = [np.eye(bins.lives)[bins.life]], None, None
    floor: FloatArray | float = 0.0
    loads = [load for load in _loads(bins, y) if load is not None]
    if loads:
        floor = policy.load_doubt * np.asarray([load.moved for load in loads])
        load_at = bins.lives
        parts.append(loads[0].rate[:, None])
    if bins.span >= policy.season_from:
        season_at = sum(part.shape[1] for part in parts)
        parts.append(_season(bins.t))
    (cycle,) = _cycles(bins, y[:1], policy)
    if cycle is not None:
        parts.append(wave_of(bins.t, _HARMONICS / cycle))
    return Basis(columns=np.hstack(parts), load_at=load_at, season_at=season_at, floor=floor, cycle=cycle)


def _cycles(bins: Bins, y: FloatArray, policy: GrowthPolicy) -> list[float | None]:
    """Periods of the cycles beside a day's; restarts and a load have courses of their own."""
    if bins.lives > 1 or bins.rate is not None:
        return [None] * len(y)
    levels = np.ones((len(bins), 1))
    if bins.span < policy.season_from:
        return cycles_of(bins, y, levels)
    found = cycles_of(bins, y, np.hstack([levels, _season(bins.t)]))
    return [None if each is not None and _LIKE_A_DAY[0] < each / _DAY_S < _LIKE_A_DAY[1] else each for each in found]


def _season(t: FloatArray) -> FloatArray:
    return wave_of(t, _HARMONICS / _DAY_S)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Load:
    """A request rate, its mean zero and its deviation one, and the variance of a series that it explains."""

    smoothing: int
    rate: FloatArray
    moved: float


def _loads(bins: Bins, y: FloatArray) -> list[_Load | None]:
    """The request rate, smoothed as each series follows it best; null where it does not vary or its sign is wrong."""
    best: list[_Load | None] = [None] * len(y)
    if bins.rate is None or float(np.std(bins.rate)) <= _LEAST_VARIATION * float(np.mean(bins.rate)):
        return best
    closest = [0.0] * len(y)
    trend = _trend(bins)
    plain = [_without(trend, each) for each in y]
    for smoothing, load in enumerate(_smoothings(bins, bins.rate)):
        load = (load - load.mean()) / (float(np.std(load)) or 1.0)
        flat = _without(trend, load)
        size = float(flat @ flat)
        for at, each in enumerate(plain):
            shared = float(flat @ each)
            fit = shared / (math.sqrt(size) or 1.0)
            if fit > closest[at]:
                best[at] = _Load(smoothing=smoothing, rate=load, moved=shared**2 / (size or 1.0) / len(bins))
                closest[at] = fit
    return best


def _smoothings(bins: Bins, rate: FloatArray) -> Iterator[FloatArray]:
    """The rate with a memory, as buffers have, and averaged to both sides, for a rate that was counted coarsely."""
    for smoothing in _SMOOTHINGS:
        yield _smoothed(bins, smoothing)
    for width in _WIDTHS if bins.lives == 1 else ():
        window = np.hanning(width + 2)[1:-1]
        yield np.convolve(np.pad(rate, width // 2, mode="edge"), window / window.sum(), mode="valid")


def _smoothed(bins: Bins, smoothing: float) -> FloatArray:
    """An exponentially weighted past of the rate, its time constant a fraction of the window."""
    assert bins.rate is not None
    if smoothing <= 0.0 or bins.span <= 0.0:
        return bins.rate
    kept = np.exp(-np.abs(np.diff(bins.t, prepend=bins.t[0])) / (smoothing * bins.span)).tolist()
    out, life = bins.rate.tolist(), bins.life.tolist()
    for at in range(1, len(out)):
        if life[at] == life[at - 1]:
            out[at] = kept[at] * out[at - 1] + (1.0 - kept[at]) * out[at]
    return np.asarray(out)


def _trend(bins: Bins) -> FloatArray:
    """A level for each life and a bent line, shape (n, b)."""
    age = bins.age / (bins.span or 1.0)
    return np.column_stack([np.eye(bins.lives)[bins.life], age, np.square(age)])


def _without(trend: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(values - trend @ np.linalg.lstsq(trend, values, rcond=None)[0])
