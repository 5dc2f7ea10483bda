"""What the rules may not say: waves that leak, leaks that are stable, verdicts within seconds."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.model.decision import Decision
from leakdoc.units import Unit

MIB = 2.0**20
T = np.arange(600.0)


def series(values: FloatArray, *, every: float = 1.0, limit: float | None = None, unit: Unit = "bytes") -> Series:
    n = len(values)
    return Series(
        times_s=np.arange(float(n)) * every, values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([0.0]), unit=unit, starts_known=True, limit=limit,
    )  # fmt: skip


def noise(seed: int = 1, n: int = 600) -> FloatArray:
    return np.asarray(0.05 * MIB * np.random.default_rng(seed).normal(size=n))


@pytest.mark.parametrize("period", [200.0, 290.0])
def test_the_last_rise_of_an_unfinished_cycle_is_no_leak(period: float) -> None:
    found = judge(series(100 * MIB + 20 * MIB * (T % period) / period + noise()))
    assert found.decision is not Decision.LEAKING, found.reason


@pytest.mark.parametrize("period", [300.0, 400.0, 500.0, 600.0])
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_a_wave_of_few_periods_is_no_leak(period: float, phase: float) -> None:
    found = judge(series(100 * MIB + 20 * MIB * np.sin(2 * np.pi * (T / period + phase)) + noise()))
    assert found.decision is not Decision.LEAKING, found.reason


@pytest.mark.parametrize("period", [250.0, 340.0, 450.0])
def test_a_cycle_that_ends_at_its_crest_is_as_high_as_before_and_no_more(period: float) -> None:
    found = judge(series(100 * MIB + 20 * MIB * ((T / period + 0.25) % 1.0) + noise()))
    assert found.evidence["rule"] == "as_high_before", found.reason


def test_falls_that_may_be_collections_or_restarts_prove_no_leak() -> None:
    saw = series(95 * MIB + 6 * MIB * (T % 120) / 120 + noise())
    unknown = replace(saw, life_started_s=np.asarray([np.nan]), starts_known=False)
    found = judge(unknown)
    assert found.decision is Decision.INCONCLUSIVE
    assert found.reason.endswith("process start times would settle it")


def test_a_leak_under_a_wave_of_its_own_size_is_found() -> None:
    found = judge(series(100 * MIB + 60 * MIB * T / 600 + 4 * MIB * np.sin(2 * np.pi * T / 50) + noise()))
    assert found.decision is Decision.LEAKING, found.reason


def test_stable_names_no_less_than_what_surely_grows() -> None:
    found = judge(series(95.4 * MIB + 1.72 * MIB / 3_600 * T + 0.3 * noise()))
    assert found.decision is Decision.STABLE
    assert found.slope_per_s is not None and found.slope_per_s.low is not None and found.slope_per_s.low > 0.0
    assert found.reason.startswith("grows at most 1.7")
    assert "unseen" not in found.reason


def test_sure_growth_above_what_was_asked_for_is_not_stable() -> None:
    policy = GrowthPolicy(smallest=100 * 1_024 / 3_600)
    found = judge(series(95.4 * MIB + 1.72 * MIB / 3_600 * T + 0.3 * noise()), policy)
    assert found.decision is Decision.INCONCLUSIVE
    assert "above the 100 KiB/h that was asked for" in found.reason
    assert found.needs_more_s is not None and found.needs_more_s > 0.0


@pytest.mark.parametrize("policy", [GrowthPolicy(), GrowthPolicy(smallest=MIB)])
def test_nothing_is_stable_within_seconds(policy: GrowthPolicy) -> None:
    found = judge(series(100 * MIB + noise(n=800), every=0.01), policy)
    assert found.decision is Decision.INCONCLUSIVE, found.reason
    assert found.needs_more_s == pytest.approx(12.0, abs=0.1)


def test_stable_tells_its_worst_case() -> None:
    assert "at worst grows" in judge(series(100 * MIB + noise())).reason


def test_a_limit_that_is_passed_is_said_to_be() -> None:
    leak = judge(series(100 * MIB + 40 * MIB * T / 600 + noise(), limit=120 * MIB))
    flat = judge(series(100 * MIB + noise(), limit=90 * MIB))
    assert leak.reason.endswith("; the limit is already passed")
    assert flat.reason.endswith("; the limit is already passed")


def test_values_too_large_for_a_rate_have_none() -> None:
    found = judge(series(1e308 * (1.0 + T / 1_200)))
    assert found.decision is Decision.INCONCLUSIVE
    assert found.slope_per_s is None
    assert found.reason == "the values are too large for a rate to be told"


@pytest.mark.parametrize("readings", [0, 1, 2, 3, 5, 8])
def test_a_handful_of_readings_is_judged_without_warning(readings: int) -> None:
    policy = GrowthPolicy(min_samples=0, min_bins=1, min_cycles=1, bins=2)
    few = series(100 * MIB + noise(n=readings))
    unknown = Series(
        times_s=few.times_s, values=few.values, life=few.life, life_started_s=np.asarray([np.nan]), unit="bytes"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge(few, policy).reason
        assert judge(unknown, policy).decision is not Decision.LEAKING


def test_growth_with_requests_that_have_ceased_is_left_open() -> None:
    """A heap that grew under load and stood still once nobody asked: a leak and a warm-up look the same."""
    n = 800
    t = np.arange(float(n))
    rng = np.random.default_rng(4)
    rate = np.where(t < 400, 50.0, 0.02)
    load = np.cumsum(rng.poisson(rate)).astype(float)
    values = 400 * MIB + 60 * MIB * load / load[-1] + 0.1 * MIB * rng.normal(size=n)
    series = Series(
        times_s=t, values=values, life=np.zeros(n, dtype=np.intp), life_started_s=np.asarray([np.nan]), unit="bytes",
        load=load,
    )  # fmt: skip
    found = judge(series)
    assert not found.decision.is_fault


@pytest.mark.parametrize("every", [1.0, 60.0, 300.0])
@pytest.mark.parametrize("unit", ["bytes", "count"])
@pytest.mark.parametrize(("readings", "leaks"), [(3, False), (5, False), (24, True)])
def test_growth_of_a_few_readings_is_no_leak_yet(every: float, unit: Unit, readings: int, leaks: bool) -> None:
    dice = np.random.default_rng(7)
    quiet = dice.poisson(8, 80).astype(float) if unit == "count" else 200 * MIB + MIB * dice.normal(size=80)
    step = 60.0 if unit == "count" else 20 * MIB
    values = quiet + step * np.maximum(np.arange(80.0) - (79 - readings), 0.0)
    found = judge(series(values, every=every, unit=unit))
    assert (found.decision is Decision.LEAKING) is leaks, found.reason
    assert leaks or found.decision is Decision.INCONCLUSIVE


def test_whole_things_rise_by_whole_numbers() -> None:
    readers = np.random.default_rng(3).poisson(20, 600)
    found = judge(series(readers + 57.3 * (T > 520), unit="count"))
    assert found.reason.startswith("rose 58 not long ago; "), found.reason


def test_what_levels_off_is_said_to_once() -> None:
    age = np.tile(60.0 * np.arange(50), 12)[:570]
    one = series(120 * MIB + 40 * MIB * (1.0 - np.exp(-age / 300.0)) + noise()[:570], every=60.0)
    recycled = replace(one, life=np.repeat(np.arange(12), 50)[:570], life_started_s=one.times_s[::50])
    found = judge(recycled)
    assert found.decision is Decision.WARMING_UP and found.shape == "saturating", found.reason
    assert found.reason.endswith("and is levelling off; look again once it has been flat")


def test_a_few_quick_readings_need_as_long_as_the_next_rule_asks_for() -> None:
    found = judge(series(100 * MIB + noise(n=10), every=0.25))
    assert found.evidence["rule"] == "too_little"
    assert found.needs_more_s == pytest.approx(GrowthPolicy().lasts_at_least - 2.25)


def test_growth_as_of_a_logarithm_has_no_end_to_wait_for() -> None:
    found = judge(series(100 * MIB + 5 * MIB * np.log1p(T / 2.0) + noise()))
    assert (found.evidence["rule"], found.shape) == ("slowing_down", "logarithmic")
    assert found.needs_more_s is None and "no longer look would settle it" in found.reason
