"""When the limit is reached, and how much longer one must look."""

from __future__ import annotations

from typing import Final

from leakdoc.detection.stats.case import Case
from leakdoc.model.finding import Interval

FARTHEST_S: Final = 10 * 365.25 * 86_400.0  # no process runs as long: what is beyond is no forecast
_EITHER_WAY: Final = 0.3  # times what it takes to see a slope: it is proven, or goes as noise does (laboratory)
_AS_ASKED: Final = 0.8  # and to show all that was asked for, whatever there is to see
_LONGEST_WAIT_S: Final = 60 * 86_400.0
_LEAST_FRACTION: Final = 0.25
_HALF_BY: Final = 0.6  # of the window again: by then half of what waits for the process to do something is decided


def more_for(case: Case, target: float, *, asked: bool = False) -> float | None:
    """Return the seconds of further data that a verdict on a slope of `target` needs; null when no amount helps.

    The error of a slope falls with the window to the power of 3/2.

    Args:
        asked: whether the data must have been able to show this slope; a verdict on what there is may come sooner.
    """
    if case.detectable is None or target <= 0.0 or case.span <= 0.0:
        return None
    whole = case.span * ((_AS_ASKED if asked else _EITHER_WAY) * case.detectable / target) ** (2.0 / 3.0)
    whole += case.unseen * case.longest / target if asked else 0.0
    more = max(whole - case.span, _LEAST_FRACTION * case.span)
    return more if more < max(_LONGEST_WAIT_S, case.span) else None


def half_by(case: Case, target: float | None = None) -> float | None:
    """Return the seconds after which another look is worth it, where what comes next is not foretold.

    Half of such verdicts are decided by then, a quarter within half of it, and one in four takes more than twice as
    long (laboratory).

    Args:
        target: a slope that it takes so long at least to see.
    """
    least = _HALF_BY * case.span
    if target is None:
        return least
    needs = more_for(case, target)
    return None if needs is None else max(needs, least)


def time_to_limit(case: Case) -> Interval | None:
    """Return the seconds until the limit; null without one, or without growth."""
    if case.limit is None or case.slope is None or case.fit is None:
        return None
    slope = Interval(estimate=case.slope.estimate, low=case.slope.low, high=case.slope.high)
    room = case.limit / case.processes - case.fit.level
    return time_to_fill(room, slope, noise=case.fit.noise, since_level=case.since_level)


def time_to_fill(room: float, slope: Interval, *, noise: float, since_level: float) -> Interval | None:
    """Return the seconds until growth has filled the room above the present level; null without any, or beyond years.

    Args:
        slope: per second.
        noise: to within which the present level is known, as it is a bin's; that tells when the limit is near.
        since_level: seconds from that bin to the last reading, from which the answer counts.
    """
    if slope.estimate <= 0.0:
        return None
    low, high = slope.low or 0.0, slope.high or slope.estimate
    estimate = _from_now(room / slope.estimate, since_level)
    if estimate > FARTHEST_S:
        return None
    latest = _from_now((room + noise) / low, since_level) if low > 0.0 else None
    return Interval(
        estimate=estimate,
        low=_from_now((room - noise) / high, since_level),
        high=None if latest is None or latest > FARTHEST_S else latest,
    )


def worst_time_to_limit(case: Case) -> float | None:
    """Return the seconds until the limit at the fastest growth that is not ruled out; null beyond years."""
    if case.limit is None or case.slope is None or case.fit is None or case.at_worst <= 0.0:
        return None
    worst = _from_now((case.limit / case.processes - case.fit.level) / case.at_worst, case.since_level)
    return worst if worst <= FARTHEST_S else None


def _from_now(filled_s: float, since_level: float) -> float:
    return max(filled_s - since_level, 0.0)
