"""Leaks of many kinds, each with its true slope."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.sawtooth import collections, lives_of
from benchmarks.detection.scene import Array, Labelled, Scene, measured, wavy_load


def _leak(name: str, scene: Scene, signal: Array, slope: float, *, noisy: bool = True) -> Labelled:
    return measured(name, scene, signal, leak=True, slope=slope, fair="leaking", noisy=noisy)


def linear(scene: Scene) -> Labelled:
    grown = scene.growth()
    return _leak("linear", scene, grown * scene.x, grown / scene.span)


def slow(scene: Scene) -> Labelled:
    grown = max(0.01 * scene.level, 2.0 * scene.noise_sd) * scene.rng.uniform(1.0, 2.0)
    return _leak("slow", scene, grown * scene.x, grown / scene.span)


def after_warm_up(scene: Scene) -> Labelled:
    grown, rise = scene.growth(), scene.level * scene.rng.uniform(0.03, 0.4)
    tau = scene.rng.uniform(0.01, 0.12)
    return _leak("after warm-up", scene, grown * scene.x - rise * np.exp(-scene.x / tau), grown / scene.span)


def per_request(scene: Scene) -> Labelled:
    scene.with_load(wavy_load(scene))
    assert scene.load is not None
    grown = scene.growth()
    return _leak("per request", scene, grown * scene.load / scene.load[-1], grown / scene.span)


def load_and_leak(scene: Scene) -> Labelled:
    rate = scene.with_load(wavy_load(scene))
    grown = scene.growth()
    signal = grown * scene.x + scene.level * scene.rng.uniform(0.03, 0.2) * rate / rate.mean()
    return _leak("load and leak", scene, signal, grown / scene.span)


def season_and_leak(scene: Scene) -> Labelled:
    """A daily course without a load metric, over two days or more; shorter windows get a plain leak."""
    scene.load = None
    grown = scene.growth()
    swing = scene.level * scene.rng.uniform(0.02, 0.1) if scene.span > 2.9 * 86_400 else 0.0
    wave = np.sin(2 * np.pi * (scene.t / 86_400.0 + scene.rng.random()))
    return _leak("season and leak", scene, grown * scene.x + swing * wave, grown / scene.span)


def bursty(scene: Scene) -> Labelled:
    """Many small jumps at random times, of random sizes."""
    grown, count = scene.growth() * 1.5, int(scene.rng.integers(20, 200))
    at, size = np.sort(scene.rng.random(count)), scene.rng.exponential(size=count)
    signal = grown / size.sum() * np.append(0.0, np.cumsum(size))[np.searchsorted(at, scene.x)]
    return _leak("bursty", scene, signal, grown / scene.span)


def stepwise(scene: Scene) -> Labelled:
    """A regular job that leaks each time it runs."""
    grown, count = scene.growth() * 1.5, scene.rng.uniform(6, 30)
    signal = grown / count * np.floor(scene.x * count + scene.rng.random())
    return _leak("stepwise", scene, signal, grown / scene.span)


def late_onset(scene: Scene) -> Labelled:
    knee = scene.rng.uniform(0.25, 0.7)
    grown = scene.growth() * 1.3
    signal = grown * np.maximum(scene.x - knee, 0.0) / (1.0 - knee)
    return _leak("late onset", scene, signal, grown / scene.span / (1.0 - knee))


def with_a_step(scene: Scene) -> Labelled:
    grown, step = scene.growth(), scene.level * scene.rng.uniform(-0.15, 0.15)
    signal = grown * scene.x + step * (scene.x > scene.rng.uniform(0.15, 0.85))
    return _leak("leak and a step", scene, signal, grown / scene.span)


def behind_collections(scene: Scene) -> Labelled:
    grown = scene.growth()
    signal = grown * scene.x + collections(scene)
    return _leak("behind collections", scene, signal, grown / scene.span)


def behind_restarts(scene: Scene) -> Labelled:
    """Workers recycled before the leak shows; the starts are known."""
    age, lives = lives_of(scene)
    per_life = max(0.02 * scene.level, 2.0 * scene.noise_sd) * scene.log_uniform(1.0, 8.0)
    slope = per_life * lives / scene.span
    return _leak("behind restarts", scene, slope * age, slope)


def unseen_restarts(scene: Scene) -> Labelled:
    """The same, few restarts, and nobody recorded them: told by their drops only."""
    age, lives = lives_of(scene, most=3, known=False)
    slope = max(0.05 * scene.level, 15.0 * scene.noise_sd) * scene.log_uniform(1.0, 4.0) * lives / scene.span
    return _leak("unseen restarts", scene, slope * age, slope)


LEAKS = (
    linear, slow, after_warm_up, per_request, load_and_leak, season_and_leak, bursty, stepwise, late_onset,
    with_a_step, behind_collections, behind_restarts, unseen_restarts,
)  # fmt: skip
