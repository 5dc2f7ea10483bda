"""A service that is simulated, and the parts that its pairs are made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Life, Trace

Floats = npt.NDArray[np.float64]
MiB: Final = 2.0**20
PAGE: Final = 4096.0
WINDOWS: Final = ((40.0, 0.5), (1_800.0, 5.0), (7_200.0, 15.0), (86_400.0, 120.0))
EPOCH: Final = 1.7e9


@dataclass(slots=True, kw_only=True)
class Service:
    """A service that is simulated: how large, how noisy, how busy, and how fast it leaks."""

    rng: np.random.Generator
    window_s: float
    interval_s: float
    base: float
    noise: float
    rho: float
    busy: bool
    told: bool
    missing: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Service:
        window, interval = WINDOWS[int(rng.integers(len(WINDOWS)))]
        base = float(np.exp(rng.uniform(np.log(30), np.log(3_000)))) * MiB
        noise = base * float(np.exp(rng.uniform(np.log(2e-4), np.log(8e-3))))
        return cls(
            rng=rng, window_s=window, interval_s=interval, base=base, noise=noise, rho=float(rng.choice([0, 0.5, 0.9])),
            busy=bool(rng.random() < 0.5), told=bool(rng.random() < 0.6), missing=float(rng.choice([0.0, 0.0, 0.03])),
        )  # fmt: skip

    @property
    def leak_per_s(self) -> float:
        """Draw a leak that a window shows plainly."""
        total = max(self.base * float(np.exp(self.rng.uniform(np.log(0.06), np.log(1.0)))), 10.0 * self.noise)
        return total / self.window_s

    def ages(self, share: float = 1.0) -> Floats:
        """Ages of one process at which it is sampled."""
        return np.arange(0.0, self.window_s * share, self.interval_s) + self.interval_s

    def wander(self, n: int) -> Floats:
        """AR(1) noise."""
        shocks = self.rng.normal(0.0, 1.0, n) * np.sqrt(1.0 - self.rho**2)
        out = np.empty(n)
        state = self.rng.normal()
        for at in range(n):
            state = self.rho * state + shocks[at]
            out[at] = state
        return out * self.noise

    def trace(
        self, grown: Floats, ages: Floats, *, at: float, load: float = 1.0, lives: tuple[int, ...] = (), **extra: Floats
    ) -> Trace:
        """Make a trace of what has grown on top of the base; `lives` are the rows at which a new process starts."""
        n = len(ages)
        columns = {Column("rss_bytes"): np.round((self.base + grown + self.wander(n)) / PAGE) * PAGE}
        columns[Column("rss_bytes")][self.rng.random(n) < self.missing] = np.nan
        columns |= {Column(name): values for name, values in extra.items()}
        if self.busy:
            wave = 1.0 + 0.3 * np.sin(2.0 * np.pi * ages / self.window_s * 3.0)
            columns[Column("requests_total")] = np.cumsum(
                self.rng.poisson(np.maximum(20.0 * load * wave * self.interval_s, 0.0))
            )
        edges = [0, *lives, n]
        made = tuple(
            Life(first=a, stop=b, pid=100 + i + int(at > 0), started_at=EPOCH + at + ages[a] - self.interval_s)
            if self.told
            else Life(first=a, stop=b)
            for i, (a, b) in enumerate(pairwise(edges if self.told else [0, n]))
        )
        return Trace(
            subject=Subject(kind=SubjectKind.PROCESS, name="service", pid=100),
            times=EPOCH + at + ages,
            lives=made,
            columns={column: values.astype(np.float64) for column, values in columns.items()},
        )


def leaky(service: Service, rate: float, **extra: Floats) -> Trace:
    ages = service.ages()
    return service.trace(rate * ages + warm(service, ages, 0.05), ages, at=0.0, **extra)


def warm(service: Service, ages: Floats, tau_share: float, size: float = 0.1) -> Floats:
    return -size * service.base * np.exp(-ages / (tau_share * service.window_s))


def after_ages(service: Service, low: float = 0.5, high: float = 1.3) -> Floats:
    return service.ages(float(service.rng.uniform(low, high)))


def later(service: Service) -> float:
    return 2.0 * service.window_s


def saw(service: Service, ages: Floats, size: float, cycles: float) -> Floats:
    """Collections whose distance varies a little, as it does: a perfect period would alias with the sampling."""
    ends = np.cumsum(service.window_s / cycles * service.rng.uniform(0.8, 1.2, int(2 * cycles) + 2))
    starts = np.concatenate([[0.0], ends])
    at = np.searchsorted(ends, ages, side="right")
    return size * (ages - starts[at]) / (service.window_s / cycles)
