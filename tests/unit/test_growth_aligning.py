"""Series that were scraped at moments of their own are judged together, and as they are alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leakdoc.detection.stats import batch
from leakdoc.detection.stats.aligning import at_its_pace
from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series

STEPS = 240


def series(seed: int, *, missed: float = 0.0, jitter_s: float = 0.0, step_s: float = 60.0) -> Series:
    """One process of a fleet, of which every third leaks."""
    dice = np.random.default_rng(seed)
    times = 1.7e9 + dice.uniform(0.0, step_s) + step_s * np.arange(STEPS) + dice.uniform(0.0, jitter_s, STEPS)
    values = 2e8 + dice.normal(0.0, 2e5, STEPS) + (seed % 3 == 0) * 5e7 * np.linspace(0.0, 1.0, STEPS)
    kept = dice.uniform(size=STEPS) >= missed
    kept[[0, -1]] = True
    life = np.zeros(int(kept.sum()), dtype=np.intp)
    started = np.asarray([times[0] - dice.uniform(0.0, 1e6)])
    return Series(
        times_s=np.round(times[kept], 3), values=values[kept], life=life, life_started_s=started, unit="bytes",
        starts_known=True,
    )  # fmt: skip


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many series each round of fitting took."""
    taken: list[int] = []

    def counted(pairs: Sequence[Any], asked: Any) -> Any:
        taken.append(len(pairs))
        return verdicts(pairs, asked)

    verdicts = batch.verdicts_on
    monkeypatch.setattr(batch, "verdicts_on", counted)
    return taken


@pytest.mark.parametrize(("missed", "jitter_s"), [(0.0, 0.0), (0.0, 0.02), (0.03, 0.0), (0.03, 0.02)])
def test_a_fleet_is_fitted_in_one_round(missed: float, jitter_s: float, rounds: list[int]) -> None:
    many = [series(seed, missed=missed, jitter_s=jitter_s) for seed in range(30)]
    found = judge_many(many)
    assert rounds == [30]
    for one, told in zip(many, found, strict=True):
        alone = judge(one)
        assert alone.decision is told.decision
        assert alone.evidence["from"] == told.evidence["from"] == one.times_s[0]
        assert told.confidence == pytest.approx(alone.confidence, rel=1e-3)
        if alone.slope_per_s is not None and told.slope_per_s is not None:
            assert told.slope_per_s.estimate == pytest.approx(alone.slope_per_s.estimate, rel=1e-3, abs=1.0)


def test_missing_scrapes_are_missing_readings() -> None:
    one = series(1, missed=0.05)
    even = at_its_pace(one)
    assert len(even.times_s) == STEPS
    assert np.isfinite(even.values).sum() == len(one.values)
    there = np.isfinite(even.values)
    assert np.allclose(even.times_s[there], one.times_s, atol=0.6)
    assert np.array_equal(even.values[there], one.values)
    assert judge(one).evidence["samples"] == len(one.values)


@pytest.mark.parametrize("spoil", ["no pace", "long gap", "descending", "not finite", "few"])
def test_what_has_no_pace_is_left_as_it_is(spoil: str) -> None:
    one = series(2, jitter_s=30.0 if spoil == "no pace" else 0.0)
    times = one.times_s.copy()
    if spoil == "long gap":
        times[STEPS // 2 :] += 1e5
    if spoil == "descending":
        times = times[::-1].copy()
    if spoil == "not finite":
        times[STEPS // 2] = np.inf
    kept = slice(0, 8) if spoil == "few" else slice(None)
    odd = Series(
        times_s=times[kept], values=one.values[kept], life=one.life[kept], life_started_s=one.life_started_s,
        unit="bytes",
    )  # fmt: skip
    assert at_its_pace(odd) is odd
    assert judge_many([odd, one])[1].decision is judge(one).decision


def test_the_metrics_of_one_workload_are_fitted_in_one_round(rounds: list[int]) -> None:
    pods = [series(seed) for seed in (1, 2, 4)]
    life = np.repeat(np.arange(3, dtype=np.intp), STEPS)
    times, dice = np.concatenate([each.times_s for each in pods]), np.random.default_rng(5)
    values = np.concatenate([each.values for each in pods])
    started = np.concatenate([each.life_started_s for each in pods])
    of_each = (
        values, values * 0.8 + 1e5 * np.tile(np.arange(STEPS), 3), values + dice.normal(0, 1e5, 3 * STEPS),
    )  # fmt: skip
    many = [replace(pods[0], times_s=times, life=life, life_started_s=started, values=each) for each in of_each]
    found = judge_many(many)
    assert rounds[0] == 3
    assert len({told.decision for told in found}) > 1
    for one, told in zip(many, found, strict=True):
        alone = judge(one)
        assert (alone.decision, alone.reason) == (told.decision, told.reason)


def test_metrics_that_share_a_load_are_told_in_one_round_as_they_are_alone(rounds: list[int]) -> None:
    dice, base = np.random.default_rng(8), series(1)
    rate = 100.0 * (1.2 + np.sin(np.arange(STEPS) / 70.0))
    slow = np.convolve(np.pad(rate, (80, 0), mode="edge"), np.exp(-np.arange(81) / 20.0), mode="valid")
    shapes = [1e5 * rate, 2e5 * rate + 1e4 * np.arange(STEPS), 1e4 * slow, np.zeros(STEPS)]
    many = [
        replace(base, load=np.cumsum(rate), values=2e8 + shape + dice.normal(0, 5e5, STEPS)) for shape in shapes
    ]  # fmt: skip
    found = judge_many(many)
    assert rounds == [4]
    for one, told in zip(many, found, strict=True):
        alone = judge(one)
        assert (alone.decision, alone.reason) == (told.decision, told.reason)


def test_series_with_loads_of_their_own_are_fitted_alone(rounds: list[int]) -> None:
    base = series(1)
    judge_many([replace(base, load=np.cumsum(np.full(STEPS, rate))) for rate in (9.0, 10.0)])
    assert rounds == [1, 1]


HUGE = np.finfo(float).max


@pytest.mark.parametrize("wild", [np.inf, -np.inf, np.nan, 1e308, -HUGE])
@pytest.mark.parametrize("place", ["first", "last", "both ends", "two within", "every other", "all"])
@pytest.mark.parametrize("lives", [1, 3])
def test_times_out_of_reach_are_as_if_they_were_not_there(wild: float, place: str, lives: int) -> None:
    one = series(3)
    at = {
        "first": [0], "last": [-1], "both ends": [0, -1], "two within": [5, 6], "every other": slice(None, None, 2),
        "all": slice(None),
    }[place]  # fmt: skip
    times = one.times_s.copy()
    times[at] = wild
    if place == "both ends":
        times[0] = -wild
    life = np.repeat(np.arange(lives), STEPS // lives)
    odd = replace(one, times_s=times, life=life, life_started_s=np.full(lives, wild))
    near = np.abs(times) < 1e15
    without = replace(
        one, times_s=times[near], values=one.values[near], life=life[near], life_started_s=np.full(lives, np.nan)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = judge_many([odd, one, without])
    assert told[0].decision is told[2].decision
    slopes = [one.slope_per_s and one.slope_per_s.estimate for one in told]
    assert slopes[0] == (slopes[2] and pytest.approx(slopes[2], rel=1e-2))
    assert told[1].reason == judge(one).reason
