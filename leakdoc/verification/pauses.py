"""How long a leak can pause: a leak that comes in bursts is not gone because it pauses."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.verification.work import REQUESTS

_BINS: Final = 60
_DEVIATIONS: Final = 2.5  # over the record that stood: noise that wanders comes that far now and then


def longest_pause_s(trace: Trace, column: Column, noise: float) -> float:
    """Return the longest time in any life during which the column rose by no more than its noise."""
    return max(
        (_pause(trace.times[life.rows], trace.columns[column][life.rows], noise) for life in trace.lives), default=0.0
    )


def longest_pause_requests(trace: Trace, column: Column, noise: float) -> float | None:
    """Return the same in requests; null where they are not known."""
    counter = trace.column(REQUESTS)
    if counter is None:
        return None
    found = [_pause(_accumulated(counter[life.rows]), trace.columns[column][life.rows], noise) for life in trace.lives]
    return max(found, default=None)


def _accumulated(counter: FloatArray) -> FloatArray:
    told = np.isfinite(counter)
    done = np.full(len(counter), np.nan)
    done[told] = np.cumsum(np.maximum(np.diff(counter[told], prepend=counter[told][:1]), 0.0))
    return done


def _pause(progress: FloatArray, values: FloatArray, noise: float) -> float:
    """The shorter of two views: how long no new height is reached, and how long no low is left behind for good.

    A sawtooth whose peaks stand at a ceiling while its floor rises pauses in the first view only.
    """
    present = np.isfinite(progress) & np.isfinite(values)
    x, y = _binned(progress[present], values[present])
    if len(x) < 2:
        return 0.0
    forward = _without_record(x, y, _DEVIATIONS * noise)
    backward = _without_record(-x[::-1], -y[::-1], _DEVIATIONS * noise)
    return min(forward, backward)


def _binned(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    parts = np.array_split(np.arange(len(x)), min(_BINS, len(x))) if len(x) else []
    medians = np.asarray([np.median(y[part]) for part in parts])
    return np.asarray([np.mean(x[part]) for part in parts]), medians


def _without_record(x: FloatArray, y: FloatArray, quantum: float) -> float:
    """The longest way in `x` without a rise of `quantum` over the record that stood."""
    longest, since, record = 0.0, float(x[0]), float(y[0])
    for at, value in zip(x.tolist(), y.tolist(), strict=True):
        longest = max(longest, at - since)
        if value > record + quantum:
            since, record = at, value
    return longest
