"""A watch that looks many times: the same trace, a little more of it each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.detection.scene import Labelled
from leakdoc.detection.looks import LookSchedule
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Series
from leakdoc.model.decision import Decision

LOOKS = 20


def prefixes(series: Series, looks: int = LOOKS) -> Iterator[Series]:
    """Yield the first twentieth, two twentieths, and so on."""
    first, last = float(np.min(series.times_s)), float(np.max(series.times_s))
    for look in range(1, looks + 1):
        rows = series.times_s <= first + (last - first) * look / looks
        lives = np.unique(series.life[rows])
        yield replace(
            series,
            times_s=series.times_s[rows],
            values=series.values[rows],
            life=np.searchsorted(lives, series.life[rows]),
            life_started_s=series.life_started_s[lives],
            load=None if series.load is None else series.load[rows],
        )


def alarm_at(labelled: Labelled, policy: GrowthPolicy, *, spends: bool = True) -> int | None:
    """Return the look that first says leaking, as a watch of that length does; null if none does.

    Args:
        policy: `planned` is set here where the watch is to be patient.
        spends: whether all looks together may err as often as one.
    """
    schedule = LookSchedule(LOOKS if spends else None, policy.alpha)
    for look, part in enumerate(prefixes(labelled.series), start=1):
        if judge(part, policy, alpha=schedule.spend(look)).decision is Decision.LEAKING:
            return look
    return None
