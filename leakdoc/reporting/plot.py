"""What a picture shows, on what scale, and in words for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.finding import Interval
from leakdoc.model.trace import FloatArray, Life
from leakdoc.reporting.chart_path import drawable
from leakdoc.reporting.words import rate_words
from leakdoc.units import Unit, format_amount, format_duration

FROM_ZERO: Final = 0.5  # an axis starts at zero when the lowest reading is under this share of the highest
LIMIT_IN_VIEW: Final = 0.4  # the limit is shown once the highest reading is this share of it
FLATTEST: Final = 0.002  # of the level: an axis any finer would make noise look like a mountain
HEADROOM: Final = 0.06  # of the axis, above and below the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at an instant (seconds since the epoch), in a word or two."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """What one picture shows.

    Args:
        name: unique on its page, for the picture's ids: letters, digits and hyphens.
        title: what is drawn, in words.
        times: shape (n,), seconds since the epoch; values: shape (n,), NaN is missing; both in the order of `lives`.
        limit: drawn as a line when it is near the readings.
        slope: growth per hour in `unit` of one process, drawn with its interval over the longest life.
        processes: how many ran side by side at the end, each of which grows by `slope`.
        grew_for_s: how long before the end that growth began; null for the whole life.
        old_slope: growth per hour of one process before the change, drawn from the start for comparison.
        marks: what happened when.
    """

    name: str
    title: str
    times: FloatArray
    values: FloatArray
    lives: tuple[Life, ...]
    unit: Unit
    limit: float | None = None
    slope: Interval | None = None
    processes: int = 1
    grew_for_s: float | None = None
    old_slope: float | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What part of the world a picture shows: a duration from its first sample, and values from low to high."""

    duration_s: float
    low: float
    high: float
    width: float = 560.0
    height: float = 280.0


def view_of(plots: Sequence[Plot], *, width: float = 560.0) -> View:
    """Return the view that holds all the plots on one scale: values and durations alike."""
    low, high = _values_range(plots)
    longest = max((float(np.ptp(plot.times)) for plot in plots if len(plot.times)), default=0.0)
    return View(duration_s=longest or 1.0, low=low, high=high, width=width)


def description(plot: Plot) -> str:
    """Say in words what the picture shows, for those who do not see it."""
    values = drawable(plot.values)
    present = values[~np.isnan(values)]
    if not len(present):
        return "No reading."
    first, last, highest = (format_amount(float(each), plot.unit) for each in (present[0], present[-1], present.max()))
    said = [f"From {first} to {last} in {format_duration(float(np.ptp(plot.times)))}, at most {highest}"]
    said += [f"{len(plot.lives)} process lives"] if len(plot.lives) > 1 else []
    said += [f"limit {format_amount(plot.limit, plot.unit)}"] if plot.limit is not None else []
    grows = plot.slope is not None and plot.slope.low is not None and plot.slope.low > 0
    each = f" in each of {plot.processes} processes" if plot.processes > 1 else ""
    said += [f"fitted growth {rate_words(plot.slope, plot.unit)}{each}"] if plot.slope is not None and grows else []
    missing = len(values) - len(present)
    said += [f"{missing:,} of {len(values):,} readings missing"] if missing else []
    return "; ".join(said) + "."


def _values_range(plots: Sequence[Plot]) -> tuple[float, float]:
    """Return the ends of the value axis: from zero where the readings come near it, with the limit where they do."""
    values = np.concatenate([drawable(plot.values) for plot in plots]) if plots else np.array([])
    present = values[~np.isnan(values)]
    if not len(present):
        return 0.0, 1.0
    low, high = float(present.min()), float(present.max())
    limits = [plot.limit for plot in plots if plot.limit and high >= LIMIT_IN_VIEW * plot.limit]
    top = max([high, *limits])
    if 0.0 <= low <= FROM_ZERO * high or (low == high and low >= 0.0):
        return 0.0, (top or 1.0) * (1 + HEADROOM)
    margin = max((top - low) * HEADROOM, abs(top) * FLATTEST)
    return low - margin, top + margin
