"""A metric over time as an inline SVG picture: one line a life, the limit, the fitted slope, and what happened when.

The picture takes its colours from the page's custom properties (see style.css) and from ``currentColor``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from leakdoc.model.trace import FloatArray, Life
from leakdoc.reporting.chart_axes import MOST_TICKS, ticks
from leakdoc.reporting.chart_path import Frame, drawable, line_path
from leakdoc.reporting.html_parts import Html, element, join
from leakdoc.reporting.plot import Plot, View, description, view_of
from leakdoc.units import Unit, format_amount

LEFT: Final = 92.0
RIGHT: Final = 14.0
TOP: Final = 26.0
BOTTOM: Final = 34.0
PIXELS_A_TICK: Final = 110.0  # along the foot: labels closer than that touch each other
MOST_COLUMNS: Final = 4_000  # columns of pixels drawn in all, so that a thousand workers make a small picture too
STROKE: Final = 8.0  # pixels
MOST_RESTARTS: Final = 24  # lines through the picture; more than that are short strokes at its foot


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
        value_axis(plot.unit, frame),
        time_axis(frame),
        inside(plot, frame),
        labels(plot, frame),
        viewBox=f"0 0 {view.width:g} {view.height:g}",
        role="img",
        aria_labelledby=ids,
        class_="chart",
    )


def value_axis(unit: Unit, frame: Frame, *, named: bool = True) -> Html:
    """Draw the lines across the frame, and name their values."""
    up = ticks(frame.low, frame.high, unit)
    heights = (frame.y(np.array([each.at for each in up])) + TOP).tolist()
    lines = "".join(f"M{LEFT:g} {y:.1f}h{frame.width:g}" for y in heights)
    names = [_text(LEFT - 8, y + 4, tick.label, "end") for tick, y in zip(up, heights, strict=True)] if named else []
    grid = element("path", d=Html(lines), class_="grid", stroke="currentColor", stroke_opacity="0.15")
    return element("g", grid, *names, class_="axes", aria_hidden="true")


def time_axis(frame: Frame) -> Html:
    """Name the times along the foot of the frame, counted from its start."""
    most = max(2, min(MOST_TICKS, int(frame.width / PIXELS_A_TICK) + 1))
    along = ticks(0.0, frame.end - frame.start, "seconds", most=most)
    places = (frame.x(np.array([each.at for each in along]) + frame.start) + LEFT).tolist()
    floor = TOP + frame.height
    names = [_text(x, floor + 22, tick.label, _anchor(x, frame)) for tick, x in zip(along, places, strict=True)]
    return element("g", *names, class_="axes", aria_hidden="true")


def _anchor(x: float, frame: Frame) -> str:
    return "end" if x > LEFT + frame.width - 24 else "middle"


def _text(x: float, y: float, label: str, anchor: str, class_: str | None = None) -> Html:
    return element("text", label, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill="currentColor", class_=class_)


def inside(plot: Plot, frame: Frame) -> Html:
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
    """Draw the slope through the middle of the growth it was fitted to, and its interval as two triangles."""
    times, values = grown_part(plot)
    if plot.slope is None or np.isnan(values).all():
        return
    ends = np.array([times[0], times[-1]])
    level = float(np.nanmedian(values - plot.slope.estimate / 3_600 * (times - ends.mean())))

    def corners(per_hour: float) -> list[str]:
        heights = frame.y(level + per_hour / 3_600 * (ends - ends.mean()))
        return [f"{x:.1f} {y:.1f}" for x, y in zip(frame.x(ends).tolist(), heights.tolist(), strict=True)]

    if plot.slope.low is not None and plot.slope.high is not None:
        around = "L".join([*corners(plot.slope.low), *reversed(corners(plot.slope.high))])
        yield element("path", d=Html(f"M{around}Z"), class_="band", fill="currentColor", fill_opacity="0.15")
    yield _stroke("M" + "L".join(corners(plot.slope.estimate)), "fit", dashes="1 5")


def grown_part(plot: Plot) -> tuple[FloatArray, FloatArray]:
    """Return times and values of the longest life, from when its growth began."""
    life = max(plot.lives, key=lambda each: each.stop - each.first, default=Life(first=0, stop=0))
    times, values = plot.times[life.rows], drawable(plot.values[life.rows])
    if plot.grew_for_s is None or not len(times):
        return times, values
    since = int(np.searchsorted(times, times[-1] - plot.grew_for_s))
    return times[since:], values[since:]


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


def labels(plot: Plot, frame: Frame) -> Html:
    """Name the limit and the marks, outside the inner frame so that nothing cuts them off."""
    named = []
    if plot.limit is not None and frame.low <= plot.limit <= frame.high:
        y = frame.y(plot.limit) + TOP
        named.append(
            _text(LEFT + frame.width - 4, y + 16, f"limit {format_amount(plot.limit, plot.unit)}", "end", "limit")
        )
    for mark in plot.marks:
        x = frame.x(mark.at) + LEFT
        named.append(_text(x, TOP - 8, mark.label, "start" if x < LEFT + frame.width / 2 else "end", "mark"))
    return element("g", *named, aria_hidden="true")
