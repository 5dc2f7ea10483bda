"""Which pictures a report shows: the memory that was judged, and whatever a fault was found in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.metrics import MEMORY, metric
from leakdoc.model.proof import Proof
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert
from leakdoc.reporting.chart import chart
from leakdoc.reporting.chart_path import drawable
from leakdoc.reporting.html_parts import Html, element, join
from leakdoc.reporting.peers import peer_total
from leakdoc.reporting.plot import Mark, Plot, View, description, view_of
from leakdoc.reporting.report_words import span_text
from leakdoc.units import format_rate

MOST_PICTURES: Final = 4  # the rest is in the table
PANEL: Final = 460.0  # pixels of one of two pictures side by side
OWN_SCALE: Final = 0.2  # a side shorter than this share of the other gets a time scale of its own


def diagnosis_plots(diagnosis: Diagnosis, trace: Trace) -> list[Plot]:
    """Return a plot of each metric worth seeing."""
    drawn = _worth_seeing(diagnosis.findings, trace)
    plots = (_plot(trace, finding, f"picture-{place}") for place, finding in enumerate(drawn))
    return [plot for plot in plots if plot is not None]


def proof_plots(proof: Proof) -> list[list[Plot]]:
    """Return plots of each metric that was judged before: before, and after where it was read."""
    pairs = []
    for place, finding in enumerate(_worth_seeing(proof.before.findings, proof.before.trace)):
        before = _plot(proof.before.trace, finding, f"picture-{place}-before")
        after = _after(proof, finding, f"picture-{place}-after")
        pairs.append([plot for plot in (before, after) if plot is not None])
    return pairs


def diagnosis_pictures(diagnosis: Diagnosis, trace: Trace) -> Html:
    """Return one figure for each metric worth seeing."""
    plots = diagnosis_plots(diagnosis, trace)
    return join(join([element("h3", plot.title), _figure("", plot, chart(plot))]) for plot in plots)


def proof_pictures(proof: Proof) -> Html:
    """Return before and after side by side, on one scale, for each metric that was judged before."""
    return join(_pair(plots) for plots in proof_plots(proof))


def _worth_seeing(findings: Sequence[Finding], trace: Trace) -> list[Finding]:
    """Return the findings to draw: memory first, then faults; without either, the first that can be drawn."""
    memory = [each for each in findings if each.metric in MEMORY][:1]
    faults = [each for each in findings if each.decision.is_fault and each not in memory]
    can = [each for each in (memory + faults or list(findings)) if _has_readings(_values(trace, each))]
    return can[:MOST_PICTURES] if memory or faults else can[:1]


def _has_readings(values: FloatArray | None) -> bool:
    return values is not None and not bool(np.isnan(drawable(values)).all())


def _values(trace: Trace, finding: Finding) -> FloatArray | None:
    peer = finding.evidence.get("peer")
    if isinstance(peer, str):
        names = {column.label("peer") or "" for column, _ in trace.labelled("connections")}
        return peer_total(trace, next((name for name in sorted(names) if inert(name) == peer), peer))
    return trace.column(finding.metric)


def _title(finding: Finding) -> str:
    peer = finding.evidence.get("peer")
    name = metric(finding.metric).title
    title = f"{name} to {peer}" if isinstance(peer, str) else name
    return title[:1].upper() + title[1:]


def _limit(trace: Trace, name: str) -> float | None:
    """What the metric may not pass: RLIMIT_NOFILE for descriptors, the memory limit for memory."""
    if name == "open_fds":
        return trace.facts.open_files_limit
    return trace.facts.limit_bytes if name in MEMORY else None


def _plot(trace: Trace, finding: Finding, name: str) -> Plot | None:
    values = _values(trace, finding)
    if values is None:
        return None
    grew_for = finding.evidence.get("grew_for_s")
    return Plot(
        name=name,
        title=_title(finding),
        times=trace.times,
        values=values,
        lives=trace.lives,
        unit=metric(finding.metric).unit,
        limit=_limit(trace, finding.metric),
        slope=_growth(finding),
        grew_for_s=grew_for if isinstance(grew_for, int | float) else None,
    )


def _growth(finding: Finding) -> Interval | None:
    """Return the slope of a leak; that of anything else is no straight line through the readings."""
    return finding.slope_per_hour if finding.decision is Decision.LEAKING else None


def _pair(plots: Sequence[Plot]) -> Html:
    """Draw one metric before and after: one value scale, and one time scale where both can be read on it."""
    shared = view_of(plots, width=PANEL)
    panels = [_panel(side, plot, shared) for side, plot in zip(("Before", "After"), plots, strict=False)]
    missing = [element("p", "After the rollout this was not read.")] if len(plots) == 1 else []
    return element("div", element("h3", plots[0].title), *panels, *missing, class_="pair")


def _after(proof: Proof, finding: Finding, name: str) -> Plot | None:
    """Plot the same metric after the rollout, with the slope found there and the old rate for comparison."""
    same = (each for each in proof.after.findings if (each.detector, each.metric) == (finding.detector, finding.metric))
    found = next((each for each in same if each.evidence.get("peer") == finding.evidence.get("peer")), None)
    plot = _plot(proof.after.trace, found or replace(finding, slope_per_hour=None), name)
    if plot is None or not len(plot.times):
        return None
    old = _growth(finding)
    start = float(np.min(plot.times))
    return replace(
        plot, old_slope=None if old is None else old.estimate, marks=(Mark(at=start, label="after the rollout"),)
    )


def _panel(side: str, plot: Plot, shared: View) -> Html:
    own = float(np.ptp(plot.times)) if len(plot.times) else 0.0
    squeezed = 0.0 < own < OWN_SCALE * shared.duration_s
    view = replace(shared, duration_s=own) if squeezed else shared
    return _figure(f"{side}, ", plot, chart(plot, view), "Its time scale is its own." if squeezed else "")


def _figure(side: str, plot: Plot, picture: Html, remark: str = "") -> Html:
    when = f"{side}{span_text(float(np.min(plot.times)), float(np.max(plot.times)))}. " if len(plot.times) else ""
    old = f"Dashed: the rate before, {format_rate(plot.old_slope, plot.unit)}." if plot.old_slope is not None else ""
    return element("figure", picture, element("figcaption", " ".join((when, description(plot), old, remark))))
