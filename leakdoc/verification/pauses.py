"""How long a leak can pause: a leak that comes in bursts is not gone because it pauses."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace
from leakdoc.verification.work import REQUESTS

_BINS: Final = 60
_DEVIATIONS: Final = 2.5  # over the record that stood: noise that wanders comes that far now and then

# A worker that rose by less than this share of the usual pace did not leak ...
_GREW_SHARE: Final = 0.2
# ... and tells nothing of how long the leak pauses in others, where they leaked for so much of its time.
_BESIDE_SHARE: Final = 0.8


def longest_pause_s(trace: Trace, column: Column, noise: float, rate_per_s: float) -> float:
    """Return the longest time in any life during which the column rose by no more than its noise.

    A life that begins quietly paused for at least as long as it falls behind its later pace, `rate_per_s`.
    """
    found = (
        _pause(trace.times[life.rows], trace.columns[column][life.rows], noise, rate_per_s)
        for life in _telling(trace, column, rate_per_s)
    )
    return max(found, default=0.0)


def longest_pause_requests(trace: Trace, column: Column, noise: float, rate_per_s: float) -> float | None:
    """Return the same in requests; null where they are not known."""
    counter = trace.column(REQUESTS)
    if counter is None:
        return None
    found = []
    for life in _telling(trace, column, rate_per_s):
        done = _accumulated(counter[life.rows])
        served, lived_s = float(np.nanmax(done, initial=0.0)), float(np.ptp(trace.times[life.rows]))
        pace = rate_per_s * lived_s / served if served > 0.0 else 0.0
        found.append(_pause(done, trace.columns[column][life.rows], noise, pace))
    return max(found, default=None)


def _telling(trace: Trace, column: Column, rate_per_s: float) -> list[Life]:
    """All lives but those that did not leak beside others that did."""
    grew = [life for life in trace.lives if _grew(trace, column, life, rate_per_s)]
    return [life for life in trace.lives if life in grew or _share_beside(trace, life, grew) < _BESIDE_SHARE]


def _grew(trace: Trace, column: Column, life: Life, rate_per_s: float) -> bool:
    values = trace.columns[column][life.rows]
    present = np.isfinite(values)
    x, y = _binned(trace.times[life.rows][present], values[present])
    return len(x) > 1 and float(y[-1] - y[0]) > _GREW_SHARE * rate_per_s * float(x[-1] - x[0])


def _share_beside(trace: Trace, life: Life, others: list[Life]) -> float:
    """The share of a life's readings while any of the others lived."""
    times = trace.times[life.rows]
    beside = np.zeros(len(times), dtype=bool)
    for other in others:
        lived = trace.times[other.rows]
        beside |= (times >= lived.min()) & (times <= lived.max())
    return float(np.mean(beside)) if len(times) else 0.0


def _accumulated(counter: FloatArray) -> FloatArray:
    told = np.isfinite(counter)
    done = np.full(len(counter), np.nan)
    done[told] = np.cumsum(np.maximum(np.diff(counter[told], prepend=counter[told][:1]), 0.0))
    return done


def _pause(progress: FloatArray, values: FloatArray, noise: float, pace: float) -> float:
    """The shorter of two views: how long no new height is reached, and how long no low is left behind for good.

    A sawtooth whose peaks stand at a ceiling while its floor rises pauses in the first view only. Noise that wanders
    breaks a long pause in either view, so that a quiet start is measured in itself.
    """
    present = np.isfinite(progress) & np.isfinite(values)
    x, y = _binned(progress[present], values[present])
    if len(x) < 2:
        return 0.0
    forward = _without_record(x, y, _DEVIATIONS * noise)
    backward = _without_record(-x[::-1], -y[::-1], _DEVIATIONS * noise)
    return max(min(forward, backward), _behind(x, y, pace))


def _behind(x: FloatArray, y: FloatArray, pace: float) -> float:
    """How far in `x` the growth since the start is behind its pace where it is furthest behind."""
    return float(np.max(x - x[0] - (y - y[0]) / pace)) if pace > 0.0 else 0.0


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
