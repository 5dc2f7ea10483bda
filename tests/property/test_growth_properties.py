"""What must hold for the judge whatever the numbers are."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import FloatArray, Growth, Series
from leakdoc.model.decision import Decision
from leakdoc.units import Unit

MIB = 2.0**20
N = 600
T = np.arange(float(N))
FEW = settings(max_examples=12)
MANY = settings(max_examples=60)
KINDS = ("leak", "stable", "warm", "late", "load")


def plain(values: FloatArray, times: FloatArray | None = None, load: FloatArray | None = None) -> Series:
    n = len(values)
    return Series(
        times_s=np.arange(float(n)) if times is None else times, values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes", load=load,
    )  # fmt: skip


def clear(kind: str, seed: int) -> Series:
    """A series far from every threshold."""
    rng = np.random.default_rng(seed)
    noise = 0.2 * MIB * rng.normal(size=N)
    signal = {
        "leak": 40 * MIB * T / N,
        "stable": 0 * T,
        "warm": -40 * MIB * np.exp(-T / 25),
        "late": 60 * MIB * np.maximum(T / N - 0.5, 0),
        "load": 40 * MIB * (1 + np.sin(T / 25)),
    }[kind]
    load = np.cumsum(rng.poisson(100 * (1.05 + np.sin(T / 25)))).astype(float) if kind == "load" else None
    return plain(300 * MIB + signal + noise, load=load)


def agree(one: Decision, other: Decision) -> bool:
    """Whether two looks at the same thing agree: a fault stays one, and of the others one may be left open."""
    if one.is_fault or other.is_fault:
        return one is other
    return one is other or Decision.INCONCLUSIVE in (one, other)


def verdict(series: Series) -> Growth:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return judge(series)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=st.integers(0, 10_000), shift=st.floats(-1e9, 2e9), grown=st.floats(0, 3e8))
def test_shifting_time_or_level_changes_nothing(kind: str, seed: int, shift: float, grown: float) -> None:
    series = clear(kind, seed)
    moved = replace(series, times_s=series.times_s + shift, values=series.values + grown)
    assert verdict(moved).decision is verdict(series).decision


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=st.integers(0, 10_000), scale=st.floats(0.3, 300))
def test_scaling_the_values_scales_the_slope(kind: str, seed: int, scale: float) -> None:
    series = clear(kind, seed)
    before, after = verdict(series), verdict(replace(series, values=series.values * scale))
    assert after.decision is before.decision
    assert before.slope_per_s is not None and after.slope_per_s is not None
    if before.decision is Decision.LEAKING:
        assert after.slope_per_s.estimate == pytest.approx(scale * before.slope_per_s.estimate, rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=st.integers(0, 10_000))
def test_every_other_reading_or_a_missing_tenth_may_leave_it_open_but_says_nothing_else(kind: str, seed: int) -> None:
    series, rng = clear(kind, seed), np.random.default_rng(seed + 1)
    expected = verdict(series).decision
    for rows in (np.arange(0, N, 2), np.flatnonzero(rng.random(N) > 0.1)):
        load = None if series.load is None else series.load[rows]
        thinned = plain(series.values[rows], series.times_s[rows], load)
        assert agree(verdict(thinned).decision, expected)
    holes = series.values.copy()
    holes[rng.random(N) < 0.1] = np.nan
    assert agree(verdict(replace(series, values=holes)).decision, expected)


@FEW
@given(seed=st.integers(0, 10_000), leaks=st.booleans())
def test_the_order_of_workers_does_not_matter(seed: int, leaks: bool) -> None:
    rng = np.random.default_rng(seed)
    growth = 40 * MIB * T / N if leaks else 0 * T
    workers = [300 * MIB + 10 * MIB * k + growth + 0.2 * MIB * rng.normal(size=N) for k in range(3)]

    def together(order: list[int]) -> Growth:
        return verdict(
            Series(
                times_s=np.tile(T, 3), values=np.concatenate([workers[k] for k in order]),
                life=np.repeat(np.arange(3), N), life_started_s=np.zeros(3), unit="bytes", starts_known=True,
            )
        )  # fmt: skip

    one, other = together([0, 1, 2]), together([2, 0, 1])
    assert one.decision is other.decision is (Decision.LEAKING if leaks else Decision.STABLE)
    assert one.slope_per_s is not None and other.slope_per_s is not None
    assert one.slope_per_s.estimate == pytest.approx(other.slope_per_s.estimate, rel=1e-6, abs=1.0)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=st.integers(0, 10_000), times=st.floats(1.0, 5.0))
def test_adding_a_leak_never_turns_leaking_into_stable(kind: str, seed: int, times: float) -> None:
    series = clear(kind, seed)
    worse = replace(series, values=series.values + times * 40 * MIB * T / N)
    if verdict(series).decision is Decision.LEAKING:
        assert verdict(worse).decision is Decision.LEAKING
    else:
        assert verdict(worse).decision is not Decision.STABLE


ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=64)
AROUND = st.floats(-1e18, 1e18) | st.just(np.nan) | st.just(np.inf) | st.just(0.0)


@MANY
@given(data=st.data(), n=st.integers(0, 120), unit=st.sampled_from(["bytes", "count", "seconds"]))
def test_whatever_comes_in_a_defined_verdict_comes_out(data: st.DataObject, n: int, unit: Unit) -> None:
    values = data.draw(arrays.arrays(np.float64, n, elements=data.draw(st.sampled_from([ANY_FLOAT, AROUND]))))
    times = data.draw(arrays.arrays(np.float64, n, elements=ANY_FLOAT | st.floats(0, 1e4)))
    lives = np.sort(data.draw(arrays.arrays(np.intp, n, elements=st.integers(0, 3))))
    series = replace(plain(values), times_s=times, life=lives, life_started_s=np.asarray([np.nan, 0.0, 1e3, np.inf]))
    series = replace(series, unit=unit, load=data.draw(st.none() | arrays.arrays(np.float64, n, elements=AROUND)))
    found = verdict(series)
    assert found.reason
    numbers = (found.probability, found.smallest_detectable_per_s, found.level, found.needs_more_s)
    assert all(number is None or np.isfinite(number) for number in numbers)


ODD = {
    "empty": np.zeros(0),
    "one point": np.asarray([5.0]),
    "two points": np.asarray([5.0, 6.0]),
    "all missing": np.full(200, np.nan),
    "constant": np.full(200, 5e7),
    "constant zero": np.zeros(200),
    "huge": 1e18 + np.zeros(200),
    "hugest": np.where(np.arange(200) % 2, 1.7e308, -1.7e308),
    "negative": -1e6 * np.arange(200.0) - 5,
    "infinite": np.where(np.arange(200) % 3, 1e6, np.inf),
    "tiny": np.full(200, 5e-324),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_series_are_judged_without_warning(name: str) -> None:
    found = verdict(plain(ODD[name]))
    assert found.decision is not Decision.LEAKING
    assert found == verdict(plain(ODD[name]))


def test_disorder_and_duplicates_are_mended() -> None:
    series, rng = clear("leak", 1), np.random.default_rng(1)
    order = rng.permutation(N)
    shuffled = plain(series.values[order], series.times_s[order])
    assert verdict(shuffled).slope_per_s == verdict(series).slope_per_s
    twice = plain(np.repeat(series.values, 2), np.repeat(series.times_s, 2))
    found = verdict(twice)
    assert found.slope_per_s == verdict(series).slope_per_s
    assert isinstance(found.evidence["excluded"], dict) and found.evidence["excluded"]["duplicates"] == N
