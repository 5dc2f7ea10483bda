"""Growth, and other movement, that is no leak."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.sawtooth import collections, lives_of
from benchmarks.detection.scene import DAY, Array, Labelled, Scene, ar1, measured, steady_load, wavy_load

_CALM = "stable"
_WARM = "warming_up stable inconclusive"


def _innocent(name: str, scene: Scene, signal: Array, fair: str, *, noisy: bool = True, slope: float = 0.0) -> Labelled:
    return measured(name, scene, signal, leak=False, slope=slope, fair=fair, noisy=noisy)


def constant(scene: Scene) -> Labelled:
    return _innocent("constant", scene, 0.0 * scene.x, _CALM, noisy=False)


def noise(scene: Scene) -> Labelled:
    return _innocent("noise", scene, 0.0 * scene.x, f"{_CALM} inconclusive")


def wandering(scene: Scene) -> Labelled:
    """Strongly autocorrelated: its memory is up to a fifth of the window."""
    n = len(scene.t)
    rho = float(np.exp(-1.0 / (n * scene.rng.uniform(0.03, 0.2))))
    signal = scene.level * scene.rng.uniform(0.005, 0.03) * ar1(scene.rng, n, rho)
    scene.noise_sd *= 0.3
    return _innocent("wandering", scene, signal, f"{_CALM} inconclusive")


def warm_up(scene: Scene) -> Labelled:
    tau = scene.log_uniform(0.01, 0.25)
    rise = scene.level * scene.log_uniform(0.03, 1.0)
    return _innocent(
        "warm-up", scene, -rise * np.exp(-scene.x / tau), _WARM, slope=rise / tau * np.exp(-1 / tau) / scene.span
    )


def slow_warm_up(scene: Scene) -> Labelled:
    tau = scene.rng.uniform(0.25, 0.6)
    rise = scene.level * scene.log_uniform(0.05, 0.6)
    slope = rise / tau * np.exp(-1 / tau) / scene.span
    return _innocent("slow warm-up", scene, -rise * np.exp(-scene.x / tau), "warming_up inconclusive", slope=slope)


def logarithmic(scene: Scene) -> Labelled:
    tau = scene.log_uniform(0.002, 0.1)
    rise = scene.level * scene.log_uniform(0.03, 0.4) / np.log1p(1 / tau)
    slope = rise / (1 + tau) / scene.span
    return _innocent("logarithmic", scene, rise * np.log1p(scene.x / tau), _WARM, slope=slope)


def cache_filled(scene: Scene) -> Labelled:
    full = scene.rng.uniform(0.1, 0.65)
    rise = scene.level * scene.log_uniform(0.05, 0.8)
    return _innocent("cache filled", scene, rise * np.minimum(scene.x / full, 1.0), _WARM)


def load_driven(scene: Scene) -> Labelled:
    rate = scene.with_load(wavy_load(scene))
    signal = scene.level * scene.rng.uniform(0.05, 0.4) * rate / rate.mean()
    return _innocent("load-driven", scene, signal, "load_driven stable inconclusive")


def rising_load(scene: Scene) -> Labelled:
    """The load grows over the window and the memory with it: no leak, and hard to tell."""
    ramp = steady_load(scene) * (1.0 + scene.rng.uniform(0.3, 1.5) * scene.x)
    rate = scene.with_load(ramp * (1.0 + 0.15 * ar1(scene.rng, len(scene.t), 0.97)))
    signal = scene.level * scene.rng.uniform(0.05, 0.3) * rate / rate.mean()
    return _innocent("rising load", scene, signal, "load_driven inconclusive")


def season(scene: Scene) -> Labelled:
    scene.load = None
    period = DAY if scene.span > 1.9 * DAY else scene.span / scene.rng.uniform(2.5, 6.0)
    wave = np.sin(2 * np.pi * (scene.t / period + scene.rng.random()))
    return _innocent(
        "season", scene, scene.level * scene.rng.uniform(0.02, 0.15) * wave, "stable inconclusive load_driven"
    )


def step(scene: Scene) -> Labelled:
    rise = scene.level * scene.log_uniform(0.02, 0.5) * scene.rng.choice([1.0, 1.0, -0.5])
    return _innocent("step", scene, rise * (scene.x > scene.rng.uniform(0.1, 0.9)), "stable inconclusive warming_up")


def two_steps(scene: Scene) -> Labelled:
    rise = scene.level * scene.log_uniform(0.02, 0.3)
    first, second = np.sort(scene.rng.uniform(0.08, 0.85, size=2))
    signal = rise * ((scene.x > first) + scene.rng.uniform(0.4, 1.5) * (scene.x > second))
    return _innocent("two steps", scene, signal, "stable inconclusive warming_up")


def big_then_free(scene: Scene) -> Labelled:
    start, length = scene.rng.uniform(0.1, 0.6), scene.rng.uniform(0.02, 0.3)
    box = (scene.x > start) & (scene.x < start + length)
    return _innocent("big, then freed", scene, scene.level * scene.rng.uniform(0.1, 1.0) * box, f"{_CALM} inconclusive")


def collected(scene: Scene) -> Labelled:
    return _innocent("collections", scene, collections(scene), f"{_CALM} inconclusive")


def restarts(scene: Scene) -> Labelled:
    """Workers that warm up and stay flat, recycled; the starts are known."""
    age, lives = lives_of(scene)
    tau = scene.span / lives * scene.rng.uniform(0.03, 0.15)
    signal = -scene.level * scene.log_uniform(0.03, 0.5) * np.exp(-age / tau)
    return _innocent("restarts", scene, signal, _WARM)


def lazy_start(scene: Scene) -> Labelled:
    """A few irregular jumps early on (imports, pools, first requests), then flat."""
    count = int(scene.rng.integers(3, 9))
    at, size = np.sort(scene.rng.uniform(0.0, 0.25, size=count)), scene.rng.exponential(size=count)
    grown = np.append(0.0, np.cumsum(size))[np.searchsorted(at, scene.x)] / float(size.sum())
    return _innocent("lazy start", scene, scene.level * scene.log_uniform(0.05, 0.8) * grown, _WARM)


def heap_expansion(scene: Scene) -> Labelled:
    """A managed heap that expands along an S and then stays."""
    centre, width = scene.rng.uniform(0.15, 0.55), scene.rng.uniform(0.02, 0.08)
    rise = scene.level * scene.log_uniform(0.05, 0.6)
    return _innocent("heap expansion", scene, rise / (1.0 + np.exp(-(scene.x - centre) / width)), _WARM)


INNOCENT = (
    constant, noise, wandering, warm_up, slow_warm_up, logarithmic, cache_filled, load_driven, rising_load, season,
    step, two_steps, big_then_free, collected, restarts, lazy_start, heap_expansion,
)  # fmt: skip
