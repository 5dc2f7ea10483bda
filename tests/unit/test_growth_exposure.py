"""Growth held against the processor time that brought it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.stats.exposure import falls_off
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Growth, Series
from leakdoc.model.decision import Decision
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Life, Trace

MIB = 2**20
POLICY = GrowthPolicy()
WATCH = GrowthPolicy(planned=300.0)
T = np.arange(0.0, 300.0)


def requests(kind: str) -> FloatArray:
    """Requests up to each second, one a second on average."""
    rate = {"even": np.ones(len(T)), "ramp": 0.3 + 1.4 * T / T[-1], "waves": 1.0 + 0.8 * np.sin(T / 20.0 + 2.0)}[kind]
    return np.cumsum(rate)


def processor(work: FloatArray) -> FloatArray:
    """What the kernel says that the work took: in ticks, and never quite alike."""
    noise = np.exp(0.2 * np.random.default_rng(5).normal(size=len(work)))
    return np.asarray(7.0 + np.floor(100.0 * np.cumsum(np.diff(work, prepend=0.0) * noise * 0.02)) / 100.0)


def fills(work: FloatArray, *, keys: float = 120.0) -> FloatArray:
    """A cache of random keys."""
    return np.asarray(60.0 * MIB * (1.0 - np.exp(-work / keys)))


def seen(held: FloatArray, effort: FloatArray | None, *, policy: GrowthPolicy = WATCH) -> Growth:
    noise = 0.05 * MIB * np.random.default_rng(3).normal(size=len(held))
    series = Series(
        times_s=1e9 + T[: len(held)], values=np.round((80.0 * MIB + held + noise) / 4_096) * 4_096,
        life=np.zeros(len(held), dtype=np.intp), life_started_s=np.asarray([1e9 - 2.0]), unit="bytes",
        starts_known=True, effort=effort,
    )  # fmt: skip
    return judge(series, policy, alpha=0.01)


@pytest.mark.parametrize("load", ["even", "ramp", "waves"])
def test_a_cache_that_fills_brings_less_and_less_per_second_of_processor_time(load: str) -> None:
    work = requests(load)
    found = falls_off(T, processor(work), fills(work), POLICY)
    assert found is not None and found.last < 0.3 * found.first


@pytest.mark.parametrize("load", ["even", "ramp", "waves"])
def test_a_leak_brings_as_much_late_as_early(load: str) -> None:
    work = requests(load)
    assert falls_off(T, processor(work), 0.2 * MIB * work, POLICY) is None


def test_a_leak_beside_a_warm_up_that_is_over_goes_on_evenly() -> None:
    work = requests("waves")
    assert falls_off(T, processor(work), 0.2 * MIB * work + fills(work, keys=8.0), POLICY) is None


def test_requests_that_get_slower_do_not_hide_what_grows_evenly_by_the_clock() -> None:
    work = np.cumsum(1.0 + 4.0 * T / T[-1])  # each walks through all that was left by those before
    assert falls_off(T, processor(work), 0.2 * MIB * T, POLICY) is None


def test_a_process_that_hardly_ran_is_not_asked() -> None:
    assert falls_off(T, 0.0001 * T, fills(requests("even")), POLICY) is None
    assert falls_off(T[:0], T[:0], T[:0], POLICY) is None
    assert falls_off(np.zeros(50), np.arange(50.0), np.arange(50.0), POLICY) is None


def test_a_filling_cache_under_a_load_that_comes_in_waves_is_left_open_and_the_reason_says_why() -> None:
    work, seen_for = requests("waves"), slice(240)
    held = fills(work, keys=200.0)[seen_for]
    assert seen(held, None).decision is Decision.LEAKING, "without processor time it looks like a leak"
    found = seen(held, processor(work)[seen_for])
    assert (found.decision, found.evidence["rule"]) == (Decision.INCONCLUSIVE, "less_per_effort")
    assert "less and less per CPU second (" in found.reason
    assert found.needs_more_s is None and found.look_again_s == found.evidence["look_again_s"] == pytest.approx(143.4)


def test_a_leak_is_told_with_processor_time_as_without() -> None:
    work = requests("waves")
    with_it, without = seen(0.2 * MIB * work, processor(work)), seen(0.2 * MIB * work, None)
    assert with_it.decision is Decision.LEAKING
    assert with_it == replace(without, evidence=with_it.evidence)


def test_holes_and_disorder_in_the_processor_time_do_no_harm() -> None:
    work = requests("even")
    effort = processor(work)
    effort[::7] = np.nan
    assert seen(fills(work)[:250], effort[:250]).decision is not Decision.LEAKING
    assert seen(0.2 * MIB * work, np.full(len(T), np.nan)).decision is Decision.LEAKING


def test_the_column_of_a_trace_is_what_the_judge_reads() -> None:
    work = requests("waves")
    columns = {Column("rss_bytes"): 80.0 * MIB + fills(work, keys=200.0), Column("cpu_seconds_total"): processor(work)}
    trace = Trace(
        subject=Subject(kind=SubjectKind.PROCESS, name="cache"), times=1e9 + T, columns=columns,
        lives=(Life(first=0, stop=len(T), started_at=1e9 - 2.0),),
    )  # fmt: skip
    alone = replace(trace, columns={Column("rss_bytes"): trace.columns[Column("rss_bytes")]})
    found = find_growth(trace, Column("rss_bytes"), WATCH, alpha=0.01)
    assert found.evidence["rule"] == "less_per_effort"
    assert find_growth(alone, Column("rss_bytes"), WATCH, alpha=0.01).evidence["rule"] != "less_per_effort"


@pytest.mark.parametrize("kind", ["caches", "leaks"])
def test_workers_that_fill_their_caches_side_by_side_are_left_open(kind: str) -> None:
    rng, work, n = np.random.default_rng(8), requests("waves"), 280
    held = [fills(work, keys=200.0) if kind == "caches" else 0.2 * MIB * work for _ in range(3)]
    values = [80.0 * MIB + each[:n] + 0.05 * MIB * rng.normal(size=n) for each in held]
    series = Series(
        times_s=np.tile(1e9 + T[:n], 3), values=np.concatenate(values), life=np.repeat(np.arange(3), n),
        life_started_s=np.full(3, 1e9 - 2.0), unit="bytes", starts_known=True,
        effort=np.concatenate([processor(work)[:n] for _ in range(3)]),
    )  # fmt: skip
    found = judge(series, WATCH, alpha=0.01)
    blind = judge(replace(series, effort=None), WATCH, alpha=0.01)
    assert blind.decision is Decision.LEAKING
    expected = Decision.INCONCLUSIVE if kind == "caches" else Decision.LEAKING
    assert found.decision is expected, found.reason
    assert ("brings less and less per CPU second" in found.reason) == (kind == "caches")
