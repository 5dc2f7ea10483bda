"""One column of one process, put together from the series that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Meaning
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.workers import were_beside
from leakdoc.sampling.sources.prometheus.workloads import version_of

_LONGEST_POOL: Final = 100  # characters of its name


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """One column of one process: its samples, and the build that each was read from; null where none is told."""

    times: FloatArray
    values: FloatArray
    versions: tuple[tuple[float, str | None], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def by_column(meaning: Meaning, series: list[RawSeries]) -> Iterable[tuple[Column, list[RawSeries]]]:
    """The series of each column that a metric feeds: one, or one a pool."""
    if not meaning.pool:
        return [(Column(meaning.column), series)]
    found: dict[Column, list[RawSeries]] = {}
    for each in series:
        pool = inert(each.labels.get(meaning.pool, ""), longest=_LONGEST_POOL)
        found.setdefault(Column.of(meaning.column, pool=pool), []).append(each)
    return found.items()


def used_of(left: Readings, limit: Readings | None) -> Readings:
    """What is used of a limit, from what is left of it; nothing where the limit is not told."""
    if limit is None or not len(limit.times):
        return Readings(np.zeros(0), np.zeros(0))
    at = np.maximum(np.searchsorted(limit.times, left.times, side="right") - 1, 0)
    return Readings(left.times, limit.values[at] - left.values, left.versions)


def column_of(meaning: Meaning, series: list[RawSeries], conventions: Conventions) -> Readings:
    """Put the series of one column together: added up, or one after the other as each ends."""
    ordered = sorted(series, key=lambda each: (each.times[0], sorted(each.labels.items())))
    if len(ordered) > 1:
        ordered = _without_nameless_copies(ordered, conventions)
    if len(ordered) > 1 and meaning.summed:
        return _summed(_of_one_replica(ordered, conventions), alike_once=meaning.alike_once)
    times, values, versions = ordered[0].times, ordered[0].values, [_version(ordered[0], conventions)]
    last = ordered[0]
    for each in ordered[1:]:
        later = each.times > times[-1]
        if np.any(later):  # a container that was started anew; of copies of one series the first is read, to its end
            version = version_of(each.labels, conventions)
            if version != versions[-1][1] or not were_beside(last, each):
                versions.append((float(each.times[later][0]), version))
            times = np.concatenate([times, each.times[later]])
            values = np.concatenate([values, each.values[later]])
            last = each
    return Readings(times, values, tuple(versions))


def joined(readings: Readings, others: Readings) -> Readings:
    """Put two names of one column together where one begins after the other has ended: a release renamed its metric."""
    first, second = readings, others
    if not len(first.times) or not len(second.times):
        return readings
    if second.times[-1] < first.times[0]:
        first, second = second, first
    if first.times[-1] >= second.times[0]:
        return readings  # side by side: that which is preferred
    versions = tuple((max(at, float(second.times[0])), build) for at, build in second.versions)
    return Readings(
        np.concatenate([first.times, second.times]), np.concatenate([first.values, second.values]),
        (*first.versions, *versions), readings.labels,
    )  # fmt: skip


def _without_nameless_copies(series: list[RawSeries], conventions: Conventions) -> list[RawSeries]:
    """Leave out series that tell no build beside one that does: a kubelet has two pages that name the same metrics."""
    named = [each for each in series if version_of(each.labels, conventions) is not None]
    first, last = (min(each.times[0] for each in named), max(each.times[-1] for each in named)) if named else (0.0, 0.0)

    def is_copy(each: RawSeries) -> bool:
        inside = int(np.count_nonzero((each.times >= first) & (each.times <= last)))
        return version_of(each.labels, conventions) is None and 2 * inside > len(each.times)

    return [each for each in series if not named or not is_copy(each)]


def _version(series: RawSeries, conventions: Conventions) -> tuple[float, str | None]:
    return -np.inf, version_of(series.labels, conventions)


def _of_one_replica(series: list[RawSeries], conventions: Conventions) -> list[RawSeries]:
    """Of series that differ by nothing but who stored them, one each."""
    kept: dict[tuple[tuple[str, str], ...], RawSeries] = {}
    for each in series:
        own = tuple(sorted((k, v) for k, v in each.labels.items() if k not in conventions.replica_labels))
        kept.setdefault(own, each)
    return list(kept.values())


def _summed(series: list[RawSeries], *, alike_once: bool) -> Readings:
    """Add series up; one that has no sample at an instant, while it lasts, is taken as it was last seen."""
    times = union_of([each.times for each in series])
    total = np.zeros(len(times))
    if alike_once:
        series = list({float(each.values[-1]): each for each in series}.values())
    for each in series:
        at = np.searchsorted(each.times, times, side="right") - 1
        usual = float(np.median(np.diff(each.times))) if len(each.times) > 1 else 0.0
        there = (at >= 0) & (times <= each.times[-1] + 0.5 * usual)
        total[there] += each.values[at[there]]
    return Readings(times, total)


def union_of(times: Sequence[FloatArray]) -> FloatArray:
    """Every instant of some axes, once and in order."""
    if not times:
        return np.zeros(0)
    first = times[0]
    if all(len(each) == len(first) and np.array_equal(each, first) for each in times[1:]):
        return first
    return np.unique(np.concatenate(times))
