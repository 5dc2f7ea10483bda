"""Pairs that are hard to tell: clocks, gaps, limits, workers, caches, steps, daily lows, leaks that moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from benchmarks.proof.service import EPOCH, PAGE, Floats, Service, after_ages, later, leaky, saw, warm
from leakdoc.model.decision import ProofDecision
from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace

RSS: Final = Column("rss_bytes")
HEAP: Final = Column("heap_bytes")
Sides = tuple[Trace, Trace]


def _flat(service: Service, ages: Floats, base: float = 0.0) -> Floats:
    return np.full(len(ages), base) + warm(service, ages, 0.03, 0.01)


def half_load_fix(service: Service) -> Sides:
    """Fixed, at half the load."""
    service.busy = True
    ages = after_ages(service, 0.8, 1.3)
    return leaky(service, service.leak_per_s), service.trace(_flat(service, ages), ages, at=later(service), load=0.5)


def _by_day(service: Service, ages: Floats, phase: float) -> tuple[Floats, Floats]:
    """The load over a day of three windows, and the requests so far; `phase` in parts of a day."""
    level = 1.0 + 0.5 * np.sin(2.0 * np.pi * (ages / (3.0 * service.window_s) + phase))
    return level, np.cumsum(service.rng.poisson(np.maximum(20.0 * level * service.interval_s, 0.0))).astype(float)


def _daily_low(service: Service, left: float) -> Sides:
    service.busy = False
    old, new = service.ages(), after_ages(service, 0.3, 0.6)
    rate = 1.5 * service.leak_per_s
    high, before = _by_day(service, old, 0.1)
    low, after = _by_day(service, new, 0.65)
    grown = [rate * np.cumsum(level) * service.interval_s for level in (high, low)]
    return service.trace(grown[0], old, at=0.0, requests_total=before), service.trace(
        left * grown[1], new, at=later(service), requests_total=after
    )


def low_unfixed(service: Service) -> Sides:
    """Unfixed, deployed when the day is at its lowest."""
    return _daily_low(service, 1.0)


def low_fixed(service: Service) -> Sides:
    """Fixed, deployed when the day is at its lowest."""
    return _daily_low(service, 0.0)


def to_native(service: Service) -> Sides:
    """The heap that Python sees is flat, native memory leaks on."""
    rate, old, new = service.leak_per_s, service.ages(), after_ages(service, 0.8, 1.3)
    heap = 0.5 * service.base
    before = service.trace(rate * old, old, at=0.0, heap_bytes=heap + rate * old)
    return before, service.trace(rate * new, new, at=later(service), heap_bytes=np.full(len(new), heap))


def higher_limit(service: Service) -> Sides:
    """Unfixed, with twice the room."""
    rate, ages = service.leak_per_s, after_ages(service, 0.7, 1.2)
    before, after = leaky(service, rate), service.trace(rate * ages, ages, at=later(service))
    top = service.base + rate * service.window_s
    return _limited(before, 1.1 * top), _limited(after, 3.0 * top)


def _limited(trace: Trace, limit: float) -> Trace:
    return replace(trace, facts=replace(trace.facts, limit_bytes=limit))


def at_its_limit(service: Service) -> Sides:
    """Unfixed, and held at its limit by the kernel, which takes other pages for it."""
    rate, ages = service.leak_per_s, service.ages(1.0)
    room = 0.3 * rate * service.window_s
    after = service.trace(np.minimum(3.0 * rate * ages, room), ages, at=later(service))
    return leaky(service, rate), _limited(after, service.base + room * 1.01)


def _workers(service: Service, rates: tuple[float, ...], *, at: float, share: float = 1.0) -> Trace:
    """Workers side by side, each a life of its own."""
    service.told = True
    lived = [service.ages(share) for _ in rates]
    parts = [service.trace(rate * ages, ages, at=at) for rate, ages in zip(rates, lived, strict=True)]
    edges = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    lives = tuple(
        Life(first=edges[place], stop=edges[place + 1], pid=200 + place + int(at > 0) * 50, started_at=EPOCH + at)
        for place in range(len(parts))
    )
    columns = {column: np.concatenate([part.columns[column] for part in parts]) for column in parts[0].columns}
    return replace(parts[0], times=np.concatenate([part.times for part in parts]), lives=lives, columns=columns)


def workers_fix(service: Service) -> Sides:
    rate = service.leak_per_s
    return _workers(service, (rate,) * 4, at=0.0), _workers(service, (0.0,) * 4, at=later(service))


def one_worker_leaks(service: Service) -> Sides:
    """The leak moved: one of four workers grows as all four did together."""
    rate = service.leak_per_s
    return _workers(service, (rate,) * 4, at=0.0), _workers(service, (0.0, 0.0, 0.0, 4.0 * rate), at=later(service))


def slower_than_the_window(service: Service) -> Sides:
    """Before hardly shows its leak, after cannot."""
    rate = 1.5 * service.noise / service.window_s
    ages = after_ages(service, 0.5, 1.0)
    return leaky(service, rate), service.trace(rate * ages, ages, at=later(service))


def stable_step_up(service: Service) -> Sides:
    """Fixed, and flat on a level that is higher than the old start, lower than the old peak."""
    rate, ages = service.leak_per_s, after_ages(service)
    high = 0.4 * rate * service.window_s
    return leaky(service, rate), service.trace(_flat(service, ages, high), ages, at=later(service))


def late_step_up(service: Service) -> Sides:
    """Flat, a step up in the middle that is over, and flat again: an honest cache, or the first of many."""
    rate, ages = service.leak_per_s, after_ages(service, 0.9, 1.3)
    step = 0.5 * rate * service.window_s * (ages > 0.6 * ages[-1])
    return leaky(service, rate), service.trace(step, ages, at=later(service))


def cache_grew(service: Service) -> Sides:
    """Fixed, with a cache that fills for a while and is full."""
    rate, ages = service.leak_per_s, after_ages(service, 1.0, 1.5)
    size = 0.5 * rate * service.window_s
    full = np.minimum(ages / (0.2 * service.window_s), 1.0)
    return leaky(service, rate), service.trace(size * full, ages, at=later(service))


def cache_still_fills(service: Service) -> Sides:
    """A cache, still growing at half the old rate at the end: nothing can tell it from a leak yet."""
    rate, ages = service.leak_per_s, after_ages(service, 0.5, 0.9)
    return leaky(service, rate), service.trace(0.5 * rate * ages, ages, at=later(service))


def _without(service: Service, trace: Trace, start: float, stop: float) -> Trace:
    """Take the scrapes out of a part of the time."""
    age = trace.times - trace.times[0]
    gone = (age >= start * age[-1]) & (age < stop * age[-1])
    values = trace.columns[RSS].copy()
    values[gone] = np.nan
    if service.rng.random() < 0.5:
        return replace(trace, columns={**trace.columns, RSS: values})
    from leakdoc.verification.windows import keep

    return keep(trace, ~gone)


def gap_fix(service: Service) -> Sides:
    """Fixed; the first scrapes after the deploy are missing."""
    ages = after_ages(service, 0.9, 1.3)
    after = service.trace(_flat(service, ages), ages, at=later(service))
    return leaky(service, service.leak_per_s), _without(service, after, 0.0, 0.25)


def gap_unfixed(service: Service) -> Sides:
    """Unfixed; scrapes are missing in the middle."""
    rate, ages = service.leak_per_s, after_ages(service, 0.9, 1.3)
    after = service.trace(rate * ages, ages, at=later(service))
    return leaky(service, rate), _without(service, after, 0.3, 0.6)


def _skewed(service: Service, trace: Trace) -> Trace:
    """The clock of the new host is behind by up to a third of a window, so that the sides overlap in time."""
    behind = float(service.rng.uniform(0.05, 0.3)) * service.window_s
    times = trace.times - behind
    lives = tuple(
        life if life.started_at is None else replace(life, started_at=life.started_at - behind) for life in trace.lives
    )
    return replace(trace, times=times, lives=lives)


def skewed_fix(service: Service) -> Sides:
    ages = after_ages(service)
    after = service.trace(_flat(service, ages), ages, at=service.window_s)
    return leaky(service, service.leak_per_s), _skewed(service, after)


def skewed_unfixed(service: Service) -> Sides:
    rate, ages = service.leak_per_s, after_ages(service, 0.8, 1.3)
    return leaky(service, rate), _skewed(service, service.trace(rate * ages, ages, at=service.window_s))


def _thinned(trace: Trace, every: int) -> Trace:
    from leakdoc.verification.windows import keep

    return keep(trace, np.arange(len(trace)) % every == 0)


def other_interval_fix(service: Service) -> Sides:
    """Before was recorded at a longer interval."""
    ages = after_ages(service, 0.8, 1.3)
    before = _thinned(leaky(service, service.leak_per_s), int(service.rng.integers(2, 6)))
    return before, service.trace(_flat(service, ages), ages, at=later(service))


def other_interval_unfixed(service: Service) -> Sides:
    rate, ages = service.leak_per_s, after_ages(service, 0.8, 1.3)
    before = _thinned(leaky(service, rate), int(service.rng.integers(2, 6)))
    return before, service.trace(rate * ages, ages, at=later(service))


def saw_grows(service: Service) -> Sides:
    """Unfixed: the floor is kept flat by larger and rarer collections for a while, the peaks rise."""
    size, cycles = 0.1 * service.base, float(service.rng.uniform(15, 30))
    rate = max(service.leak_per_s, 2.0 * size / service.window_s)
    old, new = service.ages(), after_ages(service, 0.8, 1.3)
    before = service.trace(rate * old + saw(service, old, size, cycles), old, at=0.0)
    return before, service.trace(0.8 * rate * new + saw(service, new, size, cycles), new, at=later(service))


def saw_after_only(service: Service) -> Sides:
    """Fixed; the new build collects, the old one never got to it."""
    size, cycles = 0.08 * service.base, float(service.rng.uniform(15, 40))
    ages = after_ages(service, 0.8, 1.3)
    rate = max(service.leak_per_s, 3.0 * size / service.window_s)
    service.told = True  # else its falls may be restarts that nobody recorded
    return leaky(service, rate), service.trace(saw(service, ages, size, cycles), ages, at=later(service))


def burst_at_the_end(service: Service) -> Sides:
    """Unfixed: flat for most of the time, and the old leak again in the last tenth."""
    rate, ages = 2.0 * service.leak_per_s, after_ages(service, 0.9, 1.3)
    grown = rate * np.maximum(ages - 0.85 * ages[-1], 0.0)
    return leaky(service, rate), service.trace(grown, ages, at=later(service))


def oom_loop(service: Service) -> Sides:
    """Unfixed: killed and started again a few times, which nobody recorded but the kernel."""
    service.told = False
    rate, ages = 2.0 * service.leak_per_s, service.ages(1.0)
    life = service.window_s / float(service.rng.uniform(3.0, 6.0))
    kills = np.floor(ages / life)
    after = service.trace(rate * (ages % life), ages, at=later(service), oom_kills_total=kills)
    return leaky(service, rate, oom_kills_total=np.zeros(len(service.ages()))), after


def to_file_pages(service: Service) -> Sides:
    """Fixed; page cache of its files grows beside it, which the kernel takes back."""
    rate, ages, old = service.leak_per_s, after_ages(service, 0.8, 1.3), service.ages()
    before = leaky(service, rate, file_bytes=np.zeros(len(old)))
    pages = np.round(rate * ages / PAGE) * PAGE
    return before, service.trace(_flat(service, ages), ages, at=later(service), file_bytes=pages)


D = ProofDecision
HARD: Final[dict[Callable[[Service], Sides], ProofDecision | None]] = {
    **dict.fromkeys((half_load_fix, low_fixed, workers_fix, stable_step_up, cache_grew, gap_fix), D.NORMALIZED),
    **dict.fromkeys((skewed_fix, other_interval_fix, saw_after_only, to_file_pages), D.NORMALIZED),
    **dict.fromkeys((to_native, higher_limit, one_worker_leaks, gap_unfixed, skewed_unfixed), D.NOT_FIXED),
    **dict.fromkeys((other_interval_unfixed, saw_grows), D.NOT_FIXED),
    **dict.fromkeys((low_unfixed, at_its_limit, slower_than_the_window, late_step_up, cache_still_fills), None),
    **dict.fromkeys((burst_at_the_end, oom_loop), None),
}  # fmt: skip
