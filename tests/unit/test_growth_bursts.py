"""What is no restart, no jump and no wave: the ends of bursts, holes in the readings, growth that gathers speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.lives import present_rate, split_at_drops
from leakdoc.detection.stats.measuring import with_jumps
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.detection.stats.staircase import rises_of
from leakdoc.detection.stats.tidying import tidy
from leakdoc.model.decision import Decision
from leakdoc.units import Unit

MIB = 2.0**20
POLICY = GrowthPolicy()
WEEK = np.arange(0.0, 7 * 86_400.0, 300.0)
NIGHTLY = 80 * MIB * ((WEEK + 43_200.0) % 86_400.0 < 3_600.0)


def series(times: FloatArray, values: FloatArray, *, unit: Unit = "bytes") -> Series:
    return Series(
        times_s=times, values=values, life=np.zeros(len(times), dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit=unit,
    )  # fmt: skip


def noise(n: int, seed: int = 5, size: float = 0.1 * MIB) -> FloatArray:
    return np.asarray(size * np.random.default_rng(seed).normal(size=n))


def test_the_end_of_a_burst_opens_no_life() -> None:
    assert split_at_drops(tidy(series(WEEK, 100 * MIB + NIGHTLY + noise(len(WEEK)))), POLICY).lives == 1


def test_a_restart_opens_a_life_though_the_new_one_is_soon_as_large() -> None:
    at = np.arange(1_000.0)
    lives = np.where(at % 250 < 2, 20.0, 100.0) * MIB + noise(1_000)
    assert split_at_drops(tidy(series(at, lives)), POLICY).lives >= 4


@pytest.mark.parametrize("seed", range(4))
def test_a_leak_under_nightly_batches_is_found_and_batches_alone_are_no_leak(seed: int) -> None:
    batches = 100 * MIB + NIGHTLY + noise(len(WEEK), seed)
    assert judge(series(WEEK, batches + 40 * MIB * WEEK / WEEK[-1])).decision is Decision.LEAKING
    assert judge(series(WEEK, batches)).decision is not Decision.LEAKING


def test_a_hole_in_the_readings_is_no_jump() -> None:
    at = np.arange(1_000.0)
    kept = (at < 400) | (at > 480)
    leak = 100 * MIB + 20 * MIB * at / 1_000 + 4 * MIB * np.sin(at / 160) + 0.02 * noise(1_000)
    assert rises_of(tidy(series(at[kept], leak[kept]))) is None


@pytest.mark.parametrize("power", [2.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_growth_that_gathers_speed_was_not_as_high_before(power: float, seed: int) -> None:
    at = np.arange(600.0)
    found = judge(series(at, 100 * MIB + 60 * MIB * (at / 600) ** power + noise(600, seed)))
    assert found.decision is Decision.LEAKING, found.reason


def test_three_more_descriptors_are_three_jumps_at_most() -> None:
    at = np.arange(0.0, 3_600.0, 2.0)
    few = np.round(30 + 3.0 * at / 3_600 + noise(len(at), size=0.8))
    found = judge(series(at, few, unit="count"))
    assert found.evidence["rule"] == "too_few_rises", found.reason
    assert found.reason.startswith("rose by about 3 only")
    assert judge(series(at, few + np.round(20 * at / 3_600), unit="count")).decision is Decision.LEAKING


def test_stable_growth_that_is_at_most_so_much_is_under_what_matters() -> None:
    at = np.arange(0.0, 90.0, 0.5)
    found = judge(series(at, 12 * MIB + 57 * MIB * (1 - np.exp(-at / 13)) + noise(len(at), size=0.02 * MIB)))
    assert found.decision in (Decision.STABLE, Decision.WARMING_UP)
    assert "that matter" not in found.reason, found.reason


@pytest.mark.parametrize("seed", range(3))
def test_what_grew_and_was_given_back_for_good_is_no_leak_and_a_leak_across_a_restart_is(seed: int) -> None:
    at = np.arange(0.0, 1_000.0)
    hill = np.where(at < 870, np.clip((at - 580) / 290, 0.0, 1.0), 0.0)
    freed = judge(series(at, 200 * MIB + 140 * MIB * hill + noise(1_000, seed)))
    assert freed.decision is not Decision.LEAKING, freed.reason
    leak = judge(series(at, 200 * MIB + 0.3 * MIB * (at % 600) + noise(1_000, seed)))
    assert leak.decision is Decision.LEAKING, leak.reason


def test_a_hole_in_the_readings_does_not_make_two_processes_of_one() -> None:
    at = np.arange(0.0, 1_000.0)
    kept = (at < 200) | (at > 330)
    values = np.where(at < 870, 300.0, 100.0) * MIB + noise(1_000)
    found = judge(series(at[kept], values[kept]))
    assert (found.evidence["inferred_restarts"], found.evidence["processes_at_end"]) == (1, 1)


def test_the_present_life_is_asked_how_fast_it_rose() -> None:
    at, life = np.arange(80.0), (np.arange(80) >= 60).astype(np.intp)
    flat, rising = np.where(at < 60, 3.0 * at, 10.0), np.where(at < 60, 3.0 * at, 3.0 * (at - 60))
    assert present_rate(at, flat, life, 0.0) == 0.0
    assert present_rate(at, rising, life, 0.0) == pytest.approx(3.0)
    assert present_rate(at, flat, (at >= 75).astype(np.intp), 0.0) is None


def test_small_jumps_that_were_taken_out_may_be_bursts_of_the_growth_beside_them() -> None:
    policy = GrowthPolicy(burst_share=0.35)
    slopes = np.repeat(np.asarray([[7.0], [6.0], [8.0], [5.5], [8.5]]), 4, axis=1)
    pace, stepped = np.asarray([10.0, 30.0, 5.0, 10.0]), np.asarray([True, True, True, False])
    wider = with_jumps(slopes, pace, stepped, policy)
    assert wider[2].tolist() == [11.0, 8.0, 8.0, 8.0]  # a large step, a fall, and none move nothing
    assert np.all(wider[4] >= wider[2]) and np.array_equal(wider[[0, 1, 3]], slopes[[0, 1, 3]])


def test_a_leak_per_request_is_as_fast_as_all_requests_make_it() -> None:
    t = np.arange(3_600.0)
    rate = 20.0 * (1.0 + 0.9 * np.cos(2.0 * np.pi * t / 1_600.0))  # ends in a trough, half a bin of which was missed
    work = np.cumsum(rate)
    leak = replace(series(t, 100 * MIB + 2_000.0 * work + noise(len(t), size=2_000.0)), load=work)
    found = judge(leak)
    assert found.slope_per_s is not None
    assert found.slope_per_s.estimate == pytest.approx(2_000.0 * (work[-1] - work[0]) / t[-1], rel=0.002)
