"""A canary beside the stable version: growth in the same minutes, under the same load, one held against the other.

What shakes both at once (load, the hour, a neighbour) falls out of the difference: difference in differences, as in
Card and Krueger (American Economic Review 84, 1994), over the steps from one stretch of time to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.quantiles import t_quantile
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace

_BINS: Final = 24
_LEAST: Final = 8  # stretches that both have


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """What both did in the same stretches of time; rates of one process, in the column's unit a second.

    Args:
        stretches: how many steps both took.
        stable_per_s: the growth of the stable version.
        canary_per_s: that of the canary.
        share: of the stable version's growth that the canary shows.
        upper_share: the most of it that it may show, at 95 %.
    """

    stretches: int
    stable_per_s: float
    canary_per_s: float
    share: float
    upper_share: float


def overlap_s(before: Trace, after: Trace) -> float:
    """Return for how many seconds both were sampled."""
    if not len(before) or not len(after):
        return 0.0
    return float(min(before.times.max(), after.times.max()) - max(before.times.min(), after.times.min()))


def side_by_side(stable: Trace, canary: Trace, column: Column) -> SideBySide | None:
    """Hold the steps of both against each other; null where they share too few, or the stable version does not grow."""
    start = max(float(stable.times.min()), float(canary.times.min()))
    end = min(float(stable.times.max()), float(canary.times.max()))
    edges = np.linspace(start, end, _BINS + 1)
    old, new = _steps(stable, column, edges), _steps(canary, column, edges)
    both = np.isfinite(old) & np.isfinite(new)
    old, new = old[both], new[both]
    width_s = float(edges[1] - edges[0])
    if len(old) < _LEAST or width_s <= 0.0 or old.mean() <= 0.0:
        return None
    return SideBySide(
        stretches=len(old),
        stable_per_s=float(old.mean()) / width_s,
        canary_per_s=float(new.mean()) / width_s,
        share=float(new.mean() / old.mean()),
        upper_share=_upper_share(old, new),
    )


def _steps(trace: Trace, column: Column, edges: FloatArray) -> FloatArray:
    """How far a process came from each stretch to the next, on average over those that lived through both."""
    steps = []
    for life in trace.lives:
        times, values = trace.times[life.rows], trace.columns[column][life.rows]
        place = np.searchsorted(edges, times, side="right") - 1
        medians = np.full(len(edges) - 1, np.nan)
        for each in range(len(medians)):
            told = values[(place == each) & np.isfinite(values)]
            if len(told):
                medians[each] = np.median(told)
        steps.append(np.diff(medians))
    stacked = np.stack(steps)
    counted = np.isfinite(stacked).sum(axis=0)
    return np.where(counted > 0, np.nansum(stacked, axis=0) / np.maximum(counted, 1), np.nan)


def _upper_share(old: FloatArray, new: FloatArray) -> float:
    """The largest share of the stable steps that the canary's are not surely smaller than (after Fieller)."""
    n = len(old)
    t = t_quantile(0.975, n - 1.0)
    low, high = float(new.mean() / old.mean()), 1e6
    if _surely_smaller(old, new, high, t, n):
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if _surely_smaller(old, new, middle, t, n) else (middle, high)
        return high
    return math.inf


def _surely_smaller(old: FloatArray, new: FloatArray, share: float, t: float, n: int) -> bool:
    apart = new - share * old
    return float(apart.mean()) + t * float(apart.std(ddof=1)) / math.sqrt(n) < 0.0
