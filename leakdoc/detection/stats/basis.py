"""What is taken out before any shape is tried: a level for each life, the load's effect, and the daily course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Mask

_DAY_S: Final = 86_400.0
_HARMONICS: Final = (1.0, 2.0)
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
        floor: variance that nothing can explain: what a request rate misses of the load.
    """

    columns: FloatArray
    load_at: int | None
    season_at: int | None
    floor: float

    def part(self, rows: Mask) -> Basis:
        """Return only some rows, without the columns that are empty there."""
        columns = self.columns[rows]
        return Basis(columns=columns[:, np.any(columns != 0.0, axis=0)], load_at=None, season_at=None, floor=self.floor)


def basis_of(bins: Bins, policy: GrowthPolicy) -> Basis:
    """Choose the confounders for these bins."""
    levels = np.eye(bins.lives)[bins.life]
    parts, load_at, season_at, floor = [levels], None, None, 0.0
    load = _load(bins)
    if load is not None:
        floor += policy.load_doubt * _moved_by(bins, load)
        load_at = levels.shape[1]
        parts.append(load[:, None])
    if bins.span >= policy.season_from:
        season_at = sum(part.shape[1] for part in parts)
        parts.append(_season(bins.t))
    return Basis(columns=np.hstack(parts), load_at=load_at, season_at=season_at, floor=floor)


def _season(t: FloatArray) -> FloatArray:
    angles = 2.0 * np.pi * t[:, None] * np.asarray(_HARMONICS) / _DAY_S
    return np.hstack([np.sin(angles), np.cos(angles)])


def _load(bins: Bins) -> FloatArray | None:
    """The request rate, smoothed as the values follow it best; null where it does not vary or its sign is wrong."""
    if bins.rate is None or float(np.std(bins.rate)) <= _LEAST_VARIATION * float(np.mean(bins.rate)):
        return None
    best: tuple[float, FloatArray] | None = None
    plain = _without_trend(bins, bins.y)
    for load in _smoothings(bins, bins.rate):
        load = (load - load.mean()) / (float(np.std(load)) or 1.0)
        flat = _without_trend(bins, load)
        fit = float(flat @ plain) / (float(np.sqrt(flat @ flat)) or 1.0)
        if fit > 0.0 and (best is None or fit > best[0]):
            best = (fit, load)
    return None if best is None else best[1]


def _moved_by(bins: Bins, load: FloatArray) -> float:
    """The variance of the values that the load explains."""
    flat, plain = _without_trend(bins, load), _without_trend(bins, bins.y)
    return float(flat @ plain) ** 2 / (float(flat @ flat) or 1.0) / len(bins)


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
    kept = np.exp(-np.abs(np.diff(bins.t, prepend=bins.t[0])) / (smoothing * bins.span))
    out = bins.rate.copy()
    for at in range(1, len(out)):
        if bins.life[at] == bins.life[at - 1]:
            out[at] = kept[at] * out[at - 1] + (1.0 - kept[at]) * bins.rate[at]
    return out


def _without_trend(bins: Bins, values: FloatArray) -> FloatArray:
    levels = np.eye(bins.lives)[bins.life]
    design = np.hstack(
        [levels, (bins.age / (bins.span or 1.0))[:, None], np.square(bins.age / (bins.span or 1.0))[:, None]]
    )
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])
