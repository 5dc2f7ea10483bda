"""How long growth must have lasted in a watch that may stop early."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.model.decision import Decision

MIB = 2**20
PLANNED_S = 900.0
WATCH = GrowthPolicy(planned=PLANNED_S)


def leak_seen_for(seconds: float, *, ran_before_s: float, limit: float | None = None, start: float = 300.0) -> Growth:
    t = np.arange(seconds)
    noise = 0.02 * MIB * np.random.default_rng(3).normal(size=len(t))
    series = Series(
        times_s=1e9 + t, values=np.round((start * MIB + 0.06 * MIB * t + noise) / 4_096) * 4_096,
        life=np.zeros(len(t), dtype=np.intp), life_started_s=np.asarray([1e9 - ran_before_s]), unit="bytes",
        starts_known=True, limit=limit,
    )  # fmt: skip
    return judge(series, WATCH, alpha=0.0025)


def test_growth_since_the_start_of_a_young_process_must_last_for_most_of_the_watch() -> None:
    young = leak_seen_for(0.4 * PLANNED_S, ran_before_s=0.0)
    assert (young.decision, young.evidence["rule"]) == (Decision.INCONCLUSIVE, "not_for_long")
    assert young.needs_more_s == pytest.approx(0.2 * PLANNED_S, abs=2.0)
    assert leak_seen_for(0.65 * PLANNED_S, ran_before_s=0.0).decision is Decision.LEAKING


def test_what_has_gone_on_for_hours_is_named_within_minutes() -> None:
    assert leak_seen_for(110.0, ran_before_s=6 * 3_600.0).decision is Decision.LEAKING
    assert leak_seen_for(35.0, ran_before_s=6 * 3_600.0).decision is Decision.INCONCLUSIVE
    assert leak_seen_for(90.0, ran_before_s=1_200.0).decision is Decision.INCONCLUSIVE


def test_where_the_limit_is_near_nobody_waits() -> None:
    assert leak_seen_for(90.0, ran_before_s=0.0, limit=312.0 * MIB).decision is Decision.LEAKING
