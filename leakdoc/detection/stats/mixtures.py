"""Quantiles of mixtures of Student's t, many at once, from a table of its distribution function."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakdoc.detection.stats.quantiles import t_cdf, t_quantile
from leakdoc.detection.stats.series import FloatArray

AnyFloats = npt.NDArray[np.floating[Any]]
_KNOTS: Final = 8_192
_ROUNDS: Final = 5
_TINY: Final = 1e-300
_UNTOLD: Final = 1e-4


@lru_cache(maxsize=256)
def _table(degrees: float, dtype: np.dtype[np.floating[Any]]) -> tuple[AnyFloats, AnyFloats]:
    """The distribution function at t = w / (1 - |w|) on an even grid of w, and its steps."""
    w = np.linspace(-1.0, 1.0, 2 * _KNOTS + 1)[1:-1]
    below = np.concatenate([[0.0], t_cdf(w / (1.0 - np.abs(w)), degrees), [1.0, 1.0]])
    return below.astype(dtype), np.diff(below).astype(dtype)


def forget_tables() -> None:
    """Let go of the tables that are kept for other series of the same degrees of freedom."""
    _table.cache_clear()


def t_table_cdf(off: AnyFloats, scale: AnyFloats, degrees: float, *, single: bool = False) -> AnyFloats:
    """Return Student's distribution function at off / scale, interpolated in a table of `t_cdf`: to 1e-7 beside it.

    Args:
        off: from the centre; it is used up, but for single precision.
        scale: not negative, and not zero where `off` is.
        degrees: of freedom.
        single: reckon in single precision, which is as good as the table.
    """
    place = np.abs(off)
    place += scale
    place = np.divide(off, place, out=np.empty_like(off, dtype=np.float32) if single else off, casting="same_kind")
    below, steps = _table(degrees, place.dtype)
    place *= _KNOTS
    place += _KNOTS
    whole = np.floor(place)
    place -= whole
    at = whole.astype(np.intp)
    place *= steps.take(at)
    place += below.take(at)
    return place


def mixture_quantiles(
    probabilities: tuple[float, ...], *, weights: FloatArray, centres: FloatArray, scales: FloatArray, degrees: float
) -> FloatArray:
    """Return quantiles, shape (p, s), of weighted mixtures of shifted and scaled t distributions.

    A quantile of a mixture lies between those of its parts: it is sought among these first, and then between two of
    them, where chords meet the probability.

    Args:
        probabilities: which quantiles.
        weights: shape (s, k), adding up to one in each row; or (p, s, k), where each quantile has its own.
        centres: shape (s, k).
        scales: shape (s, k) or (p, s, k), positive.
        degrees: of freedom, shared.
    """
    wanted = np.asarray(probabilities)[:, None]
    own = centres + np.asarray([t_quantile(each, degrees) for each in probabilities])[:, None, None] * scales
    weights = np.broadcast_to(weights, own.shape)
    told = weights > _UNTOLD * np.minimum(wanted, 1.0 - wanted)[:, :, None]
    marks = np.sort(np.where(told, own, np.inf), axis=2)

    def gap_at(x: FloatArray) -> FloatArray:
        below = t_table_cdf(x[:, :, None] - centres, scales, degrees)
        return np.asarray(np.einsum("psk,psk->ps", below, weights) - wanted)

    share, series = np.arange(marks.shape[0])[:, None], np.arange(marks.shape[1])
    first, last = np.zeros(marks.shape[:2], dtype=np.intp), np.maximum(told.sum(axis=2) - 1, 0)
    for _ in range(int(np.ceil(np.log2(max(marks.shape[2], 2))))):
        between = (first + last) // 2
        above = gap_at(marks[share, series, between]) >= 0.0
        first, last = np.where(above, first, np.minimum(between + 1, last)), np.where(above, between, last)
    low, high = marks[share, series, np.maximum(last - 1, 0)], marks[share, series, last]
    high = np.where(np.isfinite(high), high, 0.0)
    low = np.where(np.isfinite(low), low, 0.0)
    under, over = gap_at(low), gap_at(high)
    for turn in range(_ROUNDS):
        chord = low - under * (high - low) / np.maximum(over - under, _TINY)
        middle = 0.5 * (low + high) if turn % 3 == 2 else np.clip(chord, low, high)
        gap = gap_at(middle)
        above = gap >= 0.0
        low, under = np.where(above, low, middle), np.where(above, under, gap)
        high, over = np.where(above, middle, high), np.where(above, gap, over)
    return np.asarray(np.clip(low - under * (high - low) / np.maximum(over - under, _TINY), low, high))
