"""The parts of the judge: sawtooth floors, unrecorded restarts, staircases, spikes, calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.stats.envelope import cycle_minima
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.lives import split_at_drops
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.detection.stats.staircase import has_fallen_quiet, rises_of
from leakdoc.detection.stats.tidying import tidy, without_spikes
from leakdoc.model.decision import Decision
from leakdoc.units import format_duration

MIB = 2.0**20
POLICY = GrowthPolicy()
T = np.arange(1_000.0)


def plain(values: FloatArray) -> Series:
    n = len(values)
    return Series(
        times_s=np.arange(float(n)), values=np.asarray(values), life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes",
    )  # fmt: skip


def noise(seed: int = 3) -> FloatArray:
    return 0.1 * MIB * np.random.default_rng(seed).normal(size=len(T))


def test_the_floor_of_a_sawtooth_is_right_after_each_collection() -> None:
    rows = tidy(plain(100 * MIB + (T % 50) * MIB + noise()))
    floors = cycle_minima(rows, POLICY)
    assert floors is not None
    assert set((T[floors] % 50).tolist()) <= {0.0, 1.0, 49.0}


@pytest.mark.parametrize("signal", [0 * T, 30 * MIB * np.sin(T / 20), T * MIB])
def test_noise_waves_and_ramps_are_no_sawtooth(signal: FloatArray) -> None:
    assert cycle_minima(tidy(plain(300 * MIB + signal + noise())), POLICY) is None


def test_a_leak_behind_collections_is_told_from_plain_collections() -> None:
    sawtooth = 300 * MIB + (T % 50) * MIB + noise()
    assert judge(plain(sawtooth)).decision is Decision.STABLE
    assert judge(plain(sawtooth + 20 * MIB * T / 1_000)).decision is Decision.LEAKING


@pytest.mark.parametrize("missed", [4, 8, 13])
def test_a_collection_whose_floor_was_not_read_is_no_growth(missed: int) -> None:
    sawtooth = 300 * MIB + (T % 50) * MIB + noise()
    sawtooth[950 : 950 + missed] = np.nan
    found = judge(plain(sawtooth))
    assert found.decision is not Decision.LEAKING, found.reason


def test_a_leak_that_began_some_collections_ago_is_found() -> None:
    sawtooth = 300 * MIB + (T % 50) * MIB + noise()
    assert judge(plain(sawtooth + 60 * MIB * np.maximum(T - 500, 0) / 500)).decision is Decision.LEAKING


def test_a_drop_opens_a_life_and_a_spike_does_not() -> None:
    rows = tidy(plain(np.where(T < 500, 300.0, 100.0) * MIB + noise()))
    assert split_at_drops(rows, POLICY).lives == 2
    spiked = 300 * MIB + noise()
    spiked[400] = 900 * MIB
    cleaned = without_spikes(tidy(plain(spiked)), POLICY)
    assert (cleaned.spikes, split_at_drops(cleaned, POLICY).lives) == (1, 1)


@pytest.mark.parametrize(("jumps", "expected"), [(0, 0), (1, 1), (3, 3), (10, 8)])
def test_the_rises_of_a_staircase_are_counted(jumps: int, expected: int) -> None:
    values = 30 * MIB + MIB * np.floor(T * (jumps + 0.5) / 1_000)
    assert rises_of(tidy(plain(values))) == expected


def test_a_staircase_at_rest_has_fallen_quiet() -> None:
    rises = 30 * MIB + MIB * np.minimum(np.floor(T / 50), 8)
    assert has_fallen_quiet(tidy(plain(rises)), POLICY)
    assert not has_fallen_quiet(tidy(plain(rises[:450])), POLICY)


def test_three_jumps_are_no_leak_yet() -> None:
    found = judge(plain(30 * MIB + MIB * np.floor((np.arange(40.0) + 5) / 13)))
    assert found.decision is Decision.INCONCLUSIVE


def test_intervals_are_calibrated_on_plain_growth() -> None:
    held = 0
    for seed in range(40):
        found = judge(plain(300 * MIB + 0.02 * MIB * T + 10 * noise(seed)))
        slope = found.slope_per_s
        assert slope is not None and slope.low is not None and slope.high is not None
        held += slope.low <= 0.02 * MIB <= slope.high
    assert 35 <= held <= 40


def test_a_look_that_may_spend_less_asks_for_more() -> None:
    faint = plain(300 * MIB + 0.4 * MIB * T / 1_000 + 2 * noise(5))
    sure = judge(faint, replace(POLICY, material_fraction=0.0))
    strict = judge(faint, replace(POLICY, material_fraction=0.0), alpha=1e-8)
    assert sure.probability == strict.probability
    assert sure.decision is Decision.LEAKING
    assert strict.decision is not Decision.LEAKING


def test_growth_below_what_the_user_cares_for_is_stable() -> None:
    leak = plain(300 * MIB + 5 * MIB * T / 1_000 + noise())
    assert judge(leak).decision is Decision.LEAKING
    found = judge(leak, GrowthPolicy(smallest=MIB))
    assert found.decision is Decision.STABLE
    assert "under the" in found.reason


def test_less_than_the_data_can_show_is_not_ruled_out_but_waited_for() -> None:
    flat = plain(300 * MIB + noise())
    seen = judge(flat).smallest_detectable_per_s
    assert seen is not None
    found = judge(flat, GrowthPolicy(smallest=0.5 * seen))
    assert (found.decision, found.evidence["rule"]) == (Decision.INCONCLUSIVE, "less_was_asked")
    assert found.needs_more_s is not None
    assert f"needs about {format_duration(found.needs_more_s)} more to prove or rule out" in found.reason
    assert judge(flat, GrowthPolicy(smallest=2.0 * seen)).decision is Decision.STABLE


def test_what_no_watch_would_show_is_said_so_in_a_sentence() -> None:
    found = judge(plain(300 * MIB + noise()), GrowthPolicy(smallest=1.0 / 3600.0))
    assert (found.evidence["rule"], found.needs_more_s) == ("less_was_asked", None), found.reason
    assert found.reason.endswith("; no longer look would prove or rule out 1 B/h"), found.reason


def test_what_must_last_must_last_in_the_worst_case() -> None:
    flat = replace(plain(300 * MIB + noise()), limit=301 * MIB)
    assert judge(flat).decision is Decision.STABLE
    found = judge(flat, GrowthPolicy(must_last=30 * 86_400.0))
    assert found.decision is Decision.INCONCLUSIVE
    assert "at worst the limit is reached in" in found.reason
    assert found.needs_more_s is not None
    assert f"needs about {format_duration(found.needs_more_s)} more" in found.reason


def test_what_must_last_needs_a_limit() -> None:
    found = judge(plain(300 * MIB + noise()), GrowthPolicy(must_last=30 * 86_400.0))
    assert found.decision is Decision.INCONCLUSIVE
    assert "--limit" in found.reason


def test_a_growing_dict_leaks_though_its_table_doubles() -> None:
    """Small objects that pile up steadily, and a hash table that is doubled three times meanwhile."""
    t = np.arange(120.0) * 0.5
    doublings = sum(size * MIB * (t > at) for at, size in ((5.2, 0.3), (11.7, 0.6), (27.3, 1.2)))
    steady = 9 * MIB + np.round((0.12 * MIB * t + doublings) / 4_096) * 4_096
    found = judge(replace(plain(steady), times_s=t))
    assert found.decision is Decision.LEAKING, found.reason


def test_less_than_an_arena_is_no_leak() -> None:
    """A cache of objects of many sizes, whose arenas fill ever better."""
    filling = 13 * MIB + 4_096 * np.floor(10 * np.log1p(np.arange(60.0)))
    assert judge(plain(filling)).decision is not Decision.LEAKING
