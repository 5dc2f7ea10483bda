"""How quick the judge is beside pymannkendall, in the same run: ``python -m benchmarks.detection.speed``.

The series are a fleet's: a sixth of each of noise, wandering, seasons, warm-ups, steps and leaks, a day at 60 s.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.detection.scene import Array, ar1
from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import IntArray, Series

_MIB = 2.0**20


def fleet(count: int, points: int, *, mixed: bool, seed: int = 5) -> list[Series]:
    """Series on one time axis; `mixed` lets a tenth restart a few times, and gives a tenth a load of its own."""
    rng = np.random.default_rng(seed)
    t, one_life = 1.7e9 + 60.0 * np.arange(points), np.zeros(points, dtype=np.intp)
    return [_one(rng, t, one_life, at, mixed=mixed) for at in range(count)]


def _one(rng: np.random.Generator, t: Array, life: IntArray, at: int, *, mixed: bool) -> Series:
    n, x = len(t), np.linspace(0.0, 1.0, len(t))
    level, noise = rng.uniform(50, 2_000) * _MIB, rng.uniform(0.001, 0.01)
    kinds: tuple[Callable[[], Array], ...] = (
        lambda: np.zeros(n), lambda: 0.01 * ar1(rng, n, 0.98), lambda: 0.05 * np.sin(2 * np.pi * (x + rng.random())),
        lambda: -0.2 * np.exp(-x / rng.uniform(0.02, 0.2)), lambda: 0.1 * (x > rng.uniform(0.1, 0.9)),
        lambda: rng.uniform(0.02, 0.3) * x,
    )  # fmt: skip
    values = level * (1.0 + kinds[at % len(kinds)]() + noise * rng.normal(size=n))
    starts, load = np.asarray([t[0]]), None
    if mixed and at % 10 == 3:
        life = (x * rng.integers(2, 6)).clip(max=4).astype(np.intp)
        starts = t[np.searchsorted(life, np.arange(life[-1] + 1))]
    if mixed and at % 10 == 7:
        rate = 20.0 * (1.2 + np.sin(2 * np.pi * x * rng.uniform(1.5, 5.0)))
        load = np.cumsum(rng.poisson(60.0 * rate)).astype(float)
    return Series(
        times_s=t, values=np.round(values / 4_096) * 4_096, life=life, life_started_s=starts, unit="bytes",
        starts_known=True, load=load,
    )  # fmt: skip


def seconds_of_pymannkendall(series: list[Series]) -> float:
    """CPU seconds a series, the first call left out."""
    import pymannkendall

    pymannkendall.original_test(series[0].values)
    start = time.process_time()
    for one in series:
        pymannkendall.original_test(one.values)
    return (time.process_time() - start) / len(series)


def seconds_of_judge_many(series: list[Series]) -> tuple[float, Counter[str]]:
    """CPU seconds a series, and what was decided."""
    judge_many(series[:600])
    start = time.process_time()
    found = judge_many(series)
    return (time.process_time() - start) / len(series), Counter(str(each.decision) for each in found)


def single(points: int = 3_600, turns: int = 40) -> tuple[float, float]:
    """CPU seconds of one full verdict, and of pymannkendall on the same."""
    (one,) = fleet(1, points, mixed=False)
    judge(one)
    costs = []
    for _ in range(turns):
        start = time.process_time()
        judge(one)
        costs.append(time.process_time() - start)
    return float(np.median(costs)), seconds_of_pymannkendall([one] * 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """CPU seconds a series of the judge, and of pymannkendall on the same machine in the same run."""

    own: float
    usual: float
    decided: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        own = f"{1e3 * self.own:.2f} ms" if self.own >= 1e-3 else f"{1e6 * self.own:.0f} us"
        said = f"; {', '.join(f'{count} {name}' for name, count in self.decided.most_common())}" if self.decided else ""
        return f"{own} a series, pymannkendall {1e3 * self.usual:.0f} ms, {self.usual / self.own:.0f}x{said}"


ONE, PLAIN, MIXED = "one series of 3,600 points", "on one axis", "a tenth restarting, a tenth with a load of its own"


def measured(count: int = 10_000, points: int = 1_440) -> dict[str, Speed]:
    """Return the figures by name."""
    own, usual = single()
    found = {ONE: Speed(own=own, usual=usual)}
    for name, mixed in ((PLAIN, False), (MIXED, True)):
        many = fleet(count, points, mixed=mixed)
        usual = seconds_of_pymannkendall(many[:20])
        own, decided = seconds_of_judge_many(many)
        found[name] = Speed(own=own, usual=usual, decided=decided)
        del many
    return found


def lines(found: dict[str, Speed], count: int = 10_000, points: int = 1_440) -> list[str]:
    """Return the figures, a line each."""
    fleet = f"{count:,} series x {points:,}, "
    return [f"{'' if name == ONE else fleet}{name}: {speed.told()}" for name, speed in found.items()]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection.speed", description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_440)
    options = parser.parse_args()
    found = measured(options.series, options.points)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    print("\n".join(lines(found, options.series, options.points)))
    print(f"resident memory at most {peak:.0f} MiB, the series themselves included")


if __name__ == "__main__":
    main()
