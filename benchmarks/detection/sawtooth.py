"""Garbage collections and restarts: what makes a level fall."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.scene import Array, Scene


def collections(scene: Scene) -> Array:
    """A sawtooth of 8 to 40 collections, its heights and lengths irregular."""
    rng = scene.rng
    count = int(rng.integers(8, 41))
    cuts = np.sort(np.append(0.0, (np.arange(1, count) + rng.uniform(-0.25, 0.25, size=count - 1)) / count))
    which = np.clip(np.searchsorted(cuts, scene.x, side="right") - 1, 0, None)
    lasted = np.diff(np.append(cuts, 1.0 + 1.0 / count * rng.random()))
    height = scene.level * rng.uniform(0.05, 0.4) * rng.uniform(0.85, 1.15, size=count)
    scene.noise_sd = min(scene.noise_sd, 0.01 * scene.level)
    return np.asarray(
        (height * count * np.minimum(lasted, 1.0 / count))[which] * (scene.x - cuts[which]) / lasted[which]
    )


def lives_of(scene: Scene, *, most: int = 30, known: bool = True) -> tuple[Array, int]:
    """Cut the scene into lives; returns the age of each row and how many lives there are."""
    rng = scene.rng
    count = int(rng.integers(2, most + 1))
    count = max(2, min(count, len(scene.t) // 40))
    cuts = np.append(0.0, (np.arange(1, count) + rng.uniform(-0.2, 0.2, size=count - 1)) / count)
    life = np.clip(np.searchsorted(cuts, scene.x, side="right") - 1, 0, None)
    starts = scene.t[0] + cuts * scene.span
    if known:
        scene.life, scene.starts, scene.starts_known = life.astype(np.intp), starts, True
    return np.asarray(scene.t - starts[life]), count
