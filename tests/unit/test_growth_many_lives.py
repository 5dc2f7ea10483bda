"""Of a process that is restarted again and again only the latest lives are judged; of workers none is left out."""

from __future__ import annotations

import numpy as np

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.lives import latest_lives
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Series
from leakdoc.detection.stats.tidying import Rows, tidy
from leakdoc.model.decision import Decision

MIB = 2.0**20
LIVES, READINGS, STEP_S = 900, 8, 10.0
BEGAN = 1.7e9


def restarted(rate: float) -> Series:
    """Nine hundred lives, one after the other, each of eight readings."""
    dice = np.random.default_rng(1)
    times = BEGAN + STEP_S * np.arange(LIVES * READINGS)
    age = np.tile(STEP_S * np.arange(READINGS), LIVES)
    values = 100 * MIB + rate * age + dice.normal(0.0, 0.1 * MIB, len(age))
    return Series(
        times_s=times, values=values, life=np.repeat(np.arange(LIVES), READINGS), life_started_s=times[::READINGS],
        unit="bytes", starts_known=True,
    )  # fmt: skip


def test_a_crash_loop_is_judged_by_its_latest_lives() -> None:
    found = judge(restarted(rate=MIB))
    assert found.decision is Decision.LEAKING
    assert found.evidence["samples"] == 64 * READINGS
    assert found.evidence["from"] == BEGAN + (LIVES - 64) * READINGS * STEP_S
    assert found.evidence["to"] == BEGAN + (LIVES * READINGS - 1) * STEP_S
    excluded = found.evidence["excluded"]
    assert isinstance(excluded, dict) and excluded["older_lives"] == LIVES - 64
    assert found.slope_per_s is not None and found.slope_per_s.low <= MIB <= found.slope_per_s.high
    assert judge(restarted(rate=0.0)).decision is not Decision.LEAKING


def test_a_process_that_was_just_restarted_is_not_counted_beside_its_successor() -> None:
    minutes, every, rate = 720, 71, 4.0 * MIB / 60.0
    dice = np.random.default_rng(2)
    age = 60.0 * (np.arange(minutes) % every)
    found = judge(
        Series(
            times_s=BEGAN + 60.0 * np.arange(minutes),
            values=300 * MIB + rate * age + dice.normal(0.0, 0.3 * MIB, minutes),
            life=np.arange(minutes) // every, life_started_s=BEGAN + 60.0 * every * np.arange(minutes // every + 1),
            unit="bytes", starts_known=True, limit=600 * MIB,
        )
    )  # fmt: skip
    assert found.decision is Decision.LEAKING and found.evidence["processes_at_end"] == 1
    assert found.slope_per_s is not None and 0.95 * rate < found.slope_per_s.estimate < 1.05 * rate
    assert found.level is not None and found.level < 400 * MIB


def rows_of(workers: int, ended: int) -> Rows:
    """Workers side by side for an hour, after others that ended before them."""
    times = 60.0 * np.arange(60)
    past = np.repeat(np.arange(ended), 2)
    return tidy(
        Series(
            times_s=np.concatenate([60.0 * np.arange(2 * ended) / 60.0, 7_200.0 + np.tile(times, workers)]),
            values=np.full(2 * ended + 60 * workers, MIB),
            life=np.concatenate([past, ended + np.repeat(np.arange(workers), 60)]).astype(np.intp),
            life_started_s=np.full(ended + workers, np.nan), unit="bytes", starts_known=True,
        )
    )  # fmt: skip


def test_all_workers_that_are_there_at_the_end_are_kept() -> None:
    latest = latest_lives(rows_of(workers=90, ended=50))
    assert (latest.lives, latest.older_lives) == (90, 50)
    assert (latest.t[0], latest.origin_s) == (0.0, 7_200.0)


def test_what_has_few_lives_is_left_as_it_is() -> None:
    rows = rows_of(workers=3, ended=50)
    assert latest_lives(rows) is rows


def test_restarts_that_nobody_recorded_are_bounded_too() -> None:
    told = restarted(rate=MIB)
    unknown = Series(
        times_s=told.times_s, values=told.values, life=np.zeros_like(told.life), life_started_s=np.asarray([np.nan]),
        unit="bytes",
    )  # fmt: skip
    found = judge(unknown, GrowthPolicy(min_cycles=2_000))
    fitted = found.evidence["fitted_points"]
    assert isinstance(fitted, int) and fitted <= 3 * 64
    assert found.decision is not Decision.LEAKING
