"""Values as JSON documents, as the contracts name them.

Unknown numbers are null, never 0 and never NaN. Instants are ISO 8601 with an offset.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.model.diagnosis import Diagnosis, NextCommand, Window
from leakdoc.model.facts import Ending
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.scan import Scan
from leakdoc.model.step import EvidenceFile, EvidenceValue, StepResult
from leakdoc.model.subject import Subject
from leakdoc.units import format_time

Document = dict[str, Any]

DIAGNOSIS: Final = "leakdoc.diagnosis/1"
SCAN: Final = "leakdoc.scan/1"
STEP_RESULT: Final = "leakdoc.step-result/1"


def diagnosis_document(diagnosis: Diagnosis) -> Document:
    """Lay a diagnosis out as ``leakdoc.diagnosis/1``."""
    return {
        "schema": DIAGNOSIS,
        "subject": subject_document(diagnosis.subject),
        "decision": str(diagnosis.decision),
        "reason": diagnosis.reason,
        "findings": [finding_document(finding) for finding in diagnosis.findings],
        "unavailable": _unavailable(diagnosis.unavailable),
        "blind_spots": list(diagnosis.blind_spots),
        "notes": list(diagnosis.notes),
        "next": [_next(command) for command in diagnosis.next],
        "ending": None if diagnosis.ending is None else ending_document(diagnosis.ending),
        "touched": diagnosis.touched,
        "window": window_document(diagnosis.window),
    }


def scan_document(scan: Scan) -> Document:
    """Lay the verdicts on several subjects out as ``leakdoc.scan/1``."""
    return {
        "schema": SCAN,
        "diagnoses": [diagnosis_document(diagnosis) for diagnosis in scan.diagnoses],
        "skipped": [{"subject": subject, "reason": reason} for subject, reason in scan.skipped.items()],
        "discovery": {
            "faults": scan.discovery.faults,
            "expected_false": number(scan.discovery.expected_false),
            "rate": number(scan.discovery.rate),
            "level": scan.discovery.level,
            "tentative": list(scan.discovery.tentative),
        },
        "notes": list(scan.notes),
        "left_out": scan.left_out,
    }


def finding_document(finding: Finding) -> Document:
    """Lay one finding out as it stands in a diagnosis."""
    limit = finding.time_to_limit_s
    return {
        "detector": finding.detector,
        "metric": finding.metric,
        "decision": str(finding.decision),
        "reason": finding.reason,
        "confidence": number(finding.confidence),
        "basis": str(finding.basis),
        "slope_per_hour": interval_document(finding.slope_per_hour),
        "smallest_detectable_per_hour": number(finding.smallest_detectable_per_hour),
        "time_to_limit_s": None if limit is None else number(limit.estimate),
        "time_to_limit_interval_s": interval_document(limit),
        "needs_more_s": number(finding.needs_more_s),
        "evidence": plain(finding.evidence),
        "advice": list(finding.advice),
    }


def step_result_document(result: StepResult) -> Document:
    """Lay a step's result out as ``leakdoc.step-result/1``."""
    return {
        "schema": STEP_RESULT,
        "step": result.step,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "outputs": plain(result.outputs),
        "evidence": [_evidence(item) for item in result.evidence],
    }


def subject_document(subject: Subject) -> Document:
    """Lay a subject out."""
    return {
        "kind": str(subject.kind),
        "name": subject.name,
        "pid": subject.pid,
        "started_at": _time(subject.started_at),
        "host": subject.host,
    }


def window_document(window: Window) -> Document:
    """Lay a window out."""
    return {"from": _time(window.start), "to": _time(window.end), "samples": window.samples}


def interval_document(interval: Interval | None) -> Document | None:
    """Lay an estimate out with its interval."""
    if interval is None:
        return None
    return {"estimate": number(interval.estimate), "low": number(interval.low), "high": number(interval.high)}


def number(value: float | None) -> float | None:
    """Return the number, or null for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None


def plain(value: Any) -> Any:
    """Return a JSON value with numpy scalars unwrapped, and numbers that are not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    return number(value) if isinstance(value, float) else value


def _time(at: float | None) -> str | None:
    return None if at is None or not math.isfinite(at) else format_time(at)


def _unavailable(reasons: Mapping[str, str]) -> list[Document]:
    return [{"metric": name, "reason": str(reasons[name])} for name in sorted(reasons)]


def _next(command: NextCommand) -> Document:
    return {"argv": list(command.argv), "effect": str(command.effect), "why": command.why, "needs": command.needs}


def ending_document(ending: Ending) -> Document:
    """Lay out how a process ended."""
    return {
        "at": _time(ending.at),
        "cause": ending.cause,
        "exit_status": ending.exit_status,
        "signal": ending.signal,
    }


def _evidence(item: EvidenceFile | EvidenceValue) -> Document:
    if isinstance(item, EvidenceFile):
        return {"name": item.name, "path": item.path, "sha256": item.sha256}
    return {"name": item.name, "value": plain(item.value)}
