"""The time to a limit counts from the last reading, however long the window, and its interval holds what happens."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series

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
