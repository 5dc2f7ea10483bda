"""What the builds before did and came back from: a warm-up, a cache that fills, the flank of a day.

A young process that rises is told from a leak by nothing but time, or by what others of its kind did before it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace

_LEAST_S: Final = 4 * 3_600.0  # for which a build must have run: most warm-ups are over, most caches full (simulated)
_PARTS: Final = 8  # of the time that it has run: medians of these are compared
_TIMES: Final = 2.0  # as much as the others ever rose in as long a time is no leak yet


def is_without_precedent(trace: Trace, column: Column, build: str) -> bool:
    """Whether a build has run for long enough, and a process of it has risen by more than twice what any process of
    another build did at any time in as long.
    """
    own = [life for life in trace.lives if life.version == build]
    ran = max(_end(trace, life) for life in own) - min(float(trace.times[life.first]) for life in own)
    longest = max(_end(trace, life) - float(trace.times[life.first]) for life in own)
    if ran < _LEAST_S or longest <= 0.0:
        return False
    rose = max(_most_risen(trace, column, life, longest) for life in own)
    before = [_most_risen(trace, column, life, longest) for life in trace.lives if life.version != build]
    return rose > _TIMES * max(before, default=0.0)


def _end(trace: Trace, life: Life) -> float:
    return float(trace.times[life.stop - 1])


def _most_risen(trace: Trace, column: Column, life: Life, span: float) -> float:
    """By how much a process rose at most in any stretch of so many seconds, or in its life where that is shorter."""
    medians = _medians(trace.times[life.rows], trace.columns[column][life.rows], span / _PARTS)
    if len(medians) < 2:
        return 0.0
    apart = min(_PARTS, len(medians)) - 1
    return max(float(np.max(medians[apart:] - medians[:-apart])), 0.0)


def _medians(times: FloatArray, values: FloatArray, part: float) -> FloatArray:
    """The median of each part of a life that has readings."""
    there = np.isfinite(values)
    times, values = times[there], values[there]
    if not len(times):
        return np.zeros(0)
    cuts = np.flatnonzero(np.diff((times - times[0]) // part) > 0) + 1
    return np.asarray([np.median(each) for each in np.split(values, cuts)], dtype=np.float64)
