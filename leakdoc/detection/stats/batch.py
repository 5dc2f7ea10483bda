"""Many series at once: the same verdicts as one by one, since one is a batch of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from leakdoc.detection.stats.aligning import all_within_reach, at_its_pace, goes_with
from leakdoc.detection.stats.one_of_many import one_that_leaks, side_by_side
from leakdoc.detection.stats.pages import keep_pages
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import Prepared, prepare
from leakdoc.detection.stats.regular import has_plain_times, is_plain, prepare_together
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.detection.stats.verdicts import Asked, verdicts_on

_AT_ONCE: Final = 256  # so that what each step costs by itself is shared by many
_CELLS_AT_ONCE: Final = 2**19  # readings: long series are prepared a few at a time, or one
_MANY: Final = 32  # series, from which on a process may keep some memory to be quick; a watch never has as many
_LATEST: Final = 8  # axes that a series is held against, so that a fleet without any pace costs no more for its size


def judge_many(
    series: Sequence[Series],
    policy: GrowthPolicy = GrowthPolicy(),  # noqa: B008
    *,
    alpha: float | None = None,
) -> list[Growth]:
    """Say of each series whether it grows without an end, and if so how fast.

    Series of one pace, without restarts, load or many holes, are fitted together, whenever each was scraped: that is
    what makes a fleet quick. So are those of one workload that follow its load alike. The others are judged one by one.

    Args:
        series: any number, of any lengths and units.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend on each; the policy's own when null.

    Returns:
        One verdict a series, in their order.
    """
    if len(series) >= _MANY:
        keep_pages()
    asked = Asked(policy=policy, alpha=policy.alpha if alpha is None else alpha)
    series = all_within_reach(series)
    found: dict[int, Growth] = {}
    alone: list[int] = []
    for places, group in _groups(series, policy, alone):
        prepared = prepare_together(group, policy)
        sound = [at for at, one in zip(places, prepared, strict=True) if one is not None]
        alone.extend(at for at, one in zip(places, prepared, strict=True) if one is None)
        if sound:
            pairs = [(of, one) for of, one in zip(group, prepared, strict=True) if one is not None]
            found.update(zip(sound, verdicts_on(pairs, asked), strict=True))
    for places, pairs in _on_like_bins(series, alone, policy):
        found.update(zip(places, verdicts_on(pairs, asked), strict=True))
    for at, each, processes in _of_processes(series, alone, asked):
        found[at] = one_that_leaks(found[at], each, processes)
    return [found[at] for at in range(len(series))]


Group = tuple[list[int], list[Series]]


def _of_processes(
    series: Sequence[Series], places: Sequence[int], asked: Asked
) -> Iterator[tuple[int, list[Growth], list[Series]]]:
    """Verdicts on the processes that are side by side in a series; those of all series are reached together."""
    by_count: dict[int, list[tuple[int, list[Series]]]] = {}
    for at in places:
        processes = side_by_side(series[at], asked.policy)
        if processes:
            by_count.setdefault(len(processes), []).append((at, processes))
    for count, members in by_count.items():
        flat = [process for _, processes in members for process in processes]
        verdicts = judge_many(flat, asked.policy, alpha=asked.alpha / count)
        for order, (at, processes) in enumerate(members):
            yield at, verdicts[order * count : (order + 1) * count], processes


def _on_like_bins(
    series: Sequence[Series], places: Sequence[int], policy: GrowthPolicy
) -> Iterator[tuple[list[int], list[tuple[Series, Prepared]]]]:
    """Prepare series one by one; those whose bins came out alike, as of one workload's metrics, are fitted together."""
    groups: dict[Any, tuple[list[int], list[tuple[Series, Prepared]]]] = {}
    for at in places:
        prepared = prepare(series[at], policy)
        bins = prepared.bins
        key: Any = at
        if bins is not None:
            load = () if bins.work is None or bins.rate is None else (bins.work.tobytes(), bins.rate.tobytes())
            key = (bins.t.tobytes(), bins.age.tobytes(), bins.life.tobytes(), prepared.floors, *load)
        alike = groups.setdefault(key, ([], []))
        alike[0].append(at)
        alike[1].append((series[at], prepared))
    yield from groups.values()


def _groups(series: Sequence[Series], policy: GrowthPolicy, alone: list[int]) -> Iterator[Group]:
    """Series of one pace, some at once, with their positions; those of their own aside."""
    by_length: dict[int, list[Group]] = {}
    by_axis: dict[int, Group] = {}  # by the identity of times that many series share
    for at, one in enumerate(series):
        if not is_plain(one, policy):
            alone.append(at)
            continue
        group = by_axis.get(id(one.times_s)) or _that_goes_with(by_length, one)
        if group is None:
            one = at_its_pace(one)
            group = _that_goes_with(by_length, one)
        else:
            by_axis[id(one.times_s)] = group
        if group is None and has_plain_times(one.times_s):
            group = [], []
            by_length.setdefault(len(one.times_s), []).append(group)
        if group is None:
            alone.append(at)
        else:
            group[0].append(at)
            group[1].append(one)
    for places, members in (each for groups in by_length.values() for each in groups):
        at_once = max(min(_AT_ONCE, _CELLS_AT_ONCE // len(members[0].times_s)), 1)
        for first in range(0, len(members), at_once):
            yield places[first : first + at_once], members[first : first + at_once]


def _that_goes_with(by_length: dict[int, list[Group]], one: Series) -> Group | None:
    """The series of one's pace, among the latest few."""
    for group in by_length.get(len(one.times_s), ())[-_LATEST:]:
        if goes_with(one.times_s, group[1][0].times_s):
            return group
    return None
