"""Cycles of a length that nobody told are taken out where they plainly repeat, and only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.cycles import cycles_of
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.model.decision import Decision

MIB = 2.0**20
SPAN = 9_500.0
X = np.linspace(0.0, 1.0, 96)


def found(y: FloatArray) -> float | None:
    t, n = SPAN * X, len(X)
    bins = Bins(t=t, age=t, y=y, life=np.zeros(n, dtype=np.intp), work=None, rate=None, resolution=0.0)
    (period,) = cycles_of(bins, y[None, :], np.ones((n, 1)))
    return period


def noise(seed: int, n: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize("turns", [2.61, 3.77, 5.0, 8.42])
def test_the_period_of_a_cycle_is_found(turns: float) -> None:
    y = 100.0 + 30.0 * X + 5.0 * np.sin(2 * np.pi * turns * X + 0.7) + 0.5 * noise(1, len(X))
    assert found(y) == pytest.approx(SPAN / turns, rel=0.01)


@pytest.mark.parametrize(
    "shape",
    [
        lambda x: x > 0.4,
        lambda x: np.maximum(x - 0.5, 0.0),
        lambda x: 1.0 - np.exp(-x / 0.1),
        lambda x: np.minimum(x / 0.3, 1.0),
        lambda x: (x > 0.3).astype(float) + (x > 0.6),
        lambda x: np.exp(-(((x - 0.5) / 0.1) ** 2)),
        lambda x: np.where(x < 0.5, np.sin(8 * np.pi * x), 0.0),
        lambda x: (4.3 * x) % 1.0,
        lambda x: ((6.0 * x) % 1.0) ** 0.7,
        lambda x: 0.0 * x,
    ],
)
def test_what_does_not_repeat_is_no_cycle(shape: Callable[[FloatArray], FloatArray]) -> None:
    y = 100.0 + 20.0 * np.asarray(shape(X), dtype=float)
    assert found(y + 0.3 * noise(2, len(X))) is None
    assert found(y) is None


@pytest.mark.parametrize("seed", range(40))
def test_a_walk_at_random_is_no_cycle(seed: int) -> None:
    assert found(np.cumsum(noise(seed, len(X)))) is None


def wavy(seed: int, turns: float, leak: float) -> Series:
    n = 1_200
    x = np.linspace(0.0, 1.0, n)
    values = MIB * (400.0 + 60.0 * np.sin(2 * np.pi * turns * x + seed) + leak * x + 2.0 * noise(seed, n))
    return Series(
        times_s=np.arange(float(n)) * 5.0, values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes",
    )  # fmt: skip


@pytest.mark.parametrize("turns", [2.7, 4.1, 7.3])
@pytest.mark.parametrize("seed", range(3))
def test_a_leak_under_a_cycle_is_found_and_the_cycle_alone_is_none(turns: float, seed: int) -> None:
    leak, flat = judge(wavy(seed, turns, 80.0)), judge(wavy(seed, turns, 0.0))
    assert leak.decision is Decision.LEAKING, leak.reason
    assert flat.decision is Decision.STABLE, flat.reason
    assert flat.evidence["cycle_s"] == pytest.approx(6_000.0 / turns, rel=0.02)
    assert all("beside a cycle of " in each.reason for each in (leak, flat))


def test_cycles_in_a_fleet_are_judged_as_alone() -> None:
    many = [wavy(seed, turns, leak) for seed, turns in enumerate((2.7, 4.1, 9.0)) for leak in (0.0, 80.0)]
    alone, together = [judge(each) for each in many], judge_many(many)
    assert [each.decision for each in together] == [each.decision for each in alone]
    assert [each.evidence["cycle_s"] for each in together] == [each.evidence["cycle_s"] for each in alone]


@pytest.mark.parametrize("seed", range(5))
def test_jobs_of_one_pace_have_one_period(seed: int) -> None:
    y = 100.0 + 5.0 * np.sin(2 * np.pi * SPAN * X / 1_800.0 + seed) + 0.5 * noise(seed, len(X))
    assert found(y) == 1_800.0
