"""The judge on series whose truth is plain to the eye."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Series
from leakdoc.model.decision import Decision
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Life, Trace
from leakdoc.units import Unit

MIB = 2**20
PAGE = 4096


def series(
    values: FloatArray, *, every_s: float = 1.0, unit: Unit = "bytes", limit: float | None = None, **more: FloatArray
) -> Series:
    n = len(values)
    return Series(
        times_s=np.arange(float(n)) * every_s,
        values=values,
        life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]),
        unit=unit,
        limit=limit,
        load=more.get("load"),
    )


def paged(values: FloatArray) -> FloatArray:
    return np.asarray(np.round(values / PAGE) * PAGE)


def noise(n: int, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).normal(size=n)


T = np.arange(1_800.0)
LEAKS = {
    "linear": paged(300 * MIB + 2_000 * T + 0.3 * MIB * noise(1_800)),
    "linear after a warm-up": paged(300 * MIB + 4_000 * T - 30 * MIB * np.exp(-T / 60) + 0.3 * MIB * noise(1_800)),
    "late onset": paged(300 * MIB + 5_000 * np.maximum(T - 700, 0) + 0.3 * MIB * noise(1_800)),
    "arenas of 256 KiB in a short watch": 30 * MIB + np.floor(np.arange(40.0) * 100 * 1024 / 2**18) * 2**18,
    "arenas of 1 MiB in a minute": 30 * MIB + np.floor(np.arange(60.0) * 100 * 1024 / MIB) * MIB,
}
SETTLED = {
    "constant": np.full(1_800, 300.0 * MIB),
    "noise": paged(300 * MIB + 0.3 * MIB * noise(1_800)),
    "warm-up that ended": paged(300 * MIB - 30 * MIB * np.exp(-T / 60) + 0.3 * MIB * noise(1_800)),
    "one step": paged(300 * MIB + 30.0 * MIB * (T > 800) + 0.3 * MIB * noise(1_800)),
    "cache that filled early": paged(300 * MIB + 30.0 * MIB * np.minimum(T / 400, 1) + 0.3 * MIB * noise(1_800)),
    "short and constant": np.full(40, 30.0 * MIB),
    "short start, then flat": 30 * MIB + np.minimum(np.arange(60.0), 6.0) * MIB,
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_plain_leak_is_found(name: str) -> None:
    found = judge(series(LEAKS[name]))
    assert found.decision is Decision.LEAKING, found.reason
    assert found.slope_per_s is not None and found.slope_per_s.low is not None and found.slope_per_s.low > 0


@pytest.mark.parametrize("name", SETTLED)
def test_what_has_settled_is_stable_and_says_what_it_could_have_seen(name: str) -> None:
    found = judge(series(SETTLED[name]))
    assert found.decision is Decision.STABLE, found.reason
    assert "would have gone unseen" in found.reason


def test_the_limit_is_forecast_with_its_interval() -> None:
    found = judge(series(LEAKS["linear"], limit=float(400 * MIB)))
    when = found.time_to_limit_s
    assert when is not None and when.low is not None and when.high is not None
    assert when.low < 100 * MIB / 2_000 - 1_800 < when.high
    assert "limit in" in found.reason


@pytest.mark.parametrize(("every", "expected"), [(5.0, Decision.LEAKING), (1e9, Decision.STABLE)])
def test_descriptors_are_judged_as_counts(every: float, expected: Decision) -> None:
    found = judge(series(20 + np.floor(np.arange(60.0) / every), unit="count"))
    assert found.decision is expected, found.reason


def test_too_few_readings_say_how_many_more() -> None:
    found = judge(series(np.full(10, 1e8)))
    assert found.decision is Decision.INCONCLUSIVE
    assert found.needs_more_s == 20.0


def test_a_finding_is_ready_for_json() -> None:
    n = 600
    trace = Trace(
        subject=Subject(kind=SubjectKind.PROCESS, name="x", pid=1),
        times=1.7e9 + np.arange(float(n)),
        lives=(Life(first=0, stop=n, pid=1, started_at=1.7e9 - 10),),
        columns={Column("rss_bytes"): 1e8 + 1e5 * np.arange(float(n))},
        facts=Facts(limit_bytes=2e8),
    )
    finding = find_growth(trace, Column("rss_bytes"), GrowthPolicy())
    assert finding.decision is Decision.LEAKING
    assert finding.slope_per_hour is not None
    assert finding.slope_per_hour.estimate == pytest.approx(3.6e8, rel=1e-3)
    written = json.loads(json.dumps(asdict(finding), allow_nan=False))
    assert written["evidence"]["from"] == "2023-11-14T22:13:20+00:00"
    assert {"grew_for_s", "shape", "segments", "worst_case_per_hour", "worst_case_time_to_limit_s"} <= set(
        written["evidence"]
    )
