"""What real processes do beyond the textbook: each kind says where it was seen.

Hard negatives first: they are what pages people at night for nothing.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.scene import DAY, Array, Labelled, Scene, ar1, measured, wavy_load

_WARM = "warming_up stable inconclusive"
_CALM = "stable inconclusive"


def late_ramp(scene: Scene) -> Labelled:
    """A batch loads its data in the middle of the window, at an even pace, and keeps it."""
    start, length = scene.rng.uniform(0.1, 0.55), scene.rng.uniform(0.05, 0.25)
    rise = scene.level * scene.log_uniform(0.03, 0.5)
    signal = rise * np.clip((scene.x - start) / length, 0.0, 1.0)
    return measured("late ramp", scene, signal, leak=False, slope=0.0, fair=_WARM)


def batches(scene: Scene) -> Labelled:
    """Jobs that take memory for a while and give it back, at odd times (cron, exports, compactions)."""
    signal = np.zeros(len(scene.t))
    for _ in range(int(scene.rng.integers(3, 12))):
        start, length = scene.rng.uniform(-0.05, 0.95), scene.rng.uniform(0.005, 0.08)
        signal += scene.level * scene.log_uniform(0.02, 0.3) * ((scene.x > start) & (scene.x < start + length))
    return measured("batches", scene, signal, leak=False, slope=0.0, fair=_CALM)


def heap_steps(scene: Scene) -> Labelled:
    """A managed heap that takes a few more chunks, ever more rarely (JVM, Go, V8), under collections."""
    count = int(scene.rng.integers(3, 8))
    at = 0.02 * (0.7 / 0.02) ** (np.sort(scene.rng.random(count)))
    rise = scene.level * scene.log_uniform(0.05, 0.5) / count
    saw = 0.04 * scene.level * ((scene.x * scene.rng.uniform(15, 50)) % 1.0)
    signal = rise * np.sum(scene.x[:, None] > at, axis=1) + saw
    return measured("heap steps", scene, signal, leak=False, slope=0.0, fair=_WARM)


def cache_by_requests(scene: Scene) -> Labelled:
    """A bounded cache of random keys fills with the requests: it slows down as hits take over (coupon collecting)."""
    rate = scene.with_load(wavy_load(scene))
    done = np.cumsum(rate) / np.sum(rate)
    fills = scene.rng.uniform(0.05, 0.2)
    signal = -scene.level * scene.log_uniform(0.05, 0.6) * np.exp(-done / fills)
    return measured("cache by requests", scene, signal, leak=False, slope=0.0, fair=_WARM + " load_driven")


def load_with_a_lag(scene: Scene) -> Labelled:
    """Buffers follow the load with a lag, and not in proportion (square root, thread stacks, sessions that expire)."""
    rate = scene.with_load(wavy_load(scene))
    lag = max(int(len(rate) * scene.rng.uniform(0.002, 0.03)), 1)
    kernel = np.exp(-np.arange(5 * lag) / lag)
    smooth = np.convolve(np.concatenate([np.full(5 * lag, rate[0]), rate]), kernel / kernel.sum())[5 * lag :][
        : len(rate)
    ]
    signal = scene.level * scene.rng.uniform(0.05, 0.3) * (smooth / smooth.mean()) ** scene.rng.uniform(0.6, 1.0)
    return measured("load with a lag", scene, signal, leak=False, slope=0.0, fair="load_driven stable inconclusive")


def week(scene: Scene) -> Labelled:
    """Days of unequal height, without a metric for the load; in windows under two days, shorter waves of that kind."""
    scene.load = None
    period = DAY if scene.span > 1.9 * DAY else scene.span / scene.rng.uniform(1.5, 4.0)
    days = scene.span / period
    heights = np.interp(
        (scene.t - scene.t[0]) / period, np.arange(int(days) + 3), scene.rng.uniform(0.5, 1.5, int(days) + 3)
    )
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (scene.t / period + scene.rng.random()))
    signal = scene.level * scene.rng.uniform(0.02, 0.1) * wave * heights
    return measured("week", scene, signal, leak=False, slope=0.0, fair=_CALM + " warming_up")


def random_walk(scene: Scene) -> Labelled:
    """Free lists and fragments: the level drifts without a direction, pulled back only weakly."""
    walk = np.cumsum(scene.rng.normal(size=len(scene.t)))
    walk -= np.linspace(0.0, scene.rng.uniform(0.3, 0.8), len(walk)) * walk[-1]
    signal = scene.level * scene.rng.uniform(0.003, 0.015) * walk / (np.std(walk) or 1.0)
    scene.noise_sd *= 0.2
    return measured("random walk", scene, signal, leak=False, slope=0.0, fair=_CALM + " warming_up")


def office_hours(scene: Scene) -> Labelled:
    """A leak that only requests feed, and these come by day: it rests at night."""
    rate = scene.with_load(wavy_load(scene, DAY if scene.span > 1.5 * DAY else scene.span / 3.5))
    done = np.cumsum(rate) / np.sum(rate)
    grown = scene.growth() * 1.3
    return measured("office hours", scene, grown * done, leak=True, slope=grown / scene.span, fair="leaking")


def accelerating(scene: Scene) -> Labelled:
    """A leak that feeds on itself (retries, a list that is searched): its pace doubles or triples in the window."""
    grown, power = scene.growth() * 1.3, scene.rng.uniform(1.3, 2.0)
    signal = grown * scene.x**power
    return measured("accelerating", scene, signal, leak=True, slope=grown * power / scene.span, fair="leaking")


def rare_and_large(scene: Scene) -> Labelled:
    """Each run of a rare path leaks a large object: a staircase of uneven steps."""
    count = int(scene.rng.integers(8, 25))
    at = np.sort((np.arange(count) + scene.rng.uniform(0.0, 1.0, count)) / count)
    grown = scene.growth() * 2.0
    signal = grown / count * np.sum(scene.x[:, None] > at, axis=1)
    return measured("rare and large", scene, signal, leak=True, slope=grown / scene.span, fair="leaking")


def workers(scene: Scene) -> Labelled:
    """Three workers of one service, started one after the other, each leaks at the same pace."""
    grown, x = scene.growth() * 1.3, _side_by_side(scene, 3)
    slope = 3.0 * grown / scene.span
    signal = np.concatenate([scene.level * offset + grown * x for offset in scene.rng.uniform(-0.1, 0.1, 3)])
    return measured("workers", scene, signal, leak=True, slope=slope, fair="leaking", accidents=False)


def one_of_several(scene: Scene) -> Labelled:
    """One of a few workers leaks: what it serves is broken, what the others serve is not."""
    count = int(scene.rng.integers(3, 7))
    grown, x = 2.0 * scene.growth(10.0), _side_by_side(scene, count)
    offsets, which = scene.level * scene.rng.uniform(-0.1, 0.1, count), int(scene.rng.integers(count))
    signal = np.concatenate([offset + grown * x * (at == which) for at, offset in enumerate(offsets)])
    return measured(
        "one of several", scene, signal, leak=True, slope=grown / scene.span, fair="leaking", accidents=False
    )


def steps_of_several(scene: Scene) -> Labelled:
    """A few workers each load something once, at a time of their own."""
    count = int(scene.rng.integers(3, 9))
    rise, x = scene.level * scene.log_uniform(0.03, 0.3), _side_by_side(scene, count)
    signal = np.concatenate([rise * (x > at) for at in scene.rng.uniform(0.05, 0.9, count)])
    return measured("steps of several", scene, signal, leak=False, slope=0.0, fair=_WARM, accidents=False)


def _side_by_side(scene: Scene, count: int) -> Array:
    """Make the scene one of several workers, seen at the same times; returns time as a fraction of the window."""
    n = len(scene.t) // count
    t = scene.t[: count * n : count]
    scene.t, scene.load = np.tile(t, count), None
    scene.life, scene.starts_known = np.repeat(np.arange(count), n).astype(np.intp), True
    scene.starts = t[0] - scene.rng.uniform(0.0, 600.0, count)
    return np.asarray((t - t[0]) / (t[-1] - t[0]))


def drift_under_collections(scene: Scene) -> Labelled:
    """A managed heap's sawtooth whose floor rises: few bytes a collection."""
    cycles = scene.rng.uniform(10, 60)
    saw = scene.level * scene.rng.uniform(0.1, 0.4) * ((scene.x * cycles + scene.rng.random()) % 1.0)
    scene.noise_sd = min(scene.noise_sd, 0.01 * scene.level)
    grown = scene.growth()
    return measured(
        "drift under collections", scene, grown * scene.x + saw, leak=True, slope=grown / scene.span, fair="leaking"
    )


def wandering_leak(scene: Scene) -> Labelled:
    """A leak beside a heap that wanders."""
    rho = float(np.exp(-1.0 / (len(scene.t) * scene.rng.uniform(0.01, 0.05))))
    wander = scene.level * scene.rng.uniform(0.002, 0.01) * ar1(scene.rng, len(scene.t), rho)
    scene.noise_sd *= 0.3
    grown = scene.level * scene.log_uniform(0.05, 0.4)
    return measured(
        "leak beside wandering", scene, grown * scene.x + wander, leak=True, slope=grown / scene.span, fair="leaking"
    )


HARD_INNOCENT = (
    late_ramp, batches, heap_steps, cache_by_requests, load_with_a_lag, week, random_walk, steps_of_several,
)  # fmt: skip
HARD_LEAKS = (
    office_hours,
    accelerating,
    rare_and_large,
    workers,
    drift_under_collections,
    wandering_leak,
    one_of_several,
)
