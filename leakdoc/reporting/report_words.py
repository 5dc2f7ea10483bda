"""What the page and the Markdown report both say: decisions, findings, sides and times in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leakdoc.model.decision import CheckOutcome, Decision, ProofDecision
from leakdoc.model.diagnosis import Window
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import metric
from leakdoc.model.proof import Side
from leakdoc.model.subject import Subject
from leakdoc.model.trace import Ending
from leakdoc.redact import inert
from leakdoc.reporting.words import rate_words, subject_words
from leakdoc.units import format_duration, format_rate, format_time

NOT_KNOWN: Final = "not known"

DECISIONS: Final[Mapping[Decision, str]] = {
    Decision.LEAKING: "Leaking",
    Decision.EXHAUSTED: "Exhausted",
    Decision.UNRESPONSIVE: "Unresponsive",
    Decision.WARMING_UP: "Warming up",
    Decision.LOAD_DRIVEN: "Follows the load",
    Decision.STABLE: "Stable, as far as was looked",
    Decision.INCONCLUSIVE: "Inconclusive",
}
PROOF_DECISIONS: Final[Mapping[ProofDecision, str]] = {
    ProofDecision.NORMALIZED: "Normalized",
    ProofDecision.IMPROVED: "Improved, but still growing",
    ProofDecision.NOT_FIXED: "Not fixed",
    ProofDecision.WORSE: "Worse",
    ProofDecision.INCONCLUSIVE: "Inconclusive",
}
OUTCOMES: Final[Mapping[CheckOutcome, str]] = {
    CheckOutcome.PASSED: "passed",
    CheckOutcome.FAILED: "failed",
    CheckOutcome.UNKNOWN: "not known",
}


def tone(decision: Decision | ProofDecision) -> str:
    """Return ``fault``, ``fine`` or ``open``: how a report colours a decision."""
    if isinstance(decision, Decision):
        return "fault" if decision.is_fault else "fine" if decision.is_settled else "open"
    if decision is ProofDecision.NORMALIZED:
        return "fine"
    return "open" if decision is ProofDecision.INCONCLUSIVE else "fault"


def subject_name(subject: Subject) -> str:
    """Name a subject: ``payments pid 4242 on web-1``."""
    host = f" on {inert(subject.host)}" if subject.host else ""
    return f"{subject_words(subject)}{host}".strip() or "unnamed"


def sentence(words: str) -> str:
    """Return words as one sentence: a capital first, a full stop last."""
    stripped = words.strip()
    end = "" if stripped.endswith((".", "!", "?", "…")) else "."
    return f"{stripped[:1].upper()}{stripped[1:]}{end}" if stripped else ""


def finding_cells(finding: Finding) -> tuple[str, ...]:
    """Return a finding as the cells of `FINDING_HEADERS`."""
    unit = metric(finding.metric).unit
    smallest, confidence = finding.smallest_detectable_per_hour, finding.confidence
    return (
        f"{finding.detector.replace('_', ' ')}: {metric(finding.metric).title}",
        DECISIONS[finding.decision],
        f"{sentence(finding.reason)}{needs_more(finding.needs_more_s)}",
        NOT_KNOWN if finding.slope_per_hour is None else rate_words(finding.slope_per_hour, unit),
        NOT_KNOWN if smallest is None else format_rate(smallest, unit),
        NOT_KNOWN if confidence is None else f"{confidence:.0%}, {finding.basis}",
    )


FINDING_HEADERS: Final = (
    "Looked for", "Decision", "Why", "Growth (95 % interval)", "Slowest growth it would have shown", "Confidence",
)  # fmt: skip


def needs_more(seconds: float | None) -> str:
    """Say how much more data a decision needs, in a sentence that follows another; nothing when none or unknown."""
    return "" if seconds is None else f" About {format_duration(seconds)} more are needed."


def side_cells(name: str, side: Side) -> tuple[str, ...]:
    """Return one side of a proof as the cells of `SIDE_HEADERS`."""
    trace = side.trace
    span = span_text(float(trace.times.min()), float(trace.times.max())) if len(trace) else "no samples"
    return name, DECISIONS[side.decision], subject_name(trace.subject), span, f"{len(trace):,}", str(len(trace.lives))


SIDE_HEADERS: Final = ("Side", "Decision", "Subject", "When", "Samples", "Process lives")


def span_text(start: float, end: float) -> str:
    """Write a span of time: both ends in UTC, and how long it is."""
    return f"{format_time(start)} to {format_time(end)} ({format_duration(end - start)})"


def window_text(window: Window) -> str:
    """Write what a diagnosis looked at."""
    if window.start is None or window.end is None:
        return "no samples"
    return f"{span_text(window.start, window.end)}, {window.samples:,} samples"


def ending_text(ending: Ending) -> str:
    """Say how a process ended."""
    status = f", exit status {ending.exit_status}" if ending.exit_status is not None else ""
    signal = f", signal {ending.signal}" if ending.signal is not None else ""
    return f"{inert(ending.cause).replace('_', ' ')} at {format_time(ending.at)}{status}{signal}"
