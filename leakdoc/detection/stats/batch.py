"""Many series at once: the same verdicts as one by one, since one is a batch of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import prepare
from leakdoc.detection.stats.regular import has_plain_times, is_plain, prepare_together
from leakdoc.detection.stats.series import FloatArray, Growth, Series
from leakdoc.detection.stats.verdicts import Asked, verdicts_on

_AT_ONCE: Final = 96  # so that what is worked on stays in the processor's cache


def judge_many(
    series: Sequence[Series],
    policy: GrowthPolicy = GrowthPolicy(),  # noqa: B008
    *,
    alpha: float | None = None,
) -> list[Growth]:
    """Say of each series whether it grows without an end, and if so how fast.

    Series on the same times, without restarts, load or many holes, are fitted together: that is what makes a fleet on
    one grid quick. The others are judged one by one.

    Args:
        series: any number, of any lengths and units.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend on each; the policy's own when null.

    Returns:
        One verdict a series, in their order.
    """
    asked = Asked(policy=policy, alpha=policy.alpha if alpha is None else alpha)
    found: dict[int, Growth] = {}
    alone: list[int] = []
    for group in _groups(series, policy, alone):
        prepared = prepare_together([series[at] for at in group], policy)
        sound = [at for at, one in zip(group, prepared, strict=True) if one is not None]
        alone.extend(at for at, one in zip(group, prepared, strict=True) if one is None)
        if sound:
            pairs = [(series[at], one) for at, one in zip(group, prepared, strict=True) if one is not None]
            found.update(zip(sound, verdicts_on(pairs, asked), strict=True))
    for at in alone:
        found.update({at: verdicts_on([(series[at], prepare(series[at], policy))], asked)[0]})
    return [found[at] for at in range(len(series))]


def _groups(series: Sequence[Series], policy: GrowthPolicy, alone: list[int]) -> Iterator[list[int]]:
    """Positions of series on the same times and of the same start, some at once; those of their own aside."""
    by_axis: dict[tuple[int, float, float, float], list[list[int]]] = {}
    for at, one in enumerate(series):
        if not is_plain(one, policy):
            alone.append(at)
            continue
        times, started = one.times_s, float(one.life_started_s[int(one.life[0])])
        key = (len(times), float(times[0]), float(times[-1]), started if np.isfinite(started) else np.inf)
        groups = by_axis.setdefault(key, [])
        mine = next((group for group in groups if _same(series[group[0]].times_s, times)), None)
        if mine is not None:
            mine.append(at)
        elif has_plain_times(times):
            groups.append([at])
        else:
            alone.append(at)
    for groups in by_axis.values():
        for group in groups:
            yield from (group[first : first + _AT_ONCE] for first in range(0, len(group), _AT_ONCE))


def _same(one: FloatArray, other: FloatArray) -> bool:
    return one is other or np.array_equal(one, other)
