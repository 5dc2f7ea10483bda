"""A diagnosis, a watch or a proof as Markdown, as a pull request shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.proof import Proof, Side
from leakdoc.model.trace import Facts, Trace
from leakdoc.reporting.markdown_parts import bullets, code, details, escaped, section, table
from leakdoc.reporting.peers import PAIR_HEADERS, PEER_HEADERS, pair_rows, peer_rows
from leakdoc.reporting.pictures import diagnosis_plots, proof_plots
from leakdoc.reporting.plot import Plot, view_of
from leakdoc.reporting.report_words import (
    CHECK_HEADERS,
    DECISIONS,
    FINDING_HEADERS,
    ORIGIN,
    PROOF_DECISIONS,
    SIDE_HEADERS,
    advice_of,
    check_cells,
    ending_text,
    finding_cells,
    not_measured,
    parameter_pairs,
    reason_text,
    sentence,
    side_cells,
    subject_name,
    window_text,
)
from leakdoc.reporting.sparkline import sparkline
from leakdoc.reporting.subject_matter import matter
from leakdoc.reporting.words import command_words
from leakdoc.units import format_amount

MARKER: Final = "<!-- leakdoc report -->"


def to_markdown(value: Any, *, trace: Trace | None = None) -> str:
    """Return a Markdown report about a value, for a pull request or a ticket.

    Args:
        value: a diagnosis, a proof, or what a watch returned (anything with a `diagnosis` and a `trace`).
        trace: the samples that a diagnosis rests on.

    Raises:
        UsageError: the value is something else.
    """
    judged, samples = matter(value, trace)
    lines = _proof(judged) if isinstance(judged, Proof) else _diagnosis(judged, samples)
    return "\n".join([MARKER, *lines]).rstrip() + "\n"


def _diagnosis(diagnosis: Diagnosis, trace: Trace | None) -> Iterator[str]:
    yield from _head(subject_name(diagnosis.subject), DECISIONS[diagnosis.decision], sentence(diagnosis.reason))
    if trace is not None:
        yield from _lines_of_time([[plot] for plot in diagnosis_plots(diagnosis, trace)])
    yield from section("Findings", table(FINDING_HEADERS, map(finding_cells, diagnosis.findings)))
    if trace is not None:
        yield from section("Connections by peer", table(PEER_HEADERS, peer_rows(trace)))
    absent = not_measured(diagnosis.unavailable, diagnosis.blind_spots)
    yield from section("What was not measured", bullets([*absent, *diagnosis.notes]))
    yield from section("What to do next", [*bullets(advice_of(diagnosis.findings)), *_commands(diagnosis)])
    yield from section("What was looked at", bullets(_looked_at(diagnosis)))


def _proof(proof: Proof) -> Iterator[str]:
    sides = (("Before", proof.before), ("After", proof.after))
    reason = reason_text(proof.reason, proof.needs_more_s)
    name = subject_name(replace(proof.after.trace.subject, pid=None))
    yield from _head(name, PROOF_DECISIONS[proof.decision], reason)
    yield from _lines_of_time(proof_plots(proof))
    yield from section("Checks", table(CHECK_HEADERS, map(check_cells, proof.checks)))
    peers = pair_rows(proof.before.trace, proof.after.trace)
    yield from section("Connections by peer", table(PAIR_HEADERS, peers))
    absent = [line for title, side in sides for line in _absent(title, side.trace.facts)]
    yield from section("What was not measured", bullets(absent))
    yield from section("What was looked at", table(SIDE_HEADERS, (side_cells(*side) for side in sides)))
    yield from (ORIGIN, "")
    for title, side in sides:
        yield from details(f"Findings {title.lower()} the rollout", _findings(side))
    yield from details("Parameters", bullets(f"{name}: {value}" for name, value in parameter_pairs(proof.parameters)))


def _head(name: str, word: str, reason: str) -> Iterator[str]:
    yield from (f"## {escaped(name)}", "", f"**{word}:** {escaped(reason)}", "")


def _findings(side: Side) -> Iterator[str]:
    return table(FINDING_HEADERS, map(finding_cells, side.findings))


def _absent(title: str, facts: Facts) -> Iterator[str]:
    return (f"{title}: {each}" for each in [*not_measured(facts.unavailable, facts.blind_spots), *facts.notes])


def _commands(diagnosis: Diagnosis) -> Iterator[str]:
    return (f"- {code(command_words(each))}: {escaped(each.why)}" for each in diagnosis.next)


def _looked_at(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"Window: {window_text(diagnosis.window)}"
    if diagnosis.ending is not None:
        yield f"The process ended: {ending_text(diagnosis.ending)}"
    if diagnosis.touched is not None:
        yield f"Touched: {diagnosis.touched}"


def _lines_of_time(pictures: Sequence[Sequence[Plot]]) -> Iterator[str]:
    """Yield each metric over time as a line of bars: the plots of one metric on one scale."""
    for plots in pictures:
        view = view_of(plots)
        bars = [sparkline(plot.times, plot.values, low=view.low, high=view.high) for plot in plots]
        if any(bars):
            low, high = (format_amount(max(0.0, end), plots[0].unit) for end in (view.low, view.high))
            drawn = " → ".join(code(bar) for bar in bars if bar)
            yield from (f"{escaped(sentence(plots[0].title))} {drawn} (scale {low} to {high})", "")
