"""Labelled pairs of traces, before and after a fix: true fixes, and everything that looks like one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.model.decision import ProofDecision
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Life, Trace

Floats = npt.NDArray[np.float64]
MiB: Final = 2.0**20
PAGE: Final = 4096.0
WINDOWS: Final = ((40.0, 0.5), (1_800.0, 5.0), (7_200.0, 15.0), (86_400.0, 120.0))
EPOCH: Final = 1.7e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One pair.

    Args:
        truth: what is so; null where the data cannot tell, and only `normalized` would be wrong.
    """

    kind: str
    truth: ProofDecision | None
    before: Trace
    after: Trace


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


Kind = Callable[[Service], tuple[Trace, Trace]]


def _leaky(service: Service, rate: float, **extra: Floats) -> Trace:
    ages = service.ages()
    return service.trace(rate * ages + _warm(service, ages, 0.05), ages, at=0.0, **extra)


def _warm(service: Service, ages: Floats, tau_share: float, size: float = 0.1) -> Floats:
    return -size * service.base * np.exp(-ages / (tau_share * service.window_s))


def _after(service: Service, low: float = 0.5, high: float = 1.3) -> Floats:
    return service.ages(float(service.rng.uniform(low, high)))


def _later(service: Service) -> float:
    return 2.0 * service.window_s


def clean_fix(service: Service) -> tuple[Trace, Trace]:
    ages = _after(service)
    return _leaky(service, service.leak_per_s), service.trace(
        _warm(service, ages, 0.03, 0.05), ages, at=_later(service)
    )


def slow_warm_up(service: Service) -> tuple[Trace, Trace]:
    ages = _after(service, 0.8, 1.5)
    return _leaky(service, service.leak_per_s), service.trace(
        _warm(service, ages, 0.12, 0.06), ages, at=_later(service)
    )


def long_warm_up(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, _after(service, 1.0, 1.6)
    return _leaky(service, rate), service.trace(_warm(service, ages, 0.22, 0.08), ages, at=_later(service))


def daily_load(service: Service) -> tuple[Trace, Trace]:
    """Three days on both sides; memory follows the requests, which are known."""
    service.window_s, service.interval_s, service.busy = 259_200.0, 600.0, False
    old, new = service.ages(), _after(service, 0.7, 1.2)
    swing = max(5.0 * service.noise, 0.03 * service.base)
    rate = max(service.leak_per_s, 3.0 * swing / service.window_s)

    def side(ages: Floats, grown: Floats, at: float) -> Trace:
        wave = np.sin(2.0 * np.pi * ages / 86_400.0)
        requests = np.cumsum(service.rng.poisson(20.0 * (1.0 + 0.7 * wave) * service.interval_s)).astype(float)
        return service.trace(grown + swing * wave, ages, at=at, requests_total=requests)

    return side(old, rate * old, 0.0), side(new, 0.0 * new, _later(service))


def load_follows(service: Service) -> tuple[Trace, Trace]:
    service.busy = True
    ages = _after(service, 0.8, 1.3)
    swing = 4.0 * service.noise * np.sin(2.0 * np.pi * ages / service.window_s * 3.0)
    return _leaky(service, max(service.leak_per_s, 30.0 * service.noise / service.window_s)), service.trace(
        swing, ages, at=_later(service)
    )


def _saw(service: Service, ages: Floats, size: float, cycles: float) -> Floats:
    """Collections whose distance varies a little, as it does: a perfect period would alias with the sampling."""
    ends = np.cumsum(service.window_s / cycles * service.rng.uniform(0.8, 1.2, int(2 * cycles) + 2))
    starts = np.concatenate([[0.0], ends])
    at = np.searchsorted(ends, ages, side="right")
    return size * (ages - starts[at]) / (service.window_s / cycles)


def sawtooth_fix(service: Service) -> tuple[Trace, Trace]:
    size, cycles = 0.1 * service.base, float(service.rng.uniform(12, 40))
    rate = max(service.leak_per_s, 2.0 * size / service.window_s)
    old, new = service.ages(), _after(service, 0.6, 1.3)
    before = service.trace(rate * old + _saw(service, old, size, cycles), old, at=0.0)
    return before, service.trace(_saw(service, new, size, cycles), new, at=_later(service))


def connections_fix(service: Service) -> tuple[Trace, Trace]:
    old, new = service.ages(), _after(service)
    counted = np.floor(2.0 + old / service.window_s * service.rng.uniform(20, 400))
    rate = service.leak_per_s
    return _leaky(service, rate, connections=counted), service.trace(
        0.0 * new, new, at=_later(service), connections=np.full(len(new), 2.0)
    )


def unfixed(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, _after(service)
    return _leaky(service, rate), service.trace(rate * ages, ages, at=_later(service))


def half_fixed(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, _after(service, 0.8, 1.3)
    left = rate * float(service.rng.uniform(0.3, 0.5))
    return _leaky(service, rate), service.trace(left * ages, ages, at=_later(service))


def faster(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, _after(service, 0.8, 1.3)
    return _leaky(service, rate), service.trace(
        float(service.rng.uniform(1.5, 3)) * rate * ages, ages, at=_later(service)
    )


def too_short(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, and too short to show it."""
    rate = 10.0 * service.noise / service.window_s
    ages = service.ages(float(service.rng.uniform(0.05, 0.2)))
    return _leaky(service, rate), service.trace(rate * ages, ages, at=_later(service))


def idle_after(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, but hardly anything asks for it."""
    service.busy = True
    rate, ages = service.leak_per_s, _after(service)
    share = float(service.rng.uniform(0.0, 0.15))
    return _leaky(service, rate), service.trace(share * rate * ages, ages, at=_later(service), load=share)


def half_load(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, at half the load."""
    service.busy = True
    rate, ages = service.leak_per_s, _after(service, 0.8, 1.3)
    return _leaky(service, rate), service.trace(0.5 * rate * ages, ages, at=_later(service), load=0.5)


def restarts_instead(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, but recycled before it shows."""
    rate, ages = service.leak_per_s, service.ages()
    lives = int(service.rng.integers(8, 20))
    rows = np.linspace(0, len(ages), lives + 1).astype(int)[1:-1]
    started = np.repeat(ages[[0, *rows]], np.diff([0, *rows, len(ages)]))
    return _leaky(service, rate), service.trace(
        rate * (ages - started), ages, at=_later(service), lives=tuple(rows.tolist())
    )


def starts_late(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: it leaks only from an age on that the new process has not reached."""
    rate, old = 2.5 * service.leak_per_s, service.ages()
    onset = 0.5 * service.window_s
    new = service.ages(float(service.rng.uniform(0.25, 0.45)))
    return service.trace(rate * np.maximum(old - onset, 0.0), old, at=0.0), service.trace(
        0.0 * new, new, at=_later(service)
    )


def bursts(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: it leaks in steps, and the next has not come."""
    steps = float(service.rng.integers(5, 9))
    total = service.leak_per_s * service.window_s
    old, new = service.ages(), service.ages(float(service.rng.uniform(0.6, 0.95)) / steps)
    before = service.trace(total / steps * np.floor(old / service.window_s * steps), old, at=0.0)
    return before, service.trace(0.0 * new, new, at=_later(service))


def to_descriptors(service: Service) -> tuple[Trace, Trace]:
    """Memory is fixed, descriptors leak instead."""
    old, new = service.ages(), _after(service, 0.8, 1.3)
    before = _leaky(service, service.leak_per_s, open_fds=np.full(len(old), 20.0))
    fds = np.floor(20.0 + 100.0 * new / service.window_s)
    return before, service.trace(0.0 * new, new, at=_later(service), open_fds=fds)


def to_swap(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: what leaks is swapped out."""
    rate, old, new = service.leak_per_s, service.ages(), _after(service, 0.8, 1.3)
    before = _leaky(service, rate, swap_bytes=np.zeros(len(old)))
    return before, service.trace(0.0 * new, new, at=_later(service), swap_bytes=np.round(rate * new / PAGE) * PAGE)


def one_of_two(service: Service) -> tuple[Trace, Trace]:
    """Memory is fixed, the connections still leak."""
    old, new = service.ages(), _after(service, 0.8, 1.3)
    per_s = float(service.rng.uniform(40, 200)) / service.window_s
    before = _leaky(service, service.leak_per_s, connections=np.floor(per_s * old))
    return before, service.trace(0.0 * new, new, at=_later(service), connections=np.floor(per_s * new))


def saw_unfixed(service: Service) -> tuple[Trace, Trace]:
    size, cycles = 0.1 * service.base, float(service.rng.uniform(12, 40))
    rate = max(service.leak_per_s, 2.0 * size / service.window_s)
    old, new = service.ages(), _after(service, 0.6, 1.3)
    before = service.trace(rate * old + _saw(service, old, size, cycles), old, at=0.0)
    return before, service.trace(rate * new + _saw(service, new, size, cycles), new, at=_later(service))


def never_leaked(service: Service) -> tuple[Trace, Trace]:
    """Before only warmed up."""
    old, new = service.ages(), _after(service)
    before = service.trace(_warm(service, old, 0.15, 0.3), old, at=0.0)
    return before, service.trace(0.0 * new - 0.1 * service.base, new, at=_later(service))


def step_up(service: Service) -> tuple[Trace, Trace]:
    """Flat after, but as high as the leak had come."""
    rate, ages = service.leak_per_s, _after(service)
    high = 1.1 * rate * service.window_s
    return _leaky(service, rate), service.trace(np.full(len(ages), high), ages, at=_later(service))


D = ProofDecision
KINDS: Final[dict[Kind, ProofDecision | None]] = {
    **dict.fromkeys((clean_fix, slow_warm_up, long_warm_up, load_follows, daily_load), D.NORMALIZED),
    **dict.fromkeys((sawtooth_fix, connections_fix), D.NORMALIZED),
    **dict.fromkeys((unfixed, half_load, saw_unfixed, one_of_two), D.NOT_FIXED),
    half_fixed: D.IMPROVED,
    faster: D.WORSE,
    to_descriptors: D.WORSE,
    **dict.fromkeys((too_short, idle_after, restarts_instead, starts_late, bursts), None),
    **dict.fromkeys((to_swap, never_leaked, step_up), None),
}


def pairs(each: int, seed: int) -> Iterator[Pair]:
    """Yield `each` pairs of every kind."""
    for place, (kind, truth) in enumerate(KINDS.items()):
        for number in range(each):
            service = Service.random(np.random.default_rng([seed, place, number]))
            before, after = kind(service)
            yield Pair(kind=kind.__name__, truth=truth, before=before, after=after)
