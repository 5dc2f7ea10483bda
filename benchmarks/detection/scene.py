"""What a labelled trace is made of: a window, a level, a load, noise, and the accidents of measuring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leakdoc.detection.stats.series import Series
from leakdoc.units import Unit

Array = npt.NDArray[np.float64]
PAGE = 4_096.0
MIB = 2.0**20
DAY = 86_400.0
WINDOWS = (
    (1_800.0, 1.0), (3_600.0, 1.0), (3_600.0, 5.0), (7_200.0, 5.0), (21_600.0, 10.0), (43_200.0, 30.0),
    (86_400.0, 60.0), (3 * DAY, 120.0), (7 * DAY, 300.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A trace and its truth.

    Args:
        slope: what an interval of the slope claims to hold, per second: growth at the end of the window; of steps, of
            bursts and of requests at random what they came to over the window.
        fair: decisions that an expert with the truth would accept.
    """

    kind: str
    series: Series
    leak: bool
    slope: float
    fair: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Scene:
    """The stage on which a kind plays: it adds to `signal` and says what is true.

    Args:
        rho: the noise's autocorrelation from reading to reading, once it was drawn.
        truth: what was laid under the noise.
    """

    rng: np.random.Generator
    t: Array
    level: float
    noise_sd: float
    load: Array | None = None
    life: npt.NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    starts: Array = field(default_factory=lambda: np.asarray([np.nan]))
    starts_known: bool = False
    rho: float = 0.0
    truth: Array | None = None

    @property
    def span(self) -> float:
        return float(self.t[-1] - self.t[0])

    @property
    def x(self) -> Array:
        """Time as a fraction of the window."""
        return np.asarray((self.t - self.t[0]) / self.span)

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def growth(self, most: float = 20.0) -> float:
        """How much a leak grows in the window: from what barely matters to what nobody could miss."""
        return max(0.012 * self.level, 3.0 * self.noise_sd) * self.log_uniform(1.0, most)

    def noise(self) -> Array:
        """First-order autoregressive noise, its memory between none and an eighth of the window."""
        n = len(self.t)
        memory = self.rng.choice([0.0, self.log_uniform(1.0, n / 40.0), self.log_uniform(1.0, n / 12.0)])
        self.rho = float(np.exp(-1.0 / memory)) if memory > 0 else 0.0
        return self.noise_sd * ar1(self.rng, n, self.rho)

    def with_load(self, shape: Array) -> Array:
        """Give the scene a request counter of this rate (requests a second); returns the rate as it was seen."""
        steps = np.diff(self.t, prepend=self.t[0] - (self.t[1] - self.t[0]))
        done = self.rng.poisson(np.maximum(shape, 0.0) * steps).astype(float)
        self.load = np.cumsum(done)
        return np.asarray(done / steps)


def ar1(rng: np.random.Generator, n: int, rho: float) -> Array:
    """Return unit-variance first-order autoregressive noise."""
    shocks = rng.normal(size=n) * np.sqrt(1.0 - rho * rho)
    out = np.empty(n)
    last = rng.normal()
    for at, shock in enumerate(shocks.tolist()):
        last = rho * last + shock
        out[at] = last
    return out


def usual_scene(rng: np.random.Generator) -> Scene:
    """Half an hour at 1 s to a week at 300 s, 40 MB to 4 GB, noise of 0.05 to 3 % of the level."""
    span, every = WINDOWS[rng.integers(len(WINDOWS))]
    t = 1.7e9 + rng.uniform(0, DAY) + np.arange(0.0, span, every)
    level = float(np.exp(rng.uniform(np.log(4e7), np.log(4e9))))
    scene = Scene(rng=rng, t=t, level=level, noise_sd=level * float(np.exp(rng.uniform(np.log(5e-4), np.log(0.02)))))
    if rng.random() < 0.4:
        scene.with_load(steady_load(scene))
    return scene


def steady_load(scene: Scene) -> Array:
    """A load that wanders a little and means nothing."""
    base = scene.log_uniform(2.0, 200.0)
    return np.asarray(base * np.clip(1.0 + 0.15 * ar1(scene.rng, len(scene.t), 0.95), 0.1, None))


def wavy_load(scene: Scene, period: float | None = None) -> Array:
    """A load that swings: daily where the window is long, else a few times in the window."""
    base, swing = scene.log_uniform(2.0, 200.0), scene.rng.uniform(0.3, 0.8)
    period = period or (DAY if scene.span >= 2 * DAY else scene.span / scene.rng.uniform(1.5, 6.0))
    wave = np.sin(2 * np.pi * (scene.t / period + scene.rng.random()))
    return np.asarray(base * np.clip(1.0 + swing * wave + 0.08 * ar1(scene.rng, len(scene.t), 0.8), 0.02, None))


def measured(kind: str, scene: Scene, signal: Array, *, leak: bool, slope: float, fair: str, unit: Unit = "bytes",
             noisy: bool = True, accidents: bool = True) -> Labelled:  # fmt: skip
    """Add noise and quantization, and what happens to measurements: jitter, holes, a gap, spikes."""
    rng, n = scene.rng, len(scene.t)
    scene.truth = signal
    values = scene.level + signal + (scene.noise() if noisy else 0.0)
    step = PAGE if unit == "bytes" else 1.0
    values = np.maximum(np.round(values / step) * step, 0.0)
    t = scene.t.copy()
    life = scene.life if len(scene.life) else np.zeros(n, dtype=np.intp)
    kept = np.ones(n, dtype=bool)
    if accidents:
        t, values, kept = _accidents(rng, t, values)
    return Labelled(
        kind=kind, leak=leak, slope=slope, fair=frozenset(fair.split()),
        series=Series(
            times_s=t[kept], values=values[kept], life=life[kept], life_started_s=scene.starts, unit=unit,
            starts_known=scene.starts_known, load=None if scene.load is None else scene.load[kept],
        ),
    )  # fmt: skip


def _accidents(rng: np.random.Generator, t: Array, values: Array) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    n, every = len(t), float(t[1] - t[0])
    kept = np.ones(n, dtype=bool)
    if rng.random() < 0.5:
        t = t + rng.uniform(-0.3, 0.3, size=n) * every
    if rng.random() < 0.4:
        kept &= rng.random(n) > rng.uniform(0.01, 0.1)
    if rng.random() < 0.15:
        at = rng.integers(n // 10, 8 * n // 10)
        kept[at : at + n // 12] = False
    if rng.random() < 0.25:
        rows = rng.choice(n, size=max(1, n // 400), replace=False)
        values = values.copy()
        values[rows] *= rng.uniform(1.05, 2.0, size=len(rows))
    return t, values, kept


Kind = Callable[[Scene], Labelled]
