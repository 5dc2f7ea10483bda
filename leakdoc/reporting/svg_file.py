"""Pictures of a diagnosis as one SVG file that stands alone: the verdict above, one chart a metric below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from leakdoc.reporting.chart import chart
from leakdoc.reporting.html_parts import Html, element, join
from leakdoc.reporting.joint_chart import HEIGHT as JOINT_HEIGHT
from leakdoc.reporting.joint_chart import WIDTH as JOINT_WIDTH
from leakdoc.reporting.joint_chart import joint_chart
from leakdoc.reporting.plot import Plot, view_of
from leakdoc.reporting.verdict_lines import Verdict

WIDTH: Final = 720.0
_MARGIN: Final = 20.0
_LINE: Final = 22.0
_LETTERS: Final = 84  # of 14 pixels on one line
_GAP: Final = 14.0
_STYLE: Final = (
    "text{font:14px system-ui,-apple-system,'Segoe UI',sans-serif}.verdict{font-weight:600;font-size:18px}"
    ".line{stroke:#1f5fae}.fit{stroke:#b3261e;stroke-width:2.5}.band{fill:#b3261e}.limit{stroke:#b3261e}"
    ".old-rate{stroke:#7a5200}.mark{stroke:#59636e}text.mark{fill:#1c2126;stroke:none}"
    "text.limit{fill:#b3261e;stroke:none}.axes{color:#59636e}.restart{stroke:#59636e}"
)


def svg_of(verdict: Verdict, rows: Sequence[Sequence[Plot]]) -> str:
    """Return a whole SVG document: a row for each metric, of one plot, or of before and after; else words alone."""
    parts, y = [], _MARGIN + 18.0
    parts.append(_line(verdict.title, y, "verdict", verdict.colour))
    for words in textwrap.wrap(verdict.reason, _LETTERS):
        y += _LINE
        parts.append(_line(words, y))
    y += _GAP
    for plots in rows:
        y += _LINE
        parts.append(_line(plots[0].title, y))
        drawn, across, height = _drawn(plots)
        placed = element("g", drawn, transform=f"translate({_MARGIN:g} {y + 4:g})")
        parts.append(_sized(placed, across, height))
        y += height + _GAP
    height = y + _MARGIN
    picture = element(
        "svg",
        element("style", Html(_STYLE)),
        element("rect", width="100%", height="100%", fill="#ffffff"),
        join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        width=f"{WIDTH:g}",
        height=f"{height:g}",
        color="#1c2126",
        role="img",
        aria_label=verdict.title,
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'


def _drawn(plots: Sequence[Plot]) -> tuple[Html, float, float]:
    """Return the picture of one metric, its width and its height."""
    if len(plots) == 1:
        view = view_of(plots, width=WIDTH - 2 * _MARGIN)
        return chart(plots[0], view), view.width, view.height
    across = WIDTH - 2 * _MARGIN
    return joint_chart(*plots), across, across / JOINT_WIDTH * JOINT_HEIGHT


def _line(words: str, y: float, class_: str | None = None, fill: str = "currentColor") -> Html:
    return element("text", words, x=f"{_MARGIN:g}", y=f"{y:g}", class_=class_, fill=fill)


def _sized(drawn: Html, width: float, height: float) -> Html:
    """A picture inside a picture needs its size, which a page gives by its style."""
    return Html(drawn.replace("<svg ", f'<svg width="{width:g}" height="{height:g}" ', 1))
