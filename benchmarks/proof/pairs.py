"""Labelled pairs of traces, before and after a fix: true fixes, and everything that looks like one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.proof.hard_pairs import HARD
from benchmarks.proof.service import PAGE, Floats, Service, after_ages, later, leaky, saw, warm
from leakdoc.model.decision import ProofDecision
from leakdoc.model.trace import Trace


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


Kind = Callable[[Service], tuple[Trace, Trace]]


def clean_fix(service: Service) -> tuple[Trace, Trace]:
    ages = after_ages(service)
    return leaky(service, service.leak_per_s), service.trace(warm(service, ages, 0.03, 0.05), ages, at=later(service))


def slow_warm_up(service: Service) -> tuple[Trace, Trace]:
    ages = after_ages(service, 0.8, 1.5)
    return leaky(service, service.leak_per_s), service.trace(warm(service, ages, 0.12, 0.06), ages, at=later(service))


def long_warm_up(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, after_ages(service, 1.0, 1.6)
    return leaky(service, rate), service.trace(warm(service, ages, 0.22, 0.08), ages, at=later(service))


def daily_load(service: Service) -> tuple[Trace, Trace]:
    """Three days on both sides; memory follows the requests, which are known."""
    service.window_s, service.interval_s, service.busy = 259_200.0, 600.0, False
    old, new = service.ages(), after_ages(service, 0.7, 1.2)
    swing = max(5.0 * service.noise, 0.03 * service.base)
    rate = max(service.leak_per_s, 3.0 * swing / service.window_s)

    def side(ages: Floats, grown: Floats, at: float) -> Trace:
        wave = np.sin(2.0 * np.pi * ages / 86_400.0)
        requests = np.cumsum(service.rng.poisson(20.0 * (1.0 + 0.7 * wave) * service.interval_s)).astype(float)
        return service.trace(grown + swing * wave, ages, at=at, requests_total=requests)

    return side(old, rate * old, 0.0), side(new, 0.0 * new, later(service))


def load_follows(service: Service) -> tuple[Trace, Trace]:
    service.busy = True
    ages = after_ages(service, 0.8, 1.3)
    swing = 4.0 * service.noise * np.sin(2.0 * np.pi * ages / service.window_s * 3.0)
    return leaky(service, max(service.leak_per_s, 30.0 * service.noise / service.window_s)), service.trace(
        swing, ages, at=later(service)
    )


def sawtooth_fix(service: Service) -> tuple[Trace, Trace]:
    size, cycles = 0.1 * service.base, float(service.rng.uniform(12, 40))
    rate = max(service.leak_per_s, 2.0 * size / service.window_s)
    old, new = service.ages(), after_ages(service, 0.6, 1.3)
    before = service.trace(rate * old + saw(service, old, size, cycles), old, at=0.0)
    return before, service.trace(saw(service, new, size, cycles), new, at=later(service))


def connections_fix(service: Service) -> tuple[Trace, Trace]:
    old, new = service.ages(), after_ages(service)
    counted = np.floor(2.0 + old / service.window_s * service.rng.uniform(20, 400))
    rate = service.leak_per_s
    return leaky(service, rate, connections=counted), service.trace(
        0.0 * new, new, at=later(service), connections=np.full(len(new), 2.0)
    )


def unfixed(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, after_ages(service)
    return leaky(service, rate), service.trace(rate * ages, ages, at=later(service))


def half_fixed(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, after_ages(service, 0.8, 1.3)
    left = rate * float(service.rng.uniform(0.3, 0.5))
    return leaky(service, rate), service.trace(left * ages, ages, at=later(service))


def faster(service: Service) -> tuple[Trace, Trace]:
    rate, ages = service.leak_per_s, after_ages(service, 0.8, 1.3)
    return leaky(service, rate), service.trace(
        float(service.rng.uniform(1.5, 3)) * rate * ages, ages, at=later(service)
    )


def too_short(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, and too short to show it."""
    rate = 10.0 * service.noise / service.window_s
    ages = service.ages(float(service.rng.uniform(0.05, 0.2)))
    return leaky(service, rate), service.trace(rate * ages, ages, at=later(service))


def idle_after(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, but hardly anything asks for it."""
    service.busy = True
    rate, ages = service.leak_per_s, after_ages(service)
    share = float(service.rng.uniform(0.0, 0.15))
    return leaky(service, rate), service.trace(share * rate * ages, ages, at=later(service), load=share)


def half_load(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, at half the load."""
    service.busy = True
    rate, ages = service.leak_per_s, after_ages(service, 0.8, 1.3)
    return leaky(service, rate), service.trace(0.5 * rate * ages, ages, at=later(service), load=0.5)


def restarts_instead(service: Service) -> tuple[Trace, Trace]:
    """Unfixed, but recycled before it shows."""
    rate, ages = service.leak_per_s, service.ages()
    lives = int(service.rng.integers(8, 20))
    rows = np.linspace(0, len(ages), lives + 1).astype(int)[1:-1]
    started = np.repeat(ages[[0, *rows]], np.diff([0, *rows, len(ages)]))
    return leaky(service, rate), service.trace(
        rate * (ages - started), ages, at=later(service), lives=tuple(rows.tolist())
    )


def starts_late(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: it leaks only from an age on that the new process has not reached."""
    rate, old = 2.5 * service.leak_per_s, service.ages()
    onset = 0.5 * service.window_s
    new = service.ages(float(service.rng.uniform(0.25, 0.45)))
    return service.trace(rate * np.maximum(old - onset, 0.0), old, at=0.0), service.trace(
        0.0 * new, new, at=later(service)
    )


def bursts(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: it leaks in steps, and the next has not come."""
    steps = float(service.rng.integers(5, 9))
    total = service.leak_per_s * service.window_s
    old, new = service.ages(), service.ages(float(service.rng.uniform(0.6, 0.95)) / steps)
    before = service.trace(total / steps * np.floor(old / service.window_s * steps), old, at=0.0)
    return before, service.trace(0.0 * new, new, at=later(service))


def to_descriptors(service: Service) -> tuple[Trace, Trace]:
    """Memory is fixed, descriptors leak instead."""
    old, new = service.ages(), after_ages(service, 0.8, 1.3)
    before = leaky(service, service.leak_per_s, open_fds=np.full(len(old), 20.0))
    fds = np.floor(20.0 + 100.0 * new / service.window_s)
    return before, service.trace(0.0 * new, new, at=later(service), open_fds=fds)


def to_swap(service: Service) -> tuple[Trace, Trace]:
    """Unfixed: what leaks is swapped out."""
    rate, old, new = service.leak_per_s, service.ages(), after_ages(service, 0.8, 1.3)
    before = leaky(service, rate, swap_bytes=np.zeros(len(old)))
    return before, service.trace(0.0 * new, new, at=later(service), swap_bytes=np.round(rate * new / PAGE) * PAGE)


def one_of_two(service: Service) -> tuple[Trace, Trace]:
    """Memory is fixed, the connections still leak."""
    old, new = service.ages(), after_ages(service, 0.8, 1.3)
    per_s = float(service.rng.uniform(40, 200)) / service.window_s
    before = leaky(service, service.leak_per_s, connections=np.floor(per_s * old))
    return before, service.trace(0.0 * new, new, at=later(service), connections=np.floor(per_s * new))


def saw_unfixed(service: Service) -> tuple[Trace, Trace]:
    size, cycles = 0.1 * service.base, float(service.rng.uniform(12, 40))
    rate = max(service.leak_per_s, 2.0 * size / service.window_s)
    old, new = service.ages(), after_ages(service, 0.6, 1.3)
    before = service.trace(rate * old + saw(service, old, size, cycles), old, at=0.0)
    return before, service.trace(rate * new + saw(service, new, size, cycles), new, at=later(service))


def never_leaked(service: Service) -> tuple[Trace, Trace]:
    """Before only warmed up."""
    old, new = service.ages(), after_ages(service)
    before = service.trace(warm(service, old, 0.15, 0.3), old, at=0.0)
    return before, service.trace(0.0 * new - 0.1 * service.base, new, at=later(service))


def step_up(service: Service) -> tuple[Trace, Trace]:
    """Flat after, but as high as the leak had come."""
    rate, ages = service.leak_per_s, after_ages(service)
    high = 1.1 * rate * service.window_s
    return leaky(service, rate), service.trace(np.full(len(ages), high), ages, at=later(service))


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
    **HARD,
}


def pairs(each: int, seed: int) -> Iterator[Pair]:
    """Yield `each` pairs of every kind, the truly fixed kinds and the others."""
    for kind in KINDS:
        for number in range(each):
            yield pair(kind.__name__, number, seed)


def pair(kind: str, number: int, seed: int) -> Pair:
    """Make one pair of a kind, always the same one."""
    place, make = next((place, each) for place, each in enumerate(KINDS) if each.__name__ == kind)
    before, after = make(Service.random(np.random.default_rng([seed, place, number])))
    return Pair(kind=kind, truth=KINDS[make], before=before, after=after)
