"""Series that stand still between jumps: memory that an allocator maps by the arena, descriptors, threads."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import median
from leakdoc.detection.stats.series import FloatArray
from leakdoc.detection.stats.tidying import Rows

_MOST_OF_THE_RISE: Final = 0.8
_SHORTEST: Final = 8
_DEVIATIONS: Final = 8.0
_TAKEN_BACK: Final = 0.3
_NOTABLE: Final = 0.01
_MAD_TO_SD: Final = 1.4826
_NEARLY: Final = 0.99  # room for rounding


def rises_evenly(y: FloatArray, *, apart_from_largest: bool = False) -> bool:
    """Whether no difference of values of shape (n,) stands out, so that they are no staircase: asked at little cost.

    Where most differences are larger than a part of the largest, so is their median, which nothing then exceeds by far.

    Args:
        apart_from_largest: leave the largest difference out.
    """
    if len(y) < _SHORTEST:
        return True
    sizes = np.abs(y[1:] - y[:-1])
    if apart_from_largest:
        sizes[np.argmax(sizes)] = 0.0
    least = float(sizes.max()) / (_NEARLY * _DEVIATIONS * _MAD_TO_SD)
    return least > 0.0 and 2 * int(np.count_nonzero(sizes >= least)) > len(sizes)


def rises_of(rows: Rows) -> int | None:
    """Return how many jumps make up most of the net rise; null where the series does not stand still in between.

    A series stands still when more than half of its differences are zero, or when jumps far out of the noise make up
    most of its rise. Only what is never given back afterwards (the minimum of all that follows) is a rise.
    """
    if len(rows) < _SHORTEST:
        return None
    if float(median(np.abs(np.diff(rows.y)))) > 0.0:
        return _outlying_rises(rows)
    jumps: list[float] = []
    for life in range(int(rows.life[-1]) + 1):
        kept = np.minimum.accumulate(rows.y[rows.life == life][::-1])[::-1]
        jumps.extend(np.diff(kept).tolist())
    return _needed(np.asarray(jumps), float(np.sum(jumps)))


def has_fallen_quiet(rows: Rows, policy: GrowthPolicy) -> bool:
    """Whether a staircase has not risen for much longer than it ever paused before."""
    if len(rows) < _SHORTEST or rows.life[-1] > 0 or float(median(np.abs(np.diff(rows.y)))) > 0.0:
        return False
    kept = np.minimum.accumulate(rows.y[::-1])[::-1]
    steps = np.diff(kept)
    rose = rows.t[1:][steps > _NOTABLE * float(np.sum(steps))]
    if len(rose) < policy.min_rises:
        return False
    return bool(rows.t[-1] - rose[-1] > policy.quiet_pauses * np.max(np.diff(rose)))


def _outlying_rises(rows: Rows) -> int | None:
    """The same in noise: null unless jumps far out of the noise, and not taken back, make up most of the rise."""
    if rows.life[-1] > 0:
        return None
    tenth = max(len(rows) // 10, 1)
    net = float(median(rows.y[-tenth:]) - median(rows.y[:tenth]))
    steps, took = np.diff(rows.y), np.diff(rows.t)
    longer = np.maximum(took / (float(median(took)) or 1.0), 1.0)  # a hole in the readings is no jump
    far = np.abs(steps) > _DEVIATIONS * _MAD_TO_SD * float(median(np.abs(steps))) * longer
    ups, downs = steps[far & (steps > 0.0)], -steps[far & (steps < 0.0)]
    if net <= 0.0 or float(np.sum(ups)) < _MOST_OF_THE_RISE * net or float(np.sum(downs)) > _TAKEN_BACK * net:
        return None
    return _needed(ups, net)


def _needed(jumps: FloatArray, total: float) -> int:
    if total <= 0.0:
        return 0
    ordered = np.sort(jumps)[::-1]
    return int(np.searchsorted(np.cumsum(ordered), _MOST_OF_THE_RISE * total - 1e-12) + 1)
