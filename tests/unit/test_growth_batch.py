"""Many series at once get the verdicts that each gets alone."""

from __future__ import annotations

import numpy as np

from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series
from leakdoc.model.decision import Decision

MIB = 2.0**20


def series(seed: int, *, n: int = 400, grown: float = 0.0) -> Series:
    values = 200 * MIB + grown * np.arange(n) / n + 0.2 * MIB * np.random.default_rng(seed).normal(size=n)
    return Series(
        times_s=np.arange(float(n)), values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes",
    )  # fmt: skip


def test_each_gets_the_verdict_that_it_gets_alone_in_its_order() -> None:
    many = [series(1), series(2, grown=40 * MIB), series(3, n=5), series(4, n=700)]
    found = judge_many(many)
    assert [each.decision for each in found[:3]] == [Decision.STABLE, Decision.LEAKING, Decision.INCONCLUSIVE]
    assert [(each.decision, each.reason) for each in found] == [
        (judge(one).decision, judge(one).reason) for one in many
    ]


def test_no_series_no_verdict() -> None:
    assert judge_many([]) == []
