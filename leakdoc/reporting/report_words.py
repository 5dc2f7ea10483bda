"""What the page and the Markdown report both say: decisions, findings, sides and times in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from leakdoc.model.decision import CheckOutcome, Decision, ProofDecision
from leakdoc.model.diagnosis import Window
from leakdoc.model.finding import Finding, Interval, Json
from leakdoc.model.metrics import metric
from leakdoc.model.proof import Check, Side
from leakdoc.model.subject import Subject
from leakdoc.model.trace import Ending, Trace
from leakdoc.redact import inert
from leakdoc.reporting.words import rate_words, subject_words
from leakdoc.units import Unit, format_amount, format_duration, format_rate

NOT_KNOWN: Final = "not known"
ORIGIN: Final = "The decision follows from the samples; only a signature could say whose samples they are."

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
        reason_text(finding.reason, finding.needs_more_s),
        NOT_KNOWN if finding.slope_per_hour is None else rate_words(without_residue(finding.slope_per_hour), unit),
        NOT_KNOWN if smallest is None else format_rate(smallest, unit),
        NOT_KNOWN if confidence is None else f"{_percent(confidence)}, {finding.basis}",
    )


def _percent(share: float) -> str:
    """Write a probability; one that rounds to certainty is not called certain."""
    return f"{share:.0%}" if share < 0.995 else "over 99%"


def without_residue(slope: Interval) -> Interval:
    """Return a slope whose estimate is zero where it is the rounding error of a fit, far below its own interval."""
    widest = max(abs(slope.low or 0.0), abs(slope.high or 0.0))
    return replace(slope, estimate=0.0) if abs(slope.estimate) < _RESIDUE * widest else slope


_RESIDUE: Final = 1e-6
FINDING_HEADERS: Final = (
    "Looked for", "Decision", "Why", "Growth (95 % interval)", "Slowest growth it would have shown", "Confidence",
)  # fmt: skip


def reason_text(reason: str, needs_more_s: Json) -> str:
    """Write a reason as a sentence, and how much more data a decision needs where the reason does not say so."""
    said = sentence(reason)
    if not isinstance(needs_more_s, int | float) or not needs_more_s or not math.isfinite(needs_more_s):
        return said
    needed = format_duration(float(needs_more_s))
    return said if needed in said else f"{said} About {needed} more are needed."


CHECK_HEADERS: Final = ("Check", "Outcome", "Why")


def check_cells(check: Check) -> tuple[str, ...]:
    """Return a check as the cells of `CHECK_HEADERS`."""
    reason = reason_text(check.reason, check.numbers.get("needs_more_s"))
    return check.name.replace("_", " "), OUTCOMES[check.outcome], reason


def not_measured(unavailable: Mapping[str, str], blind_spots: Sequence[str]) -> list[str]:
    """List what could not be read, each with its reason, and what could not be looked at."""
    return [*(f"{name}: {unavailable[name]}" for name in sorted(unavailable)), *blind_spots]


def advice_of(found: Sequence[Finding]) -> list[str]:
    """List the findings' advice, each once, the safest first."""
    return list(dict.fromkeys(sentence(each) for finding in found for each in finding.advice))


def side_cells(name: str, side: Side) -> tuple[str, ...]:
    """Return one side of a proof as the cells of `SIDE_HEADERS`."""
    trace = side.trace
    pids = sorted({life.pid for life in trace.lives if life.pid is not None})
    told = ", ".join(str(pid) for pid in pids[:MOST_PIDS]) + (", …" if len(pids) > MOST_PIDS else "")
    return name, DECISIONS[side.decision], told or NOT_KNOWN, trace_span(trace), f"{len(trace):,}"


MOST_PIDS: Final = 8
SIDE_HEADERS: Final = ("Side", "Decision", "Processes", "When", "Samples")


def trace_span(trace: Trace) -> str:
    """Write when a trace was sampled."""
    return span_text(float(trace.times.min()), float(trace.times.max())) if len(trace) else "no samples"


def span_text(start: float, end: float) -> str:
    """Write a span of time in UTC, and how long it is: ``2026-11-23 03:12:00 to 04:40:00 UTC (88 min)``."""
    first, last = instant_text(start), instant_text(end)
    day = first.partition(" ")[0] + " "
    return f"{first} to {last.removeprefix(day)} UTC ({format_duration(end - start)})"


def instant_text(at: float) -> str:
    """Write an instant in UTC to the second: ``2026-11-23 03:12:00``; one outside the calendar as seconds."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{at:.0f} s after 1970"


def window_text(window: Window) -> str:
    """Write what a diagnosis looked at."""
    if window.start is None or window.end is None:
        return "no samples"
    return f"{span_text(window.start, window.end)}, {window.samples:,} samples"


def ending_text(ending: Ending) -> str:
    """Say how a process ended."""
    status = f", exit status {ending.exit_status}" if ending.exit_status is not None else ""
    signal = f", signal {ending.signal}" if ending.signal is not None else ""
    return f"{inert(ending.cause).replace('_', ' ')} at {instant_text(ending.at)} UTC{status}{signal}"


def parameter_pairs(parameters: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield thresholds by name, those of a group as ``growth.smallest``; one that is null follows the data."""
    for name in sorted(parameters):
        value = parameters[name]
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", each) for key, each in parameter_pairs(value))
        else:
            yield name, FOLLOWS_THE_DATA if value is None else value_text(name, value)


FOLLOWS_THE_DATA: Final = "follows the data"


def value_text(name: str, value: Json) -> str:
    """Write a number of a check, or a parameter, in the unit that its name tells."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not math.isfinite(value):
        return NOT_KNOWN
    if name.endswith("_per_s"):
        return f"{_plain(value)} a second"
    unit = next((unit for suffix, unit in _SUFFIXES.items() if name.endswith(suffix)), None)
    if unit is not None and value >= 0:
        return format_amount(value, unit)
    return _plain(value)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}"


_SUFFIXES: Final[Mapping[str, Unit]] = {"_bytes": "bytes", "_s": "seconds"}
