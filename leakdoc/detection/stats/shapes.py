"""The shapes that growth can take, as columns and as the combinations of columns that are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.refining import Rest
from leakdoc.detection.stats.series import FloatArray, IntArray

QUICK: Final = (0.01, 0.016, 0.025, 0.036, 0.05, 0.07, 0.095, 0.13, 0.175, 0.23, 0.3)
SLOW: Final = (0.45, 0.7, 1.1)
LOGS: Final = (0.001, 0.003, 0.008, 0.02, 0.05, 0.12, 0.3)
BENDS: Final = (0.1, 0.18, 0.26, 0.34, 0.42, 0.5, 0.58, 0.66, 0.74, 0.82)
CENTRES: Final = (0.15, 0.27, 0.39, 0.51, 0.63)
WIDTHS: Final = (0.02, 0.04, 0.075)
_SLOW_FROM: Final = 0.35
_ALIKE: Final = 0.015


class Fate(StrEnum):
    """How a shape goes on after the end of the data."""

    GROWS = "grows"
    SETTLES = "settles"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Shapes of one name.

    Args:
        persistent: whether what it leaves unexplained may wander (steps must not leave steps behind).
        prior: its weight before any data.
        proves: whether growth by this shape alone is enough for a verdict.
    """

    name: str
    fate: Fate
    words: str
    prior: float = 1.0
    persistent: bool = True
    proves: bool = True


FAMILIES: Final = (
    Family(name="constant", fate=Fate.SETTLES, words="flat", prior=2.0),
    Family(name="linear", fate=Fate.GROWS, words="linear", prior=2.0),
    Family(name="saturating", fate=Fate.SETTLES, words="levelling off"),
    Family(name="filled", fate=Fate.SETTLES, words="grown, then full"),
    Family(name="sigmoid", fate=Fate.SETTLES, words="one smooth rise"),
    Family(name="step", fate=Fate.SETTLES, words="one step", persistent=False),
    Family(name="two steps", fate=Fate.SETTLES, words="two steps", persistent=False),
    Family(name="saturating + step", fate=Fate.SETTLES, words="levelling off, and a step", persistent=False),
    Family(name="slow saturation", fate=Fate.UNDECIDED, words="slowing down", prior=0.6),
    Family(name="logarithmic", fate=Fate.UNDECIDED, words="ever slower", prior=0.6),
    Family(name="linear + saturating", fate=Fate.GROWS, words="linear after a warm-up"),
    Family(name="knee", fate=Fate.GROWS, words="linear since a bend", prior=0.7),
    Family(name="linear + knee", fate=Fate.GROWS, words="linear, at a changed rate since a bend", prior=0.7),
    Family(name="linear + step", fate=Fate.GROWS, words="linear, and a step", persistent=False),
    Family(
        name="linear + settled",
        fate=Fate.GROWS,
        words="linear beside a rise that ended",
        prior=0.3,
        persistent=False,
        proves=False,
    ),
)
INDEX: Final = {family.name: at for at, family in enumerate(FAMILIES)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """One way to measure progress: time, or requests done.

    Args:
        name: ``time`` or ``requests``.
        u: shape (n,), progress since the start of each life, 1 being the longest life.
        along: shape (n,), progress over all lives, 0 to 1: where bends and steps are placed.
        per_second: how fast `u` goes, averaged over the data.
        along_per_second: how fast `along` goes.
    """

    name: str
    u: FloatArray
    along: FloatArray
    per_second: float
    along_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Library:
    """Every column on one axis.

    Args:
        columns: shape (n, c).
        at: the columns' positions by kind.
        end_slope: shape (c,), each column's slope at the end, per second.
        place: shape (c,), the parameter of the column: a time constant, a bend or a step, as a fraction.
    """

    columns: FloatArray
    at: dict[str, IntArray]
    end_slope: FloatArray
    place: FloatArray


def axes_of(bins: Bins) -> tuple[Axis, ...]:
    """Time, and requests where there are any that do not simply go with time."""
    time = _axis("time", bins.age, bins)
    if bins.work is None:
        return (time,)
    requests = _axis("requests", bins.work, bins)
    differ = requests.per_second > 0.0 and float(np.max(np.abs(requests.u - time.u))) > _ALIKE
    return (time, requests) if differ else (time,)


def _axis(name: str, progress: FloatArray, bins: Bins) -> Axis:
    first = np.flatnonzero(np.append(True, np.diff(bins.life) > 0))
    last = np.append(first[1:], len(bins)) - 1
    done = progress[last] - progress[first]
    longest, lasted = float(np.max(done)) or 1.0, float(np.sum(bins.t[last] - bins.t[first])) or 1.0
    per_second = float(np.sum(done)) / lasted / longest
    if bins.lives == 1:
        u = (progress - progress[0]) / longest
        return Axis(name=name, u=u, along=u, per_second=per_second, along_per_second=per_second)
    span = bins.span or 1.0
    along = (bins.t - bins.t.min()) / span
    return Axis(name=name, u=progress / longest, along=along, per_second=per_second, along_per_second=1.0 / span)


def library_of(axis: Axis, beside: FloatArray, y: FloatArray) -> Library:
    """Build every column on an axis, with the parameters of a grid and those that suit these data best.

    Args:
        beside: shape (n, b), the confounders.
        y: shape (n,), the data.
    """
    end, flat = float(np.max(axis.u)), axis.along_per_second / (axis.per_second or 1.0)
    steps, linear = _step_places(axis), axis.u[:, None]

    alone, sloped = Rest(beside, y), Rest(np.hstack([beside, linear]), y)

    def best(make: Callable[[FloatArray], Block], low: float, high: float, rest: Rest = alone, zooms: int = 2) -> float:
        return rest.best_parameter(lambda grid: make(grid)[0], low, high, zooms=zooms)

    saturating, logarithmic = partial(_saturating, axis.u, end), partial(_logarithmic, axis.u, end)
    knees, filled = partial(_knees, axis, flat), partial(_filled, axis)
    taus = np.asarray([best(saturating, 0.004, 1.5, rest, zooms=3) for rest in (alone, sloped)])
    blocks = {
        "linear": (linear, np.ones(1), np.zeros(1)),
        "quick": saturating(np.append(QUICK, taus[taus < _SLOW_FROM])),
        "slow": saturating(np.append(SLOW, taus[taus >= _SLOW_FROM])),
        "log": logarithmic(np.append(LOGS, best(logarithmic, 0.0003, 1.0))),
        "knee": knees(np.append(BENDS, [best(knees, 0.05, 0.9), best(knees, 0.05, 0.9, sloped)])),
        "filled": filled(np.append(BENDS, best(filled, 0.03, 0.85))),
        "sigmoid": _sigmoids(axis, flat, [best(partial(_rises, axis, flat, w), 0.05, 0.8) for w in WIDTHS]),
        "step": ((axis.along[:, None] > steps).astype(float), np.zeros(len(steps)), steps),
    }
    ends = np.cumsum([columns.shape[1] for columns, _, _ in blocks.values()])
    return Library(
        columns=np.hstack([columns for columns, _, _ in blocks.values()]),
        at={name: np.arange(stop - len(blocks[name][1]), stop) for name, stop in zip(blocks, ends, strict=True)},
        end_slope=np.concatenate([slope for _, slope, _ in blocks.values()]) * axis.per_second,
        place=np.concatenate([place for _, _, place in blocks.values()]),
    )


Block = tuple[FloatArray, FloatArray, FloatArray]


def _saturating(u: FloatArray, end: float, tau: FloatArray) -> Block:
    return -np.expm1(-u[:, None] / tau), np.exp(-end / tau) / tau, tau


def _logarithmic(u: FloatArray, end: float, tau: FloatArray) -> Block:
    return np.log1p(u[:, None] / tau), 1.0 / (end + tau), tau


def _knees(axis: Axis, rate: float, bend: FloatArray) -> Block:
    return np.maximum(axis.along[:, None] - bend, 0.0), np.full(len(bend), rate), bend


def _filled(axis: Axis, bend: FloatArray) -> Block:
    return np.minimum(axis.along[:, None], bend), np.zeros(len(bend)), bend


def _rises(axis: Axis, rate: float, width: float, centre: FloatArray) -> Block:
    rise = 1.0 / (1.0 + np.exp(-(axis.along[:, None] - centre) / width))
    return rise, rate * rise[-1] * (1.0 - rise[-1]) / width, centre


def _sigmoids(axis: Axis, rate: float, best: list[float]) -> Block:
    blocks = [_rises(axis, rate, width, np.append(CENTRES, at)) for width, at in zip(WIDTHS, best, strict=True)]
    rises, slopes, centres = zip(*blocks, strict=True)
    return np.hstack(rises), np.concatenate(slopes), np.concatenate(centres)


def _step_places(axis: Axis) -> FloatArray:
    """Between any two neighbouring bins, the outermost two excepted."""
    ordered = np.unique(axis.along)
    return np.asarray(0.5 * (ordered[1:-2] + ordered[2:-1])) if len(ordered) > 4 else np.asarray([0.5])
