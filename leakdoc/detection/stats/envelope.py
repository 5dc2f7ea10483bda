"""The floor of a sawtooth: what is still held right after each collection."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.tidying import Rows

_STRETCHES: Final = 400
_COARSER: Final = 4
_LEAN: Final = 0.6


def cycle_minima(rows: Rows, policy: GrowthPolicy) -> IntArray | None:
    """Return the rows right after each collection, or null where the series is no sawtooth.

    A cycle rises and falls by more than `cycle_swing` of the usual range, and falls quicker than `cycle_fall` of
    the time that it rose.
    """
    if len(rows) < policy.min_samples or not may_be_sawtooth(rows.y[None])[0]:
        return None
    upright = rows.y - _chord(rows)
    low, high = np.quantile(upright, [0.05, 0.95])
    turning = _extremes(upright)
    turns = turning[_turns(upright[turning], max(policy.cycle_swing * float(high - low), 4.0 * rows.resolution))]
    if len(turns) < 2 * policy.min_cycles or not _falls_quickly(rows.t, upright, turns, policy):
        return None
    troughs = turns[1::2] if upright[turns[0]] > upright[turns[1]] else turns[2::2]
    return troughs if len(troughs) >= policy.min_cycles else None


def may_be_sawtooth(y: FloatArray) -> Mask:
    """Say of each series, shape (s, n), whether it falls by fewer and larger steps than it rises: a quick question.

    A collection gives back at once what piled up slowly, so that differences lean to the left, be it between short
    stretches or longer ones.
    """
    size = max(y.shape[1] // _STRETCHES, 1)
    whole = y.shape[1] // size * size
    short = y[:, :whole:size].copy()
    for at in range(1, size):
        short += y[:, at:whole:size]
    four = short.shape[1] // _COARSER * _COARSER
    long = short[:, :four:_COARSER].copy()
    for at in range(1, _COARSER):
        long += short[:, at:four:_COARSER]
    return (_lean(short) < -_LEAN) | (_lean(long) < -_LEAN)


def _lean(y: FloatArray) -> FloatArray:
    """The skewness of the differences between neighbours."""
    if y.shape[1] < 3:
        return np.zeros(len(y))
    steps = np.diff(y, axis=1)
    steps -= steps.mean(axis=1, keepdims=True)
    squares = steps * steps
    spread = squares.mean(axis=1)
    return np.asarray(np.einsum("sn,sn->s", squares, steps) / steps.shape[1] / np.maximum(spread, 1e-200) ** 1.5)


def _chord(rows: Rows) -> FloatArray:
    """A straight line through the medians of both halves: enough to make a leaning sawtooth stand upright."""
    half = len(rows) // 2
    (t0, y0), (t1, y1) = (
        (float(np.mean(rows.t[part])), float(np.median(rows.y[part]))) for part in (slice(half), slice(half, None))
    )
    return np.asarray((rows.t - t0) * ((y1 - y0) / (t1 - t0) if t1 > t0 else 0.0))


def _extremes(y: FloatArray) -> IntArray:
    """The lowest and the highest row of each short stretch: all that a zig-zag can turn at."""
    size = max(len(y) // _STRETCHES, 1)
    whole = len(y) // size * size
    blocks = y[:whole].reshape(-1, size)
    opens = np.arange(0, whole, size)
    return np.unique(np.concatenate([opens + blocks.argmin(axis=1), opens + blocks.argmax(axis=1), [len(y) - 1]]))


def _turns(y: FloatArray, swing: float) -> IntArray:
    """Return alternating peaks and troughs that lie more than `swing` apart (the zig-zag of charting)."""
    found: list[int] = []
    top = bottom = direction = 0
    values = y.tolist()
    for at, value in enumerate(values):
        top = at if value > values[top] else top
        bottom = at if value < values[bottom] else bottom
        if direction >= 0 and values[top] - value > swing:
            found.append(top)
            direction, top, bottom = -1, at, at
        elif direction <= 0 and value - values[bottom] > swing:
            found.append(bottom)
            direction, top, bottom = 1, at, at
    return np.asarray(found, dtype=np.intp)


def _falls_quickly(t: FloatArray, y: FloatArray, turns: IntArray, policy: GrowthPolicy) -> bool:
    lasts, up = np.diff(t[turns]), np.diff(y[turns]) > 0
    if np.all(up) or not np.any(up):
        return False
    return bool(np.median(lasts[~up]) < policy.cycle_fall * np.median(lasts[up]))
