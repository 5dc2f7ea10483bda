"""The shapes that growth can take, as columns and as the combinations of columns that are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.series import FloatArray, IntArray

QUICK: Final = tuple(np.geomspace(0.008, 0.41, 18).tolist())
SLOW: Final = (0.33, 0.4, 0.48, 0.58, 0.7, 0.85, 1.05, 1.4)  # overlaps, so that the best lies between two of them
LOGS: Final = (0.0004, 0.001, 0.003, 0.008, 0.02, 0.05, 0.12, 0.3)
POWERS: Final = tuple(np.geomspace(1.15, 3.2, 13).round(3).tolist())
DAY_S: Final = 86_400.0
PART_OF_A_DAY: Final = (0.3, 1.5)  # windows, in days, in which a daily course can be seen but not yet taken out
BENDS: Final = tuple(np.arange(0.06, 0.91, 0.04).round(2).tolist())
FULL: Final = tuple(np.arange(0.04, 0.87, 0.04).round(2).tolist())
CENTRES: Final = {
    0.022: tuple(np.arange(0.08, 0.8, 0.03).round(2).tolist()),
    0.045: tuple(np.arange(0.1, 0.75, 0.045).round(3).tolist()),
    0.08: tuple(np.arange(0.14, 0.68, 0.06).round(2).tolist()),
}
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
    Family(name="part of a day", fate=Fate.SETTLES, words="part of a daily course", persistent=False),
    Family(name="slow saturation", fate=Fate.UNDECIDED, words="slowing down", prior=0.6),
    Family(name="logarithmic", fate=Fate.UNDECIDED, words="ever slower", prior=0.6),
    Family(name="accelerating", fate=Fate.GROWS, words="ever faster", prior=0.4),
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
        days: how many days all lives together took.
    """

    name: str
    u: FloatArray
    along: FloatArray
    per_second: float
    along_per_second: float
    days: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Library:
    """Every column on one axis.

    Args:
        columns: shape (n, c).
        rows: shape (c, n), the same.
        at: the columns' positions by kind.
        end_slope: shape (c,), each column's slope at the end, per unit of the axis.
        place: shape (c,), the parameter of the column: a time constant, a bend or a step, as a fraction.
    """

    columns: FloatArray
    rows: FloatArray
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
    if name == "requests" and bins.rate is not None:
        per_second = _usual_rate(bins, first, last) / longest
    if bins.lives == 1:
        u = (progress - progress[0]) / longest
        return Axis(
            name=name, u=u, along=u, per_second=per_second, along_per_second=per_second, days=bins.span / DAY_S
        )  # fmt: skip
    span = bins.span or 1.0
    along = (bins.t - bins.t.min()) / span
    return Axis(
        name=name, u=progress / longest, along=along, per_second=per_second, along_per_second=1.0 / span,
        days=span / DAY_S,
    )  # fmt: skip


def _usual_rate(bins: Bins, first: IntArray, last: IntArray) -> float:
    """Requests a second over all readings: half a bin lies before the middle of the first, and after the last's."""
    assert bins.work is not None and bins.rate is not None
    before, after = (
        bins.t[np.minimum(first + 1, last)] - bins.t[first],
        bins.t[last] - bins.t[np.maximum(last - 1, first)],
    )
    done = bins.work[last] - bins.work[first] + 0.5 * (before * bins.rate[first] + after * bins.rate[last])
    return float(np.sum(done)) / (float(np.sum(bins.t[last] - bins.t[first] + 0.5 * (before + after))) or 1.0)


def library_of(axis: Axis, *, first: bool = True) -> Library:
    """Build every column on an axis, with the parameters of a fixed grid.

    Args:
        first: whether it is the first axis; on a second one a cache that fills, or an S, is as good as on the first.
    """
    end, flat = float(np.max(axis.u)), axis.along_per_second / (axis.per_second or 1.0)
    steps = _step_places(axis)
    none = np.zeros(0)
    blocks = {
        "slow": _saturating(axis.u, end, np.asarray(SLOW)),
        "log": _logarithmic(axis.u, end, np.asarray(LOGS)),
        "linear": (axis.u[:, None], np.ones(1), np.zeros(1)),
        "power": _powers(axis.u, end, np.asarray(POWERS)),
        "knee": _knees(axis, flat, np.asarray(BENDS)),
        "quick": _saturating(axis.u, end, np.asarray(QUICK)),
        "step": ((axis.along[:, None] > steps).astype(float), np.zeros(len(steps)), steps),
        "filled": _filled(axis, np.asarray(FULL) if first else none),
        "sigmoid": _sigmoids(axis, flat, CENTRES if first else {0.1: ()}),
        "day": _day(axis) if first else (np.zeros((len(axis.u), 0)), none, none),
    }
    ends = np.cumsum([part.shape[1] for part, _, _ in blocks.values()])
    columns = np.hstack([part for part, _, _ in blocks.values()])
    return Library(
        columns=columns,
        rows=np.ascontiguousarray(columns.T),
        at={name: np.arange(stop - len(blocks[name][1]), stop) for name, stop in zip(blocks, ends, strict=True)},
        end_slope=np.concatenate([slope for _, slope, _ in blocks.values()]),
        place=np.concatenate([place for _, _, place in blocks.values()]),
    )


Block = tuple[FloatArray, FloatArray, FloatArray]


def _saturating(u: FloatArray, end: float, tau: FloatArray) -> Block:
    return -np.expm1(-u[:, None] / tau), np.exp(-end / tau) / tau, tau


def _logarithmic(u: FloatArray, end: float, tau: FloatArray) -> Block:
    return np.log1p(u[:, None] / tau), 1.0 / (end + tau), tau


def _powers(u: FloatArray, end: float, power: FloatArray) -> Block:
    return np.maximum(u, 0.0)[:, None] ** power, power * end ** (power - 1.0), power


def _day(axis: Axis) -> Block:
    """A wave and its quarter of a day later, for windows of less than two days; none where the window shows no part."""
    if not PART_OF_A_DAY[0] <= axis.days < PART_OF_A_DAY[1]:
        return np.zeros((len(axis.u), 0)), np.zeros(0), np.zeros(0)
    angle = 2.0 * np.pi * axis.days * axis.along
    return np.stack([np.sin(angle), np.cos(angle)], axis=1), np.zeros(2), np.zeros(2)


def _knees(axis: Axis, rate: float, bend: FloatArray) -> Block:
    return np.maximum(axis.along[:, None] - bend, 0.0), np.full(len(bend), rate), bend


def _filled(axis: Axis, bend: FloatArray) -> Block:
    return np.minimum(axis.along[:, None], bend), np.zeros(len(bend)), bend


def _rises(axis: Axis, rate: float, width: float, centre: FloatArray) -> Block:
    rise = 1.0 / (1.0 + np.exp(-(axis.along[:, None] - centre) / width))
    return rise, rate * rise[-1] * (1.0 - rise[-1]) / width, centre


def _sigmoids(axis: Axis, rate: float, centres_by_width: Mapping[float, tuple[float, ...]]) -> Block:
    blocks = [_rises(axis, rate, width, np.asarray(centres)) for width, centres in centres_by_width.items()]
    rises, slopes, centres = zip(*blocks, strict=True)
    return np.hstack(rises), np.concatenate(slopes), np.concatenate(centres)


def _step_places(axis: Axis) -> FloatArray:
    """Between any two neighbouring bins, the outermost two excepted."""
    ordered = np.unique(axis.along)
    return np.asarray(0.5 * (ordered[1:-2] + ordered[2:-1])) if len(ordered) > 4 else np.asarray([0.5])
