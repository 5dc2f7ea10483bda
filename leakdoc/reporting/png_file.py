"""The same pictures as a PNG, drawn by matplotlib, which is loaded when the first PNG is asked for."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from leakdoc.errors import UsageError
from leakdoc.reporting.chart import grown_part
from leakdoc.reporting.chart_axes import MOST_TICKS, ticks
from leakdoc.reporting.chart_path import drawable
from leakdoc.reporting.foreign import shown
from leakdoc.reporting.joint_chart import NARROWEST
from leakdoc.reporting.plot import Plot, View, view_of
from leakdoc.reporting.verdict_lines import Verdict
from leakdoc.units import format_amount

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS_PER_INCH: Final = 120
_WIDTH: Final = 8.0  # inches
_LETTERS: Final = 100
_MOST_POINTS: Final = 6_000  # of a line: more than that are finer than a pixel


def png_of(verdict: Verdict, rows: Sequence[Sequence[Plot]]) -> bytes:
    """Return a PNG: a row for each metric, of one plot, or of before and after; else words alone.

    Raises:
        UsageError: matplotlib is not installed.
    """
    figure_of = _figure_class()
    words = textwrap.wrap(shown(verdict.reason), _LETTERS)
    head = 0.45 + 0.22 * len(words)
    height = head + 3.2 * len(rows) + 0.2
    figure = figure_of(figsize=(_WIDTH, height), dpi=_DOTS_PER_INCH, facecolor="white")
    figure.text(
        0.02, 1 - 0.3 / height, shown(verdict.title), color=verdict.colour, weight="bold", size=12, parse_math=False
    )
    for place, line in enumerate(words):
        figure.text(0.02, 1 - (0.55 + 0.22 * place) / height, line, size=9, parse_math=False)
    for place, plots in enumerate(rows):
        bottom = (height - head - 3.2 * (place + 1) + 0.55) / height
        view = view_of(plots)
        for number, (plot, left, across) in enumerate(_side_by_side(plots)):
            axes = figure.add_axes((left, bottom, across, 2.3 / height))
            _draw(axes, plot, replace(view, duration_s=_lasts_s(plot)))
            if number:
                axes.tick_params(labelleft=False)
                axes.set_title("after the rollout", loc="left", size=9)
    kept = io.BytesIO()
    figure.savefig(kept, format="png", metadata={"Software": "leakdoc"})
    return kept.getvalue()


def _side_by_side(plots: Sequence[Plot]) -> list[tuple[Plot, float, float]]:
    """Return each plot with where it begins and how wide it is, as shares of the picture, by how long it lasts."""
    if len(plots) == 1:
        return [(plots[0], 0.13, 0.84)]
    before, after = plots
    share = min(max(_lasts_s(before) / (_lasts_s(before) + _lasts_s(after)), NARROWEST), 1.0 - NARROWEST)
    return [(before, 0.13, 0.81 * share), (after, 0.16 + 0.81 * share, 0.81 * (1.0 - share))]


def _lasts_s(plot: Plot) -> float:
    return (float(np.ptp(plot.times)) if len(plot.times) else 0.0) or 1.0


def _figure_class() -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "a PNG needs matplotlib, which is not installed",
            help="pip install matplotlib, or name the picture *.svg, which needs nothing.",
        ) from error

    def figure(**options: Any) -> Any:
        made = Figure(**options)
        FigureCanvasAgg(made)
        return made

    return figure


def _draw(axes: Axes, plot: Plot, view: View) -> None:
    start = float(np.min(plot.times)) if len(plot.times) else 0.0
    values = drawable(plot.values)
    for life in plot.lives:
        thin = max((life.stop - life.first) // _MOST_POINTS, 1)
        rows = slice(life.first, life.stop, thin)
        axes.plot(plot.times[rows] - start, values[rows], color="#1f5fae", linewidth=1.2)
    for life in plot.lives[1:25]:
        axes.axvline(float(plot.times[life.first]) - start, color="#59636e", linewidth=0.6, linestyle=":")
    _draw_slope(axes, plot, start)
    if plot.old_slope is not None and np.isfinite(values).any():
        first = float(values[np.isfinite(values)][0])
        grown = [first, first + plot.old_slope / 3_600 * view.duration_s]
        axes.plot([0.0, view.duration_s], grown, color="#7a5200", linewidth=1.2, linestyle=(0, (6, 5)))
    if plot.limit is not None and view.low <= plot.limit <= view.high:
        axes.axhline(plot.limit, color="#b3261e", linewidth=1.2)
        label = f"limit {format_amount(plot.limit, plot.unit)}"
        axes.annotate(label, (view.duration_s, plot.limit), ha="right", va="bottom", color="#b3261e", size=8)
    axes.set_xlim(0.0, view.duration_s)
    axes.set_ylim(view.low, view.high)
    axes.set_title(shown(plot.title), loc="left", size=9, parse_math=False)
    up, along = ticks(view.low, view.high, plot.unit), ticks(0.0, view.duration_s, "seconds", most=MOST_TICKS)
    axes.set_yticks([each.at for each in up], [each.label for each in up], size=8)
    axes.set_xticks([each.at for each in along], [each.label for each in along], size=8)
    axes.grid(axis="y", alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_slope(axes: Axes, plot: Plot, start: float) -> None:
    times, values = grown_part(plot)
    if plot.slope is None or not len(times) or np.isnan(values).all():
        return
    ends = np.asarray([times[0], times[-1]])
    level = float(np.nanmedian(values - plot.slope.estimate / 3_600 * (times - ends.mean())))
    along = np.linspace(ends[0], ends[1], 50)

    def line(per_hour: float) -> np.ndarray:
        return np.asarray(level + per_hour / 3_600 * (along - ends.mean()))

    if plot.slope.low is not None and plot.slope.high is not None:
        low, high = line(plot.slope.low), line(plot.slope.high)
        axes.fill_between(along - start, np.minimum(low, high), np.maximum(low, high), color="#b3261e", alpha=0.15)
    axes.plot(along - start, line(plot.slope.estimate), color="#b3261e", linewidth=1.6, linestyle=(0, (1, 2)))
