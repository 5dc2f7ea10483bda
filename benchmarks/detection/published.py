"""Three published detectors, written anew from what their papers say; their windows scaled to the trace's length.

Linear backward regression, Precog and Precog with maximum filtration: Jindal and others, arXiv 2101.09799 (2021) and
2106.08938 (2021). They look at a share of the machine's memory, and ask when it reaches all of it; a trace without a
limit is asked when it has doubled. R squared of 0.8 and three deviations for a change point are the papers'.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.detection.scene import Array

_LEAST_R2: Final = 0.8
_DEVIATIONS: Final = 3.0
_SHORTEST: Final = 12  # points of 120: the papers' window is an hour of five-minute points
_SMOOTH: Final = 5
_WINDOWS_AHEAD: Final = 10.0
_TRAINED_ON: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line through a window: its slope, R squared, last value and duration."""

    slope: float
    r2: float
    end: float
    lasts: float

    @property
    def fits(self) -> bool:
        return self.slope > 0.0 and self.r2 >= _LEAST_R2

    def doubles_within(self, seconds: float) -> bool:
        return self.slope * seconds >= self.end


def line_of(t: Array, y: Array) -> Line:
    x, z = t - t.mean(), y - y.mean()
    slope = float(x @ z) / (float(x @ x) or 1.0)
    total = float(z @ z)
    r2 = slope * float(x @ z) / total if total > 0.0 else 0.0
    return Line(slope=slope, r2=r2, end=float(y[-1]), lasts=float(t[-1] - t[0]))


def smoothed(y: Array) -> Array:
    """A moving average, as both papers take of an hour."""
    return np.asarray(np.convolve(np.pad(y, _SMOOTH // 2, mode="edge"), np.full(_SMOOTH, 1.0 / _SMOOTH), mode="valid"))


def backward_regression(t: Array, y: Array) -> bool:
    """Windows that end now, ever longer: the longest that a rising line fits must double soon."""
    y, found = smoothed(y), None
    for start in range(len(t) - _SHORTEST, -1, -_SHORTEST // 2):
        line = line_of(t[start:], y[start:])
        found = line if line.fits else found
    return found is not None and found.doubles_within(_WINDOWS_AHEAD * float(t[-1] - t[0]))


def change_points(y: Array) -> list[int]:
    """Where the first difference is far from its mean; the first and the last point too."""
    steps = np.diff(y)
    far = np.flatnonzero(np.abs(steps - steps.mean()) > _DEVIATIONS * (float(np.std(steps)) or 1.0)) + 1
    return [0, *far.tolist(), len(y) - 1]


def precog(t: Array, y: Array) -> bool:
    """A line from a change point to now that is steeper and longer than any learned before, or doubles soon."""
    y = smoothed(y)
    learned = int(_TRAINED_ON * len(t))
    points = change_points(y[:learned])
    known = [
        line
        for first, last in itertools.pairwise(points)
        if last - first >= _SHORTEST and (line := line_of(t[first : last + 1], y[first : last + 1])).fits
    ]
    steepest = max((line.slope for line in known), default=0.0)
    longest = max((line.lasts for line in known), default=0.0)
    for start in change_points(y)[:-1]:
        if len(t) - start < _SHORTEST:
            continue
        line = line_of(t[start:], y[start:])
        unknown = line.slope > steepest and line.lasts > longest
        if line.fits and (unknown or line.doubles_within(_WINDOWS_AHEAD * float(t[-1] - t[0]))):
            return True
    return False


def precog_filtered(t: Array, y: Array) -> bool:
    """The same on the largest value of every few points."""
    whole = len(t) // 3 * 3
    return precog(t[:whole].reshape(-1, 3)[:, -1], y[:whole].reshape(-1, 3).max(axis=1))
