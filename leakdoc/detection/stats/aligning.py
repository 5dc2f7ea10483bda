"""Series of one pace told to be such, whenever each was scraped and whatever scrapes it misses.

A server scrapes each process at a moment of its own, so that no two have the same times; but a verdict depends on the
time since the first reading alone, and a scrape that is missing is a reading that is missing. What is moved is moved
by less than a hundredth of a step: of the slope, which is what the times are for, that changes less than a hundredth
part divided by the number of readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.detection.stats.tidying import FARTHEST_S

_JITTER: Final = 0.01  # of a step, by which a reading may be moved: servers scrape to the millisecond
_MOST_HOLES: Final = 0.2  # of the readings; with more, a series is looked at alone
_FEW: Final = 16


def all_within_reach(many: Sequence[Series]) -> list[Series]:
    """Return series whose times and starts are such as can be reckoned with, or NaN, which is as if they were untold.

    A difference of two of those is defined: neither infinity less infinity, nor more than a number can hold.
    """
    found, near = [], None
    for one in many:
        if one.times_s is near and _are_near(one.life_started_s):
            found.append(one)
        else:
            found.append(_within_reach(one))
            near = found[-1].times_s
    return found


def _within_reach(series: Series) -> Series:
    times, started = series.times_s, series.life_started_s
    if _are_near(times) and _are_near(started):
        return series
    return replace(series, times_s=_near(times), life_started_s=_near(started))


def _are_near(times: FloatArray) -> bool:
    if len(times) <= _FEW:
        return all(-FARTHEST_S < each < FARTHEST_S for each in times.tolist())
    return bool(times.min() > -FARTHEST_S and times.max() < FARTHEST_S)


def _near(times: FloatArray) -> FloatArray:
    return np.where(np.abs(times) < FARTHEST_S, times, np.nan)


def at_its_pace(series: Series) -> Series:
    """Return a series of one life on the even axis that it was read on, its missing scrapes as missing readings.

    It depends on nothing but the series itself, so that one is judged alike alone and among others. A series without a
    steady pace is returned as it is.
    """
    times, n = series.times_s, len(series.times_s)
    if n < _FEW or not _are_near(times):
        return series
    span = float(times[-1] - times[0])
    step = sorted((times[1:_FEW] - times[: _FEW - 1]).tolist())[(_FEW - 1) // 2]
    if not 0.0 < step < span or not n - 1 <= (steps := round(span / step)) <= n * (1.0 + _MOST_HOLES):
        return series
    step = span / steps
    since = (times - times[0]) / step
    place = _places(n) if steps == n - 1 else np.rint(since)
    if not np.max(np.abs(since - place)) <= _JITTER or not (steps == n - 1 or np.all(place[1:] > place[:-1])):
        return series
    values, life, effort = series.values, series.life, series.effort
    if steps >= n:
        at = place.astype(np.intp)
        values, life = np.full(steps + 1, np.nan), np.full(steps + 1, series.life[0], dtype=np.intp)
        values[at] = series.values
        if series.effort is not None:
            effort = np.full(steps + 1, np.nan)
            effort[at] = series.effort
    return Series(
        times_s=times[0] + step * _places(steps + 1), values=values, life=life, load=series.load, effort=effort,
        life_started_s=series.life_started_s, unit=series.unit, starts_known=series.starts_known, limit=series.limit,
        life_limit=series.life_limit,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _places(n: int) -> FloatArray:
    """Numbers from 0 to n - 1, not to be written to."""
    return np.arange(float(n))


def goes_with(times: FloatArray, others: FloatArray) -> bool:
    """Whether two axes of equal length are one, but for when they begin and for what `at_its_pace` would move.

    Both are within reach.
    """
    if times is others:
        return True
    apart = times - others
    return float(apart.max() - apart.min()) <= _JITTER * float(others[-1] - others[0]) / (len(others) - 1)
