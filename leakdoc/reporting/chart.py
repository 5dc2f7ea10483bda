"""A metric over time as an inline SVG picture: one line a life, the limit, the fitted slope, and what happened when.

The picture takes its colours from the page's custom properties (see style.css) and from ``currentColor``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.finding import Interval
from leakdoc.model.trace import FloatArray, Life
from leakdoc.reporting.chart_axes import ticks
from leakdoc.reporting.chart_path import Frame, drawable, line_path
from leakdoc.reporting.html_parts import Html, element, join
from leakdoc.reporting.words import rate_words
from leakdoc.units import Unit, format_amount, format_duration

LEFT: Final = 92.0
RIGHT: Final = 14.0
TOP: Final = 26.0
BOTTOM: Final = 34.0
MOST_COLUMNS: Final = 4_000  # columns of pixels drawn in all, so that a thousand workers make a small picture too
FROM_ZERO: Final = 0.5  # an axis starts at zero when the lowest reading is under this share of the highest
LIMIT_IN_VIEW: Final = 0.4  # the limit is shown once the highest reading is this share of it
STROKE: Final = 8.0  # pixels
FLATTEST: Final = 0.002  # of the level: an axis any finer would make noise look like a mountain
MOST_RESTARTS: Final = 24  # lines through the picture; more than that are short strokes at its foot
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
        slope: growth per hour in `unit`, drawn with its interval over the longest life.
        old_slope: growth per hour before the change, drawn from the start for comparison.
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


def chart(plot: Plot, view: View | None = None) -> Html:
    """Draw a plot.

    Args:
        view: what part of the world to show; all of the plot when null.

    Returns:
        One ``<svg>`` element, with a title and a description for those who do not see it.
    """
    view = view or view_of([plot])
    start = float(np.min(plot.times)) if len(plot.times) else 0.0
    frame = Frame(
        width=view.width - LEFT - RIGHT,
        height=view.height - TOP - BOTTOM,
        start=start,
        end=start + view.duration_s,
        low=view.low,
        high=view.high,
    )
    ids = f"{plot.name}-title {plot.name}-desc"
    return element(
        "svg",
        element("title", plot.title, id=f"{plot.name}-title"),
        element("desc", description(plot), id=f"{plot.name}-desc"),
        _axes(plot, frame),
        _inside(plot, frame),
        _labels(plot, frame),
        viewBox=f"0 0 {view.width:g} {view.height:g}",
        role="img",
        aria_labelledby=ids,
        class_="chart",
    )


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
    said += [f"fitted growth {rate_words(plot.slope, plot.unit)}"] if plot.slope is not None and grows else []
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


def _axes(plot: Plot, frame: Frame) -> Html:
    up = ticks(frame.low, frame.high, plot.unit)
    along = ticks(0.0, frame.end - frame.start, "seconds")
    heights = frame.y(np.array([each.at for each in up])) + TOP
    places = frame.x(np.array([each.at for each in along]) + frame.start) + LEFT
    lines = "".join(f"M{LEFT:g} {y:.1f}h{frame.width:g}" for y in heights.tolist())
    floor = TOP + frame.height
    return element(
        "g",
        element("path", d=Html(lines), class_="grid", stroke="currentColor", stroke_opacity="0.15"),
        *(_text(LEFT - 8, y + 4, tick.label, "end") for tick, y in zip(up, heights.tolist(), strict=True)),
        *(_text(x, floor + 22, tick.label, _anchor(x, frame)) for tick, x in zip(along, places.tolist(), strict=True)),
        class_="axes",
        aria_hidden="true",
    )


def _anchor(x: float, frame: Frame) -> str:
    return "end" if x > LEFT + frame.width - 24 else "middle"


def _text(x: float, y: float, label: str, anchor: str, class_: str | None = None) -> Html:
    return element("text", label, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill="currentColor", class_=class_)


def _inside(plot: Plot, frame: Frame) -> Html:
    """Draw what belongs into the frame; an inner ``svg`` cuts off what would leave it."""
    size = {"x": f"{LEFT:g}", "y": f"{TOP:g}", "width": f"{frame.width:g}", "height": f"{frame.height:g}"}
    drawn = join([*_restarts(plot, frame), *_lines(plot, frame), *_band(plot, frame), *_old_rate(plot, frame)])
    return element("svg", drawn, *_limit(plot, frame), *_mark_lines(plot, frame), aria_hidden="true", **size)


def _lines(plot: Plot, frame: Frame) -> Iterator[Html]:
    values = drawable(plot.values)
    spans = [float(np.ptp(plot.times[life.rows])) for life in plot.lives if life.stop > life.first]
    shown = max(1.0, sum(spans) / (frame.end - frame.start))
    columns = max(8, int(min(frame.width, MOST_COLUMNS / shown)))
    for life in plot.lives:
        path = line_path(plot.times[life.rows], values[life.rows], frame, columns=columns)
        if path:
            yield _stroke(path, "line", width="2")


def _stroke(path: str, class_: str, *, width: str = "1.5", dashes: str | None = None) -> Html:
    return element(
        "path", d=Html(path), class_=class_, fill="none", stroke="currentColor", stroke_width=width,
        stroke_linecap="round", stroke_linejoin="round", stroke_dasharray=dashes,
    )  # fmt: skip


def _band(plot: Plot, frame: Frame) -> Iterator[Html]:
    """Draw the fitted slope through the middle of the longest life, and its interval as two triangles."""
    life = max(plot.lives, key=lambda each: each.stop - each.first, default=None)
    if plot.slope is None or life is None:
        return
    times, values = plot.times[life.rows], drawable(plot.values[life.rows])
    if np.isnan(values).all():
        return
    start, end = float(times[0]), float(times[-1])
    centre = (start + end) / 2
    level = float(np.nanmedian(values - plot.slope.estimate / 3_600 * (times - centre)))
    ends = np.array([start, end])
    x = frame.x(ends).tolist()

    def y(per_hour: float) -> list[float]:
        heights: list[float] = frame.y(level + per_hour / 3_600 * (ends - centre)).tolist()
        return heights

    if plot.slope.low is not None and plot.slope.high is not None:
        low, high = y(plot.slope.low), y(plot.slope.high)
        corners = f"M{x[0]:.1f} {low[0]:.1f}L{x[1]:.1f} {low[1]:.1f}V{high[1]:.1f}L{x[0]:.1f} {high[0]:.1f}Z"
        yield element("path", d=Html(corners), class_="band", fill="currentColor", fill_opacity="0.15")
    fitted = y(plot.slope.estimate)
    yield _stroke(f"M{x[0]:.1f} {fitted[0]:.1f}L{x[1]:.1f} {fitted[1]:.1f}", "fit", dashes="1 5")


def _old_rate(plot: Plot, frame: Frame) -> Iterator[Html]:
    values = drawable(plot.values)
    present = np.flatnonzero(~np.isnan(values))
    if plot.old_slope is None or not len(present):
        return
    ends = np.array([plot.times[present[0]], np.max(plot.times)])
    grown = values[present[0]] + plot.old_slope / 3_600 * (ends - ends[0])
    (x0, x1), (y0, y1) = frame.x(ends).tolist(), frame.y(grown).tolist()
    yield _stroke(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}", "old-rate", dashes="6 5")


def _restarts(plot: Plot, frame: Frame) -> Iterator[Html]:
    """Mark where a life begins after others did: at most one mark a pixel."""
    begun = sorted({round(frame.x(float(plot.times[life.first]))) for life in plot.lives[1:]} - {0})
    few = len(begun) <= MOST_RESTARTS
    length = frame.height if few else STROKE
    if begun:
        strokes = "".join(f"M{x} {frame.height:g}v{-length:g}" for x in begun)
        yield _stroke(strokes, "restart", width="1", dashes="2 4" if few else None)


def _limit(plot: Plot, frame: Frame) -> Iterator[Html]:
    if plot.limit is not None and frame.low <= plot.limit <= frame.high:
        y = frame.y(plot.limit)
        yield _stroke(f"M0 {y:.1f}H{frame.width:g}", "limit")


def _mark_lines(plot: Plot, frame: Frame) -> Iterator[Html]:
    for mark in plot.marks:
        yield _stroke(f"M{frame.x(mark.at):.1f} 0v{frame.height:g}", "mark", width="2")


def _labels(plot: Plot, frame: Frame) -> Html:
    """Name the limit and the marks, outside the inner frame so that nothing cuts them off."""
    labels = []
    if plot.limit is not None and frame.low <= plot.limit <= frame.high:
        y = frame.y(plot.limit) + TOP
        labels.append(
            _text(LEFT + frame.width - 4, y + 16, f"limit {format_amount(plot.limit, plot.unit)}", "end", "limit")
        )
    for mark in plot.marks:
        x = frame.x(mark.at) + LEFT
        labels.append(_text(x, TOP - 8, mark.label, "start" if x < LEFT + frame.width / 2 else "end", "mark"))
    return element("g", *labels, aria_hidden="true")
