"""How far the interval of a slope reaches: by what the rest of a fit does over long times, not by neighbours alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.model.finding import Interval

MIB = 2.0**20
T = np.arange(960.0)
POLICY = GrowthPolicy(rate_doubt=0.0)
BY_THE_FIT_ALONE = replace(POLICY, fit_degrees=1e9)


def slope(values: FloatArray, policy: GrowthPolicy = POLICY, life: FloatArray | None = None) -> Interval:
    lives = np.zeros(len(T), dtype=np.intp) if life is None else life.astype(np.intp)
    starts = T[np.flatnonzero(np.diff(lives, prepend=-1))]
    found = judge(
        Series(times_s=T, values=values, life=lives, life_started_s=starts, unit="bytes", starts_known=True), policy
    ).slope_per_s
    assert found is not None
    return found


def width(found: Interval) -> float:
    assert found.low is not None and found.high is not None
    return found.high - found.low


def holds(found: Interval, true: float) -> bool:
    assert found.low is not None and found.high is not None
    return found.low <= true <= found.high


@pytest.mark.parametrize(("arena", "each"), [(0.7, 29.1), (0.7, 19.3), (1.4, 19.3)])
def test_even_steps_go_to_and_fro_about_a_line_and_make_it_no_less_known(arena: float, each: float) -> None:
    staircase = 100 * MIB + arena * MIB * np.floor(T / each / arena + 0.3)
    assert width(slope(staircase)) < 0.7 * width(slope(staircase, BY_THE_FIT_ALONE))


def test_what_random_requests_leave_wanders_and_makes_a_line_no_better_known_than_the_fit_says() -> None:
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        held = 100 * MIB + 16_384.0 * np.cumsum(rng.poisson(1.0, len(T))) + 65_536.0 * rng.normal(size=len(T))
        ratios.append(width(slope(held)) / width(slope(held, BY_THE_FIT_ALONE)))
    assert 1.0 <= np.median(ratios) < 1.1


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_intervals_hold_the_slope_whether_noise_remembers_or_not(rho: float) -> None:
    held = []
    for seed in range(60):
        rng = np.random.default_rng([7, seed])
        shocks, noise = rng.normal(size=len(T)), np.zeros(len(T))
        for at in range(1, len(T)):
            noise[at] = rho * noise[at - 1] + np.sqrt(1.0 - rho * rho) * shocks[at]
        held.append(holds(slope(100 * MIB + 20 * MIB * T / 960.0 + 0.5 * MIB * noise), 20 * MIB / 960.0))
    assert 52 <= sum(held) <= 60


def test_many_short_lives_leave_no_room_for_long_waves_and_the_fit_speaks() -> None:
    life = T // 40
    leak = 100 * MIB + MIB * (T % 40) / 10.0 + 0.1 * MIB * np.random.default_rng(3).normal(size=len(T))
    found, alone = (slope(leak, policy, life) for policy in (POLICY, BY_THE_FIT_ALONE))
    assert holds(found, 0.1 * MIB)
    assert 0.6 < width(found) / width(alone) < 1.5


def test_growth_along_an_exact_line_is_known_as_well_as_by_the_fit() -> None:
    line = 100 * MIB + 65_536.0 * T
    assert width(slope(line)) <= width(slope(line, BY_THE_FIT_ALONE)) * 1.01
    assert holds(slope(line, GrowthPolicy()), 65_536.0)
