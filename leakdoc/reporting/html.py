"""A diagnosis, a watch or a proof as one self-contained page: no script, no network, nothing foreign that acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Trace
from leakdoc.reporting import html_sections as sections
from leakdoc.reporting.html_page import page
from leakdoc.reporting.html_parts import bullets, element, section, table
from leakdoc.reporting.peers import PAIR_HEADERS, PEER_HEADERS, pair_rows, peer_rows
from leakdoc.reporting.pictures import diagnosis_pictures, proof_pictures
from leakdoc.reporting.report_words import (
    DECISIONS,
    ORIGIN,
    PROOF_DECISIONS,
    SIDE_HEADERS,
    advice_of,
    reason_text,
    side_cells,
    subject_name,
    tone,
)
from leakdoc.reporting.subject_matter import matter


def to_html(value: Any, *, trace: Trace | None = None) -> str:
    """Return a page about a value.

    Args:
        value: a diagnosis, a proof, or what a watch returned (anything with a `diagnosis` and a `trace`).
        trace: the samples that a diagnosis rests on, for its pictures; without them it has none.

    Raises:
        UsageError: the value is something else.
    """
    judged, samples = matter(value, trace)
    return _proof(judged) if isinstance(judged, Proof) else _diagnosis(judged, samples)


def _diagnosis(diagnosis: Diagnosis, trace: Trace | None) -> str:
    name, word = subject_name(diagnosis.subject), DECISIONS[diagnosis.decision]
    absent = sections.absences(diagnosis.unavailable, diagnosis.blind_spots, diagnosis.notes)
    return page(
        name,
        sections.header("Leak diagnosis", name, word, diagnosis.reason, tone(diagnosis.decision)),
        section("Over time", "" if trace is None else diagnosis_pictures(diagnosis, trace)),
        section("Findings", sections.findings("What was looked for, and what was found", diagnosis.findings)),
        section("Connections by peer", "" if trace is None else table("At the end", PEER_HEADERS, peer_rows(trace))),
        section("What was not measured", absent),
        section("What to do next", bullets(advice_of(diagnosis.findings)), sections.next_commands(diagnosis)),
        section("What was looked at", sections.looked_at(diagnosis), sections.evidence(diagnosis.findings)),
    )


def _proof(proof: Proof) -> str:
    name, word = subject_name(replace(proof.after.trace.subject, pid=None)), PROOF_DECISIONS[proof.decision]
    reason = reason_text(proof.reason, proof.needs_more_s)
    sides = (("Before", proof.before), ("After", proof.after))
    peers = pair_rows(proof.before.trace, proof.after.trace)
    return page(
        name,
        sections.header("Before against after a fix", name, word, reason, tone(proof.decision)),
        section("Before and after", proof_pictures(proof)),
        section("Checks", sections.checks(proof), sections.numbers(proof), sections.parameters(proof)),
        section("Findings", *(sections.findings(f"{title} the rollout", side.findings) for title, side in sides)),
        section("Connections by peer", table("Before and after the rollout", PAIR_HEADERS, peers)),
        section(
            "What was not measured", *(sections.absences_of_side(title, side.trace.facts) for title, side in sides)
        ),
        section(
            "What was looked at",
            table("The two sides", SIDE_HEADERS, [side_cells(*side) for side in sides]),
            element("p", ORIGIN),
        ),
    )
