"""The sections of a page: each takes a value, and is nothing when the value has nothing to say."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.documents import plain
from leakdoc.model.finding import Finding, Json
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Facts
from leakdoc.reporting.html_parts import Html, bullets, details, element, join, pairs, table, text
from leakdoc.reporting.report_words import (
    CHECK_HEADERS,
    FINDING_HEADERS,
    check_cells,
    ending_text,
    finding_cells,
    not_measured,
    parameter_pairs,
    sentence,
    value_text,
    window_text,
)


def header(kind: str, name: str, word: str, reason: str, tone: str) -> Html:
    """Say in one sentence what was decided, of what, and why."""
    verdict = element("p", element("strong", f"{word}:"), " ", sentence(reason), class_=f"verdict {tone}")
    return element("header", element("p", kind, class_="kind"), element("h1", name), verdict)


def checks(proof: Proof) -> Html:
    """List the checks of a proof in the order in which they were made."""
    caption = "Each question, in the order in which it was asked"
    return table(caption, CHECK_HEADERS, [check_cells(each) for each in proof.checks])


def numbers(proof: Proof) -> Html:
    """Show on request the numbers behind the checks."""
    shown = [
        join([element("h3", check.name.replace("_", " ")), pairs(_told(check.numbers))])
        for check in proof.checks
        if check.numbers
    ]
    return details("Numbers behind the checks", *shown) if shown else Html()


def _told(values: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    return ((name.replace("_", " "), value_text(name, plain(each))) for name, each in values.items())


def findings(caption: str, found: Sequence[Finding]) -> Html:
    """List findings."""
    return table(caption, FINDING_HEADERS, [finding_cells(each) for each in found])


def absences(unavailable: Mapping[str, str], blind_spots: Sequence[str], notes: Sequence[str]) -> Html:
    """List what could not be read, what could not be looked at, and what was done to the data on the way in."""
    about = [element("p", "About the data:"), bullets(notes)] if notes else []
    return join([bullets(not_measured(unavailable, blind_spots)), *about])


def absences_of_side(title: str, facts: Facts) -> Html:
    """List what was not measured on one side of a proof."""
    listed = absences(facts.unavailable, facts.blind_spots, facts.notes)
    return join([element("h3", title), listed]) if listed else Html()


def next_commands(diagnosis: Diagnosis) -> Html:
    """List the commands worth running, with what each does to the target."""
    rows = [
        (element("code", shlex.join(each.argv)), each.why, str(each.effect), each.needs or "nothing")
        for each in diagnosis.next
    ]
    return table("Commands worth running, the most useful first", ("Command", "Why", "Effect", "Needs"), rows)


def looked_at(diagnosis: Diagnosis) -> Html:
    """Say what was looked at, and how."""
    return pairs(_looked_at(diagnosis))


def _looked_at(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    yield "Window", window_text(diagnosis.window)
    if diagnosis.ending is not None:
        yield "The process ended", ending_text(diagnosis.ending)
    if diagnosis.touched is not None:
        yield "Touched", diagnosis.touched


def evidence(found: Sequence[Finding]) -> Html:
    """Show on request the numbers behind findings."""
    shown = (element("h3", finding_cells(each)[0]) + _json_block(each.evidence) for each in found if each.evidence)
    listed = join(Html(each) for each in shown)
    return details("Evidence", listed) if listed else Html()


def parameters(proof: Proof) -> Html:
    """Show on request every threshold that was applied."""
    return details("Parameters", pairs(parameter_pairs(proof.parameters)))


def _json_block(value: Any) -> Html:
    lines = json.dumps(plain(value), indent=2, ensure_ascii=False).splitlines()
    return element("pre", element("code", Html("\n".join(text(line) for line in lines))))
