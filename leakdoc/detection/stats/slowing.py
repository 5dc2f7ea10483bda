"""Whether growth has slowed down from third to third of the window, as that of a cache does while it fills.

Shapes do not tell: a requests' rate that wanders bends a filling cache's curve now and then, and a straight line beside
a warm-up fits that better than any curve that ends. Three slopes are blind to such bends, and to where it ends, but not
to the way that it goes.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray

_THIRDS = 3


def slows_down(t: FloatArray, y: FloatArray, policy: GrowthPolicy) -> bool:
    """Whether each third of the window grew much slower than the one before.

    Args:
        t: shape (n,), ascending seconds of one life.
        y: shape (n,), its values.
    """
    edges = np.linspace(t[0], t[-1], _THIRDS + 1)
    parts = [np.flatnonzero((t >= low) & (t <= high)) for low, high in pairwise(edges)]
    if min(len(part) for part in parts) < policy.min_bins // 2:
        return False
    first, second, third = (_slope(t[part], y[part]) for part in parts)
    return second < policy.slower_third * first and third < policy.slower_third * second


def _slope(t: FloatArray, y: FloatArray) -> float:
    centred = t - t.mean()
    return float(centred @ y / (centred @ centred))
