"""Which pictures a report shows: the memory that was judged, and whatever a fault was found in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.metrics import HEAP_LIMIT, HEAPS, MEMORY, metric
from leakdoc.model.proof import Proof
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert
from leakdoc.reporting.chart import chart
from leakdoc.reporting.chart_path import drawable
from leakdoc.reporting.html_parts import Html, element, join
from leakdoc.reporting.joint_chart import joint_chart
from leakdoc.reporting.peers import peer_total
from leakdoc.reporting.plot import Mark, Plot, description
from leakdoc.reporting.report_words import span_text
from leakdoc.reporting.words import rate_words
from leakdoc.units import format_rate

MOST_PICTURES: Final = 4  # the rest is in the table


def diagnosis_plots(diagnosis: Diagnosis, trace: Trace) -> list[Plot]:
    """Return a plot of each metric worth seeing."""
    drawn = _worth_seeing(diagnosis.findings, trace)
    plots = (_plot(trace, finding, f"picture-{place}") for place, finding in enumerate(drawn))
    return [plot for plot in plots if plot is not None]


def proof_plots(proof: Proof) -> list[list[Plot]]:
    """Return plots of each metric that was judged before: before, and after where it was read."""
    pairs = []
    for place, finding in enumerate(_lifted(proof) or _worth_seeing(proof.before.findings, proof.before.trace)):
        before = _marked(proof, _plot(proof.before.trace, finding, f"picture-{place}-before"))
        after = _after(proof, finding, f"picture-{place}-after")
        pairs.append([plot for plot in (before, after) if plot is not None])
    return pairs


def diagnosis_pictures(diagnosis: Diagnosis, trace: Trace) -> Html:
    """Return one figure for each metric worth seeing."""
    plots = diagnosis_plots(diagnosis, trace)
    return join(join([element("h3", plot.title), _figure("", plot, chart(plot))]) for plot in plots)


def proof_pictures(proof: Proof) -> Html:
    """Return before and after in one picture, on one scale, for each metric that was judged before."""
    return join(_pair(plots) for plots in proof_plots(proof))


def _worth_seeing(findings: Sequence[Finding], trace: Trace) -> list[Finding]:
    """Return the findings to draw: memory first, then faults; without either, the first that can be drawn."""
    memory = [each for each in findings if each.metric in MEMORY][:1]
    faults = [each for each in findings if each.decision.is_fault and each not in memory]
    can = [each for each in (memory + faults or list(findings)) if _has_readings(_values(trace, each))]
    return can[:MOST_PICTURES] if memory or faults else can[:1]


def _lifted(proof: Proof) -> list[Finding]:
    """Return, of a recovery, the findings on what the incident lifted; none of any other proof."""
    check = next((each for each in proof.checks if each.name == "before_deviated"), None)
    names = [] if check is None else list(check.numbers)
    found = [each for name in names for each in proof.before.findings if each.metric == name]
    return [each for each in found if _has_readings(_values(proof.before.trace, each))][:MOST_PICTURES]


def _marked(proof: Proof, plot: Plot | None) -> Plot | None:
    """Mark where the incident began, where the proof is one of a recovery."""
    recovery = proof.parameters.get("recovery")
    began = recovery.get("incident_at") if isinstance(recovery, dict) else None
    if plot is None or not isinstance(began, int | float):
        return plot
    return replace(plot, marks=(Mark(at=float(began), label="incident"),), slope=None)


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
    told = trace.column(HEAP_LIMIT) if name in HEAPS and len(trace.lives) == 1 else None
    if told is not None and np.isfinite(told).any():
        return float(told[np.isfinite(told)][-1])
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
        processes=_together(finding),
        grew_for_s=grew_for if isinstance(grew_for, int | float) else None,
    )


def _growth(finding: Finding) -> Interval | None:
    """Return the slope of a leak in one process, as a line is drawn for each; what else was found is no straight line.

    A leak in one process of many has none: which line it belongs to is seen without it.
    """
    slope = finding.slope_per_hour
    if slope is None or finding.decision is not Decision.LEAKING or _is_one_of_many(finding):
        return None
    low, high = (None if end is None else end / _together(finding) for end in (slope.low, slope.high))
    return Interval(estimate=slope.estimate / _together(finding), low=low, high=high)


def _together(finding: Finding) -> int:
    """How many processes the slope of a finding adds up."""
    told = finding.evidence.get("processes_at_end")
    return max(told, 1) if isinstance(told, int) and not _is_one_of_many(finding) else 1


def _is_one_of_many(finding: Finding) -> bool:
    return "processes_that_leak" in finding.evidence


def _pair(plots: Sequence[Plot]) -> Html:
    """Draw one metric before and after the rollout in one picture; only before, where it was not read after."""
    if len(plots) == 1:
        missing = element("p", "After the rollout this was not read.")
        return join([element("h3", plots[0].title), _figure("Before, ", plots[0], chart(plots[0])), missing])
    before, after = plots
    caption = " ".join([_caption("Before: ", before), _caption("After: ", after)])
    figure = element("figure", joint_chart(before, after), element("figcaption", caption), class_="wide")
    return join([element("h3", before.title), figure])


def _after(proof: Proof, finding: Finding, name: str) -> Plot | None:
    """Plot the same metric after the rollout, with the slope found there and the old rate for comparison."""
    same = (each for each in proof.after.findings if (each.detector, each.metric) == (finding.detector, finding.metric))
    found = next((each for each in same if each.evidence.get("peer") == finding.evidence.get("peer")), None)
    plot = _plot(proof.after.trace, found or replace(finding, slope_per_hour=None), name)
    if plot is None or not len(plot.times):
        return None
    old, new = _growth(finding), plot.slope
    if new is None and not (found is not None and _is_one_of_many(found)):
        new = _rate_of_proof(proof, finding)
    start = float(np.min(plot.times))
    return replace(
        plot, old_slope=None if old is None else old.estimate, slope=new,
        marks=(Mark(at=start, label="after the rollout"),),
    )  # fmt: skip


def _rate_of_proof(proof: Proof, finding: Finding) -> Interval | None:
    """Return the rate that the proof's own check found in this channel, with what may still hide."""
    check = next((each for each in proof.checks if each.name == "slope"), None)
    if check is None or check.numbers.get("channel") != finding.metric or finding.evidence.get("peer") is not None:
        return None
    rate, most = check.numbers.get("rate_per_hour"), check.numbers.get("upper_per_hour")
    if not isinstance(rate, int | float) or not isinstance(most, int | float):
        return None
    return Interval(estimate=float(rate), low=float(2.0 * rate - most), high=float(most))


def _figure(side: str, plot: Plot, picture: Html) -> Html:
    return element("figure", picture, element("figcaption", _caption(side, plot)))


def _caption(side: str, plot: Plot) -> str:
    when = f"{side}{span_text(float(np.min(plot.times)), float(np.max(plot.times)))}. " if len(plot.times) else ""
    told = description(plot)
    fit = "" if plot.slope is None or "fitted growth" in told else f"Fitted: {rate_words(plot.slope, plot.unit)}."
    old = f"Dashed: the rate before, {format_rate(plot.old_slope, plot.unit)}." if plot.old_slope is not None else ""
    return " ".join(each for each in (when.strip(), told, fit, old) if each)
