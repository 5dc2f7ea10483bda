"""Many series at once get the verdicts that each gets alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.forgetting import forget
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import FloatArray, Growth, Series
from leakdoc.model.decision import Decision

MIB = 2.0**20
HOUR = 3_600.0


def series(seed: int, *, n: int = 400, grown: float = 0.0, every: float = 1.0) -> Series:
    values = 200 * MIB + grown * np.arange(n) / n + 0.2 * MIB * np.random.default_rng(seed).normal(size=n)
    return Series(
        times_s=every * np.arange(float(n)), values=values, life=np.zeros(n, dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit="bytes",
    )  # fmt: skip


def fleet(n: int = 480) -> list[Series]:
    """Series of many kinds on one axis, some of them odd."""
    t = 60.0 * np.arange(float(n))
    x = t / t[-1]
    rng = np.random.default_rng(3)
    shapes: list[FloatArray] = [
        0 * x, 0.1 * x, -0.2 * np.exp(-x / 0.1), 0.1 * (x > 0.4), 0.05 * np.sin(9 * x), 0.2 * np.maximum(x - 0.5, 0.0),
        0.1 * ((12 * x) % 1.0), 0.2 * x * (x < 0.5), 0.3 * x**2,
    ]  # fmt: skip
    many = []
    for at, shape in enumerate(shapes * 4):
        values = 300 * MIB * (1.0 + shape + 0.002 * rng.normal(size=n))
        values[rng.random(n) < 0.02 * (at % 3)] = np.nan
        values[rng.integers(n)] *= 1.0 + 0.5 * (at % 2)
        many.append(replace(series(0, n=n), times_s=t, values=values, starts_known=bool(at % 4)))
    many.append(replace(many[0], values=np.full(n, np.nan)))
    many.append(replace(many[0], values=np.zeros(n), unit="count"))
    return many


def close(one: Growth, other: Growth) -> bool:
    return (one.decision, one.reason, one.evidence["rule"]) == (other.decision, other.reason, other.evidence["rule"])


def test_each_gets_the_verdict_that_it_gets_alone_in_its_order() -> None:
    many = [series(1), series(2, grown=40 * MIB), series(3, n=5), series(4, n=700)]
    found = judge_many(many)
    assert [each.decision for each in found[:3]] == [Decision.STABLE, Decision.LEAKING, Decision.INCONCLUSIVE]
    assert all(close(each, judge(one)) for each, one in zip(found, many, strict=True))


def test_a_fleet_on_one_axis_is_judged_as_each_series_alone() -> None:
    many = fleet()
    found = judge_many(many)
    assert all(close(each, judge(one)) for each, one in zip(found, many, strict=True))
    assert {Decision.LEAKING, Decision.STABLE, Decision.INCONCLUSIVE} <= {each.decision for each in found}


def test_a_series_far_from_growing_still_has_a_slope() -> None:
    """A day's course over which nothing grows outweighs every growing shape beyond what single precision can hold."""
    t = 300.0 * np.arange(300.0)
    wave = 50 * MIB * np.sin(2 * np.pi * t / (24 * HOUR))
    found = judge(replace(series(0, n=300), times_s=t, values=300 * MIB + wave))
    assert found.slope_per_s is not None
    assert not found.decision.is_fault


@pytest.mark.parametrize("threads", ["1", "4"])
def test_the_same_bytes_at_any_number_of_threads(threads: str) -> None:
    import os
    import subprocess
    import sys

    code = (
        "from tests.unit.test_growth_batch import fleet\n"
        "from leakdoc.detection.stats.batch import judge_many\n"
        "print([(each.reason, each.probability, each.slope_per_s) for each in judge_many(fleet())])"
    )

    def run(count: str) -> str:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    assert run(threads) == run("2")


def test_no_series_no_verdict() -> None:
    assert judge_many([]) == []


def test_what_was_judged_before_does_not_move_a_verdict() -> None:
    rng = np.random.default_rng(8)
    times = np.cumsum(rng.uniform(0.7, 1.3, 400))
    one = replace(series(1, grown=2 * MIB), times_s=times)
    other = replace(series(2), times_s=times + 1e-7 * rng.uniform(-1.0, 1.0, 400))
    forget()
    alone = judge(one)
    forget()
    judge(other)
    after = judge(one)
    assert alone.slope_per_s == after.slope_per_s and alone.probability == after.probability
    assert alone.evidence == after.evidence
