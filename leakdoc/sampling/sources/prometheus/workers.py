"""Series of one process that tell of several: workers told apart by a label such as ``pid``, and not copies.

Copies of a series (of two servers, of two pages of a kubelet) tell the same at the same time. What lies apart is
something else, whichever label says so; of these none may stand for the others, for it may be another that leaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from leakdoc.model.trace import FloatArray
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Meaning
from leakdoc.sampling.sources.prometheus.fetching import Part
from leakdoc.sampling.sources.prometheus.inventory import FACTS, LIMIT
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries

_BESIDE: Final = 0.5  # of the shorter one: what lasts together for less comes one after the other
_MOSTLY: Final = 0.9  # of their differences
_STEPS: Final = (
    3.0  # of the series itself, by which two readings of the same thing may differ that are not of one instant
)
_NEAR: Final = 0.001  # of the level, by which exporters round
_LATE: Final = 8  # the last eighth is looked at alone: what began to differ lately differs
_NAMED: Final = 4  # labels in one note


class Worker(NamedTuple):
    """What tells of one process.

    Args:
        parts: its series, and what is told of all beside.
        shares_limit: whether its memory limit is that of several together.
    """

    parts: list[Part]
    shares_limit: bool = False


class Workers(NamedTuple):
    """The processes among the series of what was taken for one, and how they were told apart; null where it is one."""

    each: list[Worker]
    note: str | None = None


def workers_of(parts: list[Part], conventions: Conventions) -> Workers:
    """Return the processes that the series of one are of."""
    told = _told_apart(parts, conventions)
    if not told:
        return Workers([Worker(parts)])
    found: dict[tuple[str, ...], list[Part]] = {}
    shared: list[Part] = []
    for part in parts:
        key = _key(part.series, told)
        if _is_of_one(part.meaning) and any(key):
            found.setdefault(key, []).append(part)
        else:
            shared.append(part)
    facts = [part for part in shared if part.meaning.column in FACTS]
    beside = [part for part in shared if part.meaning.column not in FACTS]
    workers = [_worker(key, found[key], facts, told) for key in sorted(found)]
    workers[0].parts.extend(beside)
    labels = ", ".join(inert(label, longest=60) for label in told[:_NAMED])
    note = f"{len(workers)} series of one process differ by {labels}: they are judged as processes side by side"
    return Workers(workers, note)


def _worker(key: tuple[str, ...], own: list[Part], facts: Sequence[Part], told: Sequence[str]) -> Worker:
    its = [part for part in facts if _fits(_key(part.series, told), key)]
    shares = any(part.meaning.column == LIMIT and not any(_key(part.series, told)) for part in its)
    return Worker([*own, *its], shares)


def _is_of_one(meaning: Meaning) -> bool:
    """Whether a series of this metric is all that one process has of it."""
    return not meaning.summed and not meaning.pool and meaning.column not in FACTS


def _key(series: RawSeries, told: Sequence[str]) -> tuple[str, ...]:
    return tuple(series.labels.get(label, "") for label in told)


def _fits(fact: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return all(mine in ("", its) for mine, its in zip(fact, key, strict=True))


def _told_apart(parts: Sequence[Part], conventions: Conventions) -> list[str]:
    """The labels by which series differ that are no copies of each other."""
    found: set[str] = set()
    for series in _several(parts):
        ordered = sorted(series, key=lambda each: float(each.times[0]))
        last = ordered[0]
        for each in ordered[1:]:
            differing = _differing(last, each, conventions) - found
            if differing and were_beside(last, each):
                is_told = not differing.isdisjoint(conventions.worker_labels)
                found |= differing if is_told or _differ(last, each) else set()
            if each.times[-1] > last.times[-1]:
                last = each
    return sorted(found)


def _several(parts: Sequence[Part]) -> Iterator[list[RawSeries]]:
    """The series of each metric that a process has several of."""
    by_meaning: dict[Meaning, list[RawSeries]] = {}
    for part in parts:
        if _is_of_one(part.meaning):
            by_meaning.setdefault(part.meaning, []).append(part.series)
    for series in by_meaning.values():
        if len(series) > 1:
            usable = [one for one in (each.usable() for each in series) if len(one.times)]
            if len(usable) > 1:
                yield usable


def _differing(one: RawSeries, other: RawSeries, conventions: Conventions) -> set[str]:
    labels = (one.labels.keys() | other.labels.keys()) - conventions.replica_labels
    return {label for label in labels if one.labels.get(label, "") != other.labels.get(label, "")}


def were_beside(one: RawSeries, other: RawSeries) -> bool:
    """Whether two series are there at the same time, and not one after the other."""
    together = min(one.times[-1], other.times[-1]) - max(one.times[0], other.times[0])
    shorter = min(one.times[-1] - one.times[0], other.times[-1] - other.times[0])
    return bool(together >= _BESIDE * shorter and together >= 0.0)


def _differ(one: RawSeries, other: RawSeries) -> bool:
    """Whether two series tell different things while both are there."""
    inside = (one.times >= other.times[0]) & (one.times <= other.times[-1])
    if not np.any(inside):
        return False
    values = one.values[inside]
    apart = np.abs(values - np.interp(one.times[inside], other.times, other.values))
    near = _STEPS * max(_most(np.abs(np.diff(values))), _most(np.abs(np.diff(other.values))))
    near += _NEAR * float(np.median(np.abs(values)))
    late = apart[-max(len(apart) // _LATE, 1) :]
    return _most(apart) > near or float(np.median(late)) > near


def _most(values: FloatArray) -> float:
    return float(np.quantile(values, _MOSTLY)) if len(values) else 0.0
