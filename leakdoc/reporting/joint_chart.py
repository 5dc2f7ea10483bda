"""Before and after in one picture: two time axes beside each other, one scale of values, the rollout between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.reporting.chart import BOTTOM, LEFT, RIGHT, TOP, inside, labels, time_axis, value_axis
from leakdoc.reporting.chart_path import Frame
from leakdoc.reporting.html_parts import Html, element
from leakdoc.reporting.plot import Plot, description, view_of

WIDTH: Final = 900.0  # pixels
HEIGHT: Final = 340.0
GAP: Final = 26.0  # between the two time axes: they do not follow each other without a break
NARROWEST: Final = 0.3  # share of the picture that the shorter side gets at least


def joint_chart(before: Plot, after: Plot) -> Html:
    """Draw two plots of one metric.

    Args:
        before: what was, on the left.
        after: what is, on the right; its marks are left out, as the rollout is drawn between the two.

    Returns:
        One ``<svg>`` element, with a title and a description for those who do not see it.
    """
    after = replace(after, marks=())
    left, right = _frames(before, after)
    shift = left.width + GAP
    ids = f"{before.name}-title {before.name}-desc"
    told = f"Before the rollout: {description(before)} After it: {description(after)}"
    return element(
        "svg",
        element("title", f"{before.title}, before and after the rollout", id=f"{before.name}-title"),
        element("desc", told, id=f"{before.name}-desc"),
        value_axis(before.unit, left),
        time_axis(left),
        inside(before, left),
        labels(replace(before, limit=None), left),
        element(
            "g", value_axis(before.unit, right, named=False), time_axis(right), inside(after, right),
            labels(after, right), transform=f"translate({shift:.1f} 0)",
        ),
        _rollout(LEFT + left.width + GAP / 2.0),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_labelledby=ids,
        class_="chart joint",
    )  # fmt: skip


def _frames(before: Plot, after: Plot) -> tuple[Frame, Frame]:
    view = view_of([before, after])
    lasts = [float(np.ptp(plot.times)) or 1.0 for plot in (before, after)]
    share = min(max(lasts[0] / sum(lasts), NARROWEST), 1.0 - NARROWEST)
    room = WIDTH - LEFT - RIGHT - GAP
    frames = [
        Frame(
            width=room * part, height=HEIGHT - TOP - BOTTOM, start=float(np.min(plot.times)),
            end=float(np.min(plot.times)) + length, low=view.low, high=view.high,
        )
        for plot, length, part in zip((before, after), lasts, (share, 1.0 - share), strict=True)
    ]  # fmt: skip
    return frames[0], frames[1]


def _rollout(x: float) -> Html:
    line = element(
        "path", d=Html(f"M{x:.1f} {TOP:g}V{HEIGHT - BOTTOM:g}"), class_="mark rollout", fill="none",
        stroke="currentColor", stroke_width="2", stroke_dasharray="4 4",
    )  # fmt: skip
    name = element("text", "rollout", x=f"{x:.1f}", y=f"{TOP - 8:.1f}", text_anchor="middle", class_="mark")
    return element("g", line, name, aria_hidden="true")
