"""Workers side by side: one that leaks among others that do not, and a ramp that none of them has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import leakdoc
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import FloatArray, Growth, Series
from leakdoc.model.decision import Decision

MIB = 2**20
N = 720
HOURS = 2.0
X = np.linspace(0.0, 1.0, N)


def workers(count: int, signal: Callable[[int], FloatArray], *, limit: float | None = None) -> Growth:
    rng = np.random.default_rng(8)
    t = 1.7e9 + np.linspace(0.0, HOURS * 3_600.0, N)
    values = [300 * MIB + signal(one) + 0.5 * MIB * rng.normal(size=N) for one in range(count)]
    return judge(
        Series(
            times_s=np.tile(t, count), values=np.round(np.concatenate(values) / 4_096) * 4_096,
            life=np.repeat(np.arange(count), N), life_started_s=t[0] - 100.0 * np.arange(1.0, count + 1.0),
            unit="bytes", starts_known=True, limit=limit,
        )
    )  # fmt: skip


def test_one_of_several_that_leaks_is_told_with_its_own_rate() -> None:
    found = workers(6, lambda one: 40 * MIB * X * (one == 2), limit=2_200.0 * MIB)
    assert found.decision is Decision.LEAKING
    assert found.reason.startswith("one of 6 processes grows 20")
    assert found.slope_per_s is not None
    assert found.slope_per_s.estimate * 3_600 == pytest.approx(20 * MIB, rel=0.05)
    assert found.level == pytest.approx(1_840 * MIB, rel=0.01)
    assert found.time_to_limit_s is not None
    assert found.time_to_limit_s.estimate == pytest.approx(360 / 20 * 3_600, rel=0.1)


def test_steps_at_times_of_their_own_are_no_ramp_of_all() -> None:
    found = workers(7, lambda one: 15 * MIB * (0.1 + 0.12 * one < X))
    assert found.decision is not Decision.LEAKING


def test_all_that_leak_are_told_together() -> None:
    found = workers(3, lambda _: 20 * MIB * X)
    assert found.decision is Decision.LEAKING
    assert found.slope_per_s is not None
    assert found.slope_per_s.estimate * 3_600 == pytest.approx(30 * MIB, rel=0.1)


def test_workers_that_hold_what_they_have_are_stable() -> None:
    assert workers(5, lambda _: 0.0 * X).decision is Decision.STABLE


def test_the_one_that_leaks_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    lines = ["time,pid,process_start_time_seconds,rss_bytes"]
    for pid in (41, 42, 43):
        values = 300 * MIB + 40 * MIB * X * (pid == 42) + 0.5 * MIB * rng.normal(size=N)
        lines += [f"{at:.0f},{pid},{pid},{value:.0f}" for at, value in zip(10.0 * np.arange(N), values, strict=True)]
    path = tmp_path / "workers.csv"
    path.write_text("\n".join(lines))
    (memory,) = leakdoc.diagnose(path).findings
    assert memory.reason.startswith("resident memory: one of 3 processes (pid 42) grows 20")
    assert memory.evidence["leaking_processes"] == ["pid 42"]


def test_growth_over_lives_that_follow_each_other_says_so() -> None:
    t = 1.7e9 + np.arange(3_600.0)
    life = (np.arange(3_600) // 720).astype(np.intp)
    age = np.arange(3_600.0) % 720
    noise = 0.1 * MIB * np.random.default_rng(1).normal(size=3_600)
    found = judge(
        Series(
            times_s=t, values=300 * MIB + 0.02 * MIB * age + noise, life=life, life_started_s=t[::720], unit="bytes",
            starts_known=True,
        )
    )  # fmt: skip
    assert found.decision is Decision.LEAKING
    assert "linear in 5 lives, one after the other, for 60 min" in found.reason
