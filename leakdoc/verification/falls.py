"""Falls that may be restarts which nobody recorded: a level that is lower all at once, and stays lower for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace

_MAD_TO_SD: Final = 1.4826
# A scrape that averages spreads a fall over a few readings; noise hides a small one unless readings are averaged.
_WIDTHS: Final = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The largest fall after, in the column's unit, beside what is usual; `times_usual` is 0 where it never fell.

    Args:
        given_back: all falls of half the largest and more, added up, for the stretches that make it most.
        risen: all rises of that size, added up, as a share of the falls; noise rises as often as it falls.
    """

    fell: float = 0.0
    given_back: float = 0.0
    risen: float = 1.0
    usual: float = 0.0
    times_usual: float = 0.0


def largest_fall(before: Trace, after: Trace, column: Column, rate_per_s: float, deviations: float) -> Fall:
    """Return the fall after the rollout that stands out most from those before it.

    Falls are differences of the means of neighbouring stretches of readings, for stretches of several lengths.

    Args:
        rate_per_s: the old growth, which went on during the falls of before and hid as much of them.
        deviations: falls of so many standard deviations are usual in any case.
    """
    found = [_fall(before, after, column, rate_per_s, deviations, width) for width in _WIDTHS]
    given_back = max(fall.given_back for fall in found)
    return replace(max(found, key=lambda fall: fall.times_usual), given_back=given_back)


def _fall(before: Trace, after: Trace, column: Column, rate_per_s: float, deviations: float, width: int) -> Fall:
    old, new = _falls(before, column, width), _falls(after, column, width)
    fell = float(np.max(new, initial=0.0))
    if fell <= 0.0:
        return Fall()
    hidden = rate_per_s * (width + 1) * _interval_s(before)
    scatter = _MAD_TO_SD * float(np.median(np.abs(new - np.median(new))))
    usual = max(float(np.max(old, initial=-hidden)) + hidden, deviations * scatter)
    given_back = _added_up(new, 0.5 * fell, width)
    return Fall(
        fell=fell,
        given_back=given_back,
        risen=_added_up(-new, 0.5 * fell, width) / given_back,
        usual=usual,
        times_usual=fell / usual if usual > 0.0 else float(len(new)),
    )


def _added_up(falls: FloatArray, least: float, width: int) -> float:
    """Falls of some size, each counted once: neighbouring stretches see the same one."""
    total, free_from = 0.0, 0
    for at in np.flatnonzero(falls >= least).tolist():
        if at >= free_from:
            total += float(np.max(falls[at : at + width + 1]))
            free_from = at + width + 1
    return total


def _falls(trace: Trace, column: Column, width: int) -> FloatArray:
    """The mean of `width` readings less that of the `width` after next."""
    values = trace.columns[column]
    values = values[np.isfinite(values)]
    if len(values) < 2 * width + 1:
        return np.zeros(0)
    means = np.convolve(values, np.full(width, 1.0 / width), mode="valid")
    return np.asarray(means[: -width - 1] - means[width + 1 :])


def _interval_s(trace: Trace) -> float:
    return float(np.median(np.diff(trace.times))) if len(trace) > 1 else 0.0
