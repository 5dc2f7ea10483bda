"""A rise that ended long ago is stable, be it made of steps; a staircase that pauses as it always did is not."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.resting import rests_for_long, until_no_step_follows
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.model.decision import Decision

MIB = 2.0**20
T = np.arange(0.0, 3_600.0, 5.0)


def series(values: FloatArray) -> Series:
    n = len(values)
    return Series(
        times_s=np.arange(float(n)) * 5.0, values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes",
    )  # fmt: skip


def noise(seed: int) -> FloatArray:
    return np.asarray(0.1 * MIB * np.random.default_rng(seed).normal(size=len(T)))


def steps(*at: float) -> FloatArray:
    return np.asarray(200 * MIB + 25 * MIB * sum((3_600.0 * each < T).astype(float) for each in at))


@pytest.mark.parametrize("seed", range(4))
def test_a_heap_that_expanded_by_steps_and_then_rests_is_stable(seed: int) -> None:
    found = judge(series(steps(0.05, 0.2, 0.35) + noise(seed)))
    assert found.decision is Decision.STABLE, found.reason
    assert found.evidence["rule"] == "at_rest"
    assert "earlier; since then" in found.reason


@pytest.mark.parametrize("seed", range(4))
def test_a_staircase_that_pauses_as_before_is_not_stable(seed: int) -> None:
    found = judge(series(steps(0.1, 0.35, 0.58) + noise(seed)))
    assert found.decision is not Decision.STABLE, found.reason


@pytest.mark.parametrize("seed", range(4))
def test_growth_that_goes_on_in_the_rest_is_not_stable(seed: int) -> None:
    growing = steps(0.05, 0.2, 0.35) + 60 * MIB * T / 3_600
    assert judge(series(growing + noise(seed))).decision is not Decision.STABLE


@pytest.mark.parametrize("seed", range(4))
def test_the_way_down_of_a_wave_is_no_rest_for_it_may_hide_a_leak(seed: int) -> None:
    wave = 40 * MIB * np.sin(2 * np.pi * (0.9 * T / 3_600 - 0.15))
    found = judge(series(200 * MIB + wave + 40 * MIB * T / 3_600 + noise(seed)))
    assert found.decision is not Decision.STABLE, found.reason


@pytest.mark.parametrize("seed", range(4))
def test_a_rest_that_falls_by_less_than_matters_is_one(seed: int) -> None:
    falling = -2 * MIB * np.maximum(T - 1_800, 0.0) / 1_800
    assert judge(series(steps(0.05, 0.2, 0.35) + falling + noise(seed))).evidence["rule"] == "at_rest"


def test_a_rest_in_a_fleet_is_judged_as_alone() -> None:
    many = [series(steps(0.05, 0.2, 0.3 + 0.02 * each) + noise(each)) for each in range(4)]
    many.append(series(200 * MIB + 60 * MIB * T / 3_600 + noise(9)))
    alone = [judge(each) for each in many]
    assert [each.decision for each in judge_many(many)] == [each.decision for each in alone]
    assert [each.evidence["rule"] for each in judge_many(many)] == [each.evidence["rule"] for each in alone]


@pytest.mark.parametrize(
    ("at", "expected"),
    [((0.1, 0.2), True), ((0.1, 0.4), False), ((0.3,), True), ((), True), ((0.1, 0.2, 0.3, 0.59), False)],
)
def test_a_rest_is_measured_by_the_pauses_before_it(at: tuple[float, ...], expected: bool) -> None:
    y = np.asarray(sum((3_600.0 * each < T).astype(float) for each in at) + 0.0 * T)
    assert rests_for_long(T, y, T >= 0.6 * 3_600.0, GrowthPolicy()) is expected


@pytest.mark.parametrize("at", [(0.3, 0.65), (0.02, 0.35, 0.68)])
@pytest.mark.parametrize("seed", range(3))
def test_steps_of_one_size_that_may_go_on_are_not_stable(seed: int, at: tuple[float, ...]) -> None:
    found = judge(series(steps(*at) + noise(seed)))
    assert found.decision is Decision.INCONCLUSIVE, found.reason
    assert found.needs_more_s is None and found.look_again_s is not None


def test_two_steps_are_stable_once_no_third_has_come() -> None:
    assert judge(series(steps(0.05, 0.2) + noise(1))).decision is Decision.STABLE


@pytest.mark.parametrize(
    ("at", "sizes", "needs"),
    [
        ((0.3, 0.6), (1.0, 1.0), 0.35),
        ((0.3, 0.6), (1.0, 0.3), 0.0),
        ((0.1, 0.2), (1.0, 1.0), 0.0),
        ((0.6,), (1.0,), 0.0),
        ((), (), 0.0),
    ],
)
def test_how_long_until_no_step_follows(at: tuple[float, ...], sizes: tuple[float, ...], needs: float) -> None:
    y = np.asarray(sum((size * (3_600.0 * each < T) for each, size in zip(at, sizes, strict=True)), 0.0 * T))
    found = max(until_no_step_follows(T, y, GrowthPolicy()), 0.0)
    assert found == pytest.approx(3_600.0 * needs, abs=30.0)


@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_a_rest_that_grows_again_is_judged_on_its_own_bins_in_a_planned_watch(rate: float) -> None:
    grows = rate * MIB * np.maximum(T / 3_600.0 - 0.55, 0.0)
    found = judge(series(steps(0.05, 0.2, 0.35) + noise(0) + grows), GrowthPolicy(planned=36_000.0))
    assert found.decision in (Decision.STABLE, Decision.INCONCLUSIVE)
