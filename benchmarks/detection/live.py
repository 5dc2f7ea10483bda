"""Short watches of a running Python service: half a minute to two minutes, at 0.25 s to 1 s."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.scene import MIB, Labelled, Scene, measured

_ARENAS = (2.0**18, 2.0**20)


def live_scene(rng: np.random.Generator) -> Scene:
    """A service of 15 to 150 MB, hardly noisy."""
    every, span = float(rng.choice([0.25, 0.5, 1.0])), float(rng.choice([40.0, 60.0, 90.0, 120.0]))
    level = float(np.exp(rng.uniform(np.log(15 * MIB), np.log(150 * MIB))))
    return Scene(rng=rng, t=1.7e9 + np.arange(0.0, span, every), level=level, noise_sd=rng.choice([0.0, 4e3, 3e4]))


def _arenas(scene: Scene, held: np.ndarray) -> np.ndarray:
    size = float(scene.rng.choice(_ARENAS))
    return np.asarray(np.floor(held / size + scene.rng.random()) * size)


def _done(kind: str, scene: Scene, signal: np.ndarray, slope: float, fair: str, **more: object) -> Labelled:
    leak = fair == "leaking"
    return measured(kind, scene, signal, leak=leak, slope=slope, fair=fair, accidents=False, **more)  # type: ignore[arg-type]


def live_leak(scene: Scene) -> Labelled:
    rate = scene.log_uniform(100 * 1024.0, MIB)
    return _done("live: leak", scene, _arenas(scene, rate * scene.span * scene.x), rate, "leaking")


def live_leak_by_requests(scene: Scene) -> Labelled:
    rate = scene.log_uniform(100 * 1024.0, MIB)
    steps = scene.rng.poisson(20.0 * scene.span / len(scene.t), size=len(scene.t)) / 20.0
    held = rate * np.cumsum(steps)
    seen = float(held[-1] - held[0]) / scene.span
    return _done("live: leak by requests", scene, _arenas(scene, held), seen, "leaking")


def live_leak_after_start(scene: Scene) -> Labelled:
    rate = scene.log_uniform(150 * 1024.0, MIB)
    start = scene.rng.uniform(2, 12) * MIB * -np.expm1(-scene.x * scene.span / scene.rng.uniform(1, 4))
    return _done("live: leak after start", scene, start + _arenas(scene, rate * scene.span * scene.x), rate, "leaking")


def live_count_leak(scene: Scene) -> Labelled:
    scene.level, scene.noise_sd = float(scene.rng.integers(8, 60)), 0.0
    rate = scene.log_uniform(10.0 / scene.span, 3.0)
    jumps = np.floor(rate * scene.span * scene.x + scene.rng.random())
    return _done("live: count leak", scene, jumps, rate, "leaking", unit="count")


def live_flat(scene: Scene) -> Labelled:
    return _done("live: flat", scene, 0.0 * scene.x, 0.0, "stable")


def live_start(scene: Scene) -> Labelled:
    """A rise in the first seconds, then flat."""
    seconds = scene.x * scene.span
    rise = scene.rng.uniform(2, 30) * MIB
    if scene.rng.random() < 0.5:
        signal = -rise * np.exp(-seconds / scene.rng.uniform(0.5, 4.0))
    else:
        signal = rise * np.minimum(seconds / scene.rng.uniform(1.0, 8.0), 1.0)
    return _done("live: start", scene, _arenas(scene, signal), 0.0, "stable warming_up inconclusive")


def live_cache(scene: Scene) -> Labelled:
    """A bounded cache that fills in the first third, an arena at a time."""
    full = scene.rng.uniform(0.1, 0.35)
    signal = scene.rng.uniform(3, 30) * MIB * np.minimum(scene.x / full, 1.0)
    return _done("live: cache", scene, _arenas(scene, signal), 0.0, "stable warming_up inconclusive")


def live_few_arenas(scene: Scene) -> Labelled:
    """One to three arenas mapped at odd moments: nobody can call that a leak yet."""
    at = scene.rng.random(int(scene.rng.integers(1, 4)))
    signal = float(scene.rng.choice(_ARENAS)) * np.sum(scene.x[:, None] > at, axis=1)
    return _done("live: few arenas", scene, signal, 0.0, "stable inconclusive warming_up")


def live_count_flat(scene: Scene) -> Labelled:
    """Descriptors that come and go with the requests."""
    scene.level, scene.noise_sd = float(scene.rng.integers(8, 60)), 0.0
    busy = scene.rng.poisson(scene.rng.choice([0.0, 0.3, 3.0]), size=len(scene.t)).astype(float)
    return _done("live: count flat", scene, busy, 0.0, "stable inconclusive", unit="count")


def live_pool(scene: Scene) -> Labelled:
    """A pool that opens its connections with the first requests, and keeps them."""
    scene.level, scene.noise_sd = float(scene.rng.integers(8, 60)), 0.0
    size = float(scene.rng.integers(3, 20))
    signal = np.floor(size * -np.expm1(-scene.x / scene.rng.uniform(0.02, 0.12)))
    return _done("live: pool", scene, signal, 0.0, "stable warming_up inconclusive", unit="count")


LIVE_LEAKS = (live_leak, live_leak_by_requests, live_leak_after_start, live_count_leak)
LIVE_INNOCENT = (live_flat, live_start, live_cache, live_few_arenas, live_count_flat, live_pool)
