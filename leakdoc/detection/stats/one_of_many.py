"""Processes side by side: each is asked alone too, for together one of them may hide, or none of them may grow.

Together, workers share one slope. Where one leaks and the others do not, that slope is a fraction of the leak's, and
what it leaves unexplained is large. Where each takes a step at a time of its own, their average is a ramp that no
process has. Alone, each may spend its part of the error rate (Bonferroni), and the shapes that grow must have nearly
all of its weight before it speaks for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.stats.forecast import time_to_fill
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Growth, IntArray, Mask, Series
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Interval, Json
from leakdoc.units import format_duration

_AT_THE_END: Final = 0.02  # of the window: who was read so lately is there
_SIDE_BY_SIDE: Final = 0.5  # of the window: a worker that was there for less has a predecessor, and no company
_LONGER: Final = 0.5
_MOST: Final = 256
_SURE: Final = 0.98
_PLAUSIBLE: Final = 0.5


def side_by_side(series: Series, policy: GrowthPolicy) -> list[Series]:
    """Return the processes of a series that are to be asked alone too, each with its part of the error rate."""
    present = _side_by_side(series, policy)
    return [_alone(series, life) for life in present] if 2 <= len(present) <= _MOST else []


def one_that_leaks(whole: Growth, each: Sequence[Growth], of: Sequence[Series]) -> Growth:
    """Return the verdict on the whole, or, where it has not found a leak that one process has, that on this one.

    Args:
        whole: the verdict on all processes together.
        each: those on the processes that are there side by side.
        of: these processes, in the same order.
    """
    plausible = [one for one in each if (one.probability or 0.0) >= _PLAUSIBLE]
    leaking = [one for one in plausible if one.decision is Decision.LEAKING and (one.probability or 0.0) >= _SURE]
    if whole.decision is Decision.LEAKING and not plausible:
        return _borne_out_by_none(whole, max(one.probability or 0.0 for one in each))
    filling = [one for one in each if one.evidence["rule"] == "less_per_effort"]
    alone = any(one.decision is Decision.LEAKING for one in each)
    if whole.decision is Decision.LEAKING and filling and not alone:
        return _filling(whole, filling, len(each))
    all_leak = whole.decision is Decision.LEAKING and 2 * len(plausible) > len(each)
    if all_leak or not leaking:
        return whole
    names = {id(one): process.life_names for one, process in zip(each, of, strict=True)}
    return _told([(one, *names[id(one)]) for one in leaking], len(each), whole)


def _side_by_side(series: Series, policy: GrowthPolicy) -> IntArray:
    """The lives that are there at the end, and have been for most of the window, with enough readings."""
    if len(series.life) == 0 or series.life[-1] == series.life[0]:
        return np.zeros(0, dtype=np.intp)
    first = np.flatnonzero(np.append(True, np.diff(series.life) > 0))
    last = np.append(first[1:], len(series.life)) - 1
    begins, ends = series.times_s[first], series.times_s[last]
    window = float(np.max(ends) - np.min(begins))
    there = ends >= np.max(ends) - _AT_THE_END * window
    there &= (ends - begins >= _SIDE_BY_SIDE * window) & (last - first + 1 >= policy.min_samples)
    return np.asarray(series.life[first[there]], dtype=np.intp)


def _alone(series: Series, life: int) -> Series:
    rows = series.life == life
    return replace(
        series, times_s=series.times_s[rows], values=series.values[rows], life=np.zeros(int(rows.sum()), dtype=np.intp),
        life_started_s=series.life_started_s[life : life + 1], load=_of(series.load, rows),
        effort=_of(series.effort, rows), limit=_own_limit(series, life), life_limit=None,
        life_names=series.life_names[life : life + 1],
    )  # fmt: skip


def _of(values: FloatArray | None, rows: Mask) -> FloatArray | None:
    return None if values is None else values[rows]


def _own_limit(series: Series, life: int) -> float | None:
    told = np.nan if series.life_limit is None else float(series.life_limit[life])
    return told if np.isfinite(told) else None


def _borne_out_by_none(whole: Growth, probability: float) -> Growth:
    reason = f"{whole.reason}; but none of the processes grows alone: each may have risen once, at a time of its own"
    again = _LONGER * (whole.grew_for_s or 0.0) or None
    evidence = {**whole.evidence, "rule": "borne_out_by_none", "in_words": None, "look_again_s": again}
    return replace(
        whole, decision=Decision.INCONCLUSIVE, reason=reason, confidence=None, grew_for_s=None, evidence=evidence,
        look_again_s=again, probability=probability,
    )  # fmt: skip


def _filling(whole: Growth, filling: Sequence[Growth], of: int) -> Growth:
    who = "each process" if len(filling) == of else f"{len(filling)} of {of} processes"
    again = max(one.look_again_s or 0.0 for one in filling) or None
    wait = "" if again is None else f"; look again in about {format_duration(again)}"
    reason = f"{whole.reason}; but {who} alone brings less and less per CPU second, as a cache that fills{wait}"
    evidence = {**whole.evidence, "rule": "less_per_effort", "in_words": None, "look_again_s": again}
    return replace(
        whole, decision=Decision.INCONCLUSIVE, reason=reason, confidence=None, grew_for_s=None, evidence=evidence,
        look_again_s=again,
    )  # fmt: skip


def _told(leaking: Sequence[tuple[Growth, *tuple[str, ...]]], of: int, whole: Growth) -> Growth:
    fastest, *name = max(leaking, key=lambda one: 0.0 if one[0].slope_per_s is None else one[0].slope_per_s.estimate)
    when = _time_to_limit(fastest, whole)
    who = f"one of {of} processes" if len(leaking) == 1 else f"{len(leaking)} of {of} processes grow, the fastest"
    who += "".join(f" ({each})" for each in name)
    limit = f"; limit in {format_duration(when.estimate)}" if when is not None else ""
    evidence: Mapping[str, Json] = {
        **whole.evidence, "rule": "one_of_many", "shape": fastest.shape, "axis": fastest.evidence["axis"],
        "in_words": f"{who} {fastest.evidence['in_words']}", "processes_that_leak": len(leaking),
        "leaking_segments": [segment for one, *_ in leaking for segment in _segments(one)],
        "leaking_processes": [each for _, *names in leaking for each in names] or None,
    }  # fmt: skip
    return replace(
        fastest, reason=f"{who} {fastest.evidence['in_words']}{limit}", level=whole.level, time_to_limit_s=when,
        evidence=evidence,
    )  # fmt: skip


def _segments(one: Growth) -> list[Json]:
    found = one.evidence["segments"]
    return found if isinstance(found, list) else []


def _time_to_limit(fastest: Growth, whole: Growth) -> Interval | None:
    """When this one reaches its own limit, or all together reach theirs by its growth."""
    if fastest.time_to_limit_s is not None:
        return fastest.time_to_limit_s
    limit, slope = whole.evidence.get("limit"), fastest.slope_per_s
    if not isinstance(limit, int | float) or slope is None or whole.level is None:
        return None
    noise, age = (_number(whole, name) for name in ("noise", "level_age_s"))
    return time_to_fill(float(limit) - whole.level, slope, noise=noise, since_level=age)


def _number(whole: Growth, name: str) -> float:
    found = whole.evidence.get(name)
    return float(found) if isinstance(found, int | float) else 0.0
