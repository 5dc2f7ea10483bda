"""The time to a limit counts from the last reading, however long the window, and its interval holds what happens."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.stats.forecast import time_to_fill
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series
from leakdoc.model.finding import Interval

MIB = 2**20
LEFT_S = 240.0


@pytest.mark.parametrize(("readings", "interval_s"), [(720, 60.0), (1_440, 60.0), (120, 5.0)])
def test_a_near_limit_is_reached_when_it_is_said(readings: int, interval_s: float) -> None:
    times = np.arange(readings) * interval_s
    rate = 10 * MIB / interval_s / 60.0
    held, trials = 0, 20
    for seed in range(trials):
        noise = 0.3 * MIB * np.random.default_rng(seed).normal(size=readings)
        found = judge(
            Series(
                times_s=times, values=200 * MIB + rate * times + noise, unit="bytes",
                life=np.zeros(readings, dtype=np.intp), life_started_s=np.array([-10.0]), starts_known=True,
                limit=200 * MIB + rate * (times[-1] + LEFT_S),
            )
        )  # fmt: skip
        when = found.time_to_limit_s
        assert when is not None and when.low is not None and when.high is not None
        held += when.low <= LEFT_S <= when.high
    assert held >= 0.8 * trials


def test_a_limit_that_is_lifetimes_away_is_no_forecast() -> None:
    times = np.arange(720) * 60.0
    counts = np.full(720, 30.0)
    counts[::7] += 1.0
    found = judge(
        Series(
            times_s=times, values=counts, unit="count", life=np.zeros(720, dtype=np.intp),
            life_started_s=np.array([-10.0]), starts_known=True, limit=1e9,
        )
    )  # fmt: skip
    assert found.time_to_limit_s is None
    assert found.evidence["worst_case_time_to_limit_s"] is None


@pytest.mark.parametrize(
    ("room", "low", "high"), [(1e6, 0.5, 2e6), (1e6, 1e-3, None), (1e6, 0.0, None)]
)  # fmt: skip
def test_the_end_of_a_forecast_is_open_where_nothing_runs_as_long(room: float, low: float, high: float | None) -> None:
    found = time_to_fill(room, Interval(estimate=1.0, low=low, high=2.0), noise=0.0, since_level=0.0)
    assert found is not None
    assert (found.estimate, found.low, found.high) == (room, room / 2.0, high)


def test_there_is_no_forecast_where_nothing_runs_as_long() -> None:
    slope = Interval(estimate=1.0, low=0.5, high=2.0)
    assert time_to_fill(1e9, slope, noise=0.0, since_level=0.0) is None
