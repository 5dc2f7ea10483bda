"""A scan as one self-contained page: how many of each, the urgent ones first, what was skipped, how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.metrics import metric
from leakdoc.model.scan import Scan
from leakdoc.model.urgency import leading
from leakdoc.reporting.html_page import page
from leakdoc.reporting.html_parts import Html, bullets, element, section, table
from leakdoc.reporting.report_words import DECISIONS, NOT_KNOWN, sentence, subject_name, without_residue
from leakdoc.reporting.scan_text import discovery_lines
from leakdoc.reporting.words import rate_words, time_words

MOST: Final = 1_000  # rows that a browser lays out without a pause
HEADERS: Final = ("Subject", "Decision", "Limit reached in", "Growth (95 % interval)", "Why")
_COUNTS: Final = ("Decision", "Subjects")


def scan_to_html(scan: Scan, *, title: str = "Fleet scan", top: int | None = None) -> str:
    """Return a page about a scan.

    Args:
        top: how many subjects to list at most, the most urgent first; null lists up to `MOST`.
    """
    ranked = scan.ranked
    shown = ranked[: MOST if top is None else top]
    return page(
        title,
        element("header", element("p", _kind(scan), class_="kind"), element("h1", title), _verdict(scan)),
        section("How many of each", table("Every subject has one decision", _COUNTS, _counts(scan))),
        section("Subjects", _subjects(shown, len(ranked))),
        section("How far to trust it", *(element("p", line) for line in discovery_lines(scan.discovery))),
        section("What was skipped", bullets(f"{name}: {reason}" for name, reason in list(scan.skipped.items())[:MOST])),
        section("About the data", bullets(scan.notes)),
    )


def _kind(scan: Scan) -> str:
    return "Scan of many subjects" if scan.source is None else f"Scan of many subjects: {scan.source}"


def _verdict(scan: Scan) -> Html:
    faults = scan.discovery.faults
    told = f"{faults:,} of {len(scan.diagnoses):,} subjects have a fault" if faults else "no fault was found"
    skipped = f"; {len(scan.skipped):,} were skipped" if scan.skipped else ""
    tone = "fault" if faults else "open" if scan.skipped or not scan.diagnoses else "fine"
    return element("p", element("strong", sentence(f"{told}{skipped}")), class_=f"verdict {tone}")


def _counts(scan: Scan) -> list[tuple[str, str]]:
    return [(DECISIONS[decision], f"{count:,}") for decision, count in scan.counts.items()]


def _subjects(shown: Sequence[Diagnosis], of: int) -> Html:
    caption = f"The most urgent first: {len(shown):,} of {of:,}" if len(shown) < of else "The most urgent first"
    return table(caption, HEADERS, [_row(each) for each in shown])


def _row(diagnosis: Diagnosis) -> tuple[str, ...]:
    found = leading(diagnosis)
    limit = None if found is None else found.time_to_limit_s
    slope = None if found is None else found.slope_per_hour
    return (
        subject_name(diagnosis.subject),
        DECISIONS[diagnosis.decision],
        NOT_KNOWN if limit is None or not diagnosis.decision.is_fault else time_words(limit),
        NOT_KNOWN if slope is None or found is None else rate_words(without_residue(slope), metric(found.metric).unit),
        sentence(diagnosis.reason),
    )
