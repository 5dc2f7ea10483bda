"""What a channel has to know of an incident: short, and every word of it inert."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from leakdoc.model.incident import Incident
from leakdoc.playbook.posting.sparkline import picture_of
from leakdoc.redact import inert, without_secrets

_DETECTING: Final = (
    "detect_growth", "find_unclosed_connections", "find_exhausted_pool", "isolate_upstream", "sample_memory",
)  # fmt: skip
_FIXING: Final = ("apply_fix", "tune_pool", "apply_circuit_breaker")
_PROVING: Final = ("verify_normalized", "verify_recovered")
_LONGEST: Final = 600
_PINGS: Final = ("@channel", "@here", "@everyone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A title, labelled lines, and a picture of the proof in text; empty where there is no proof."""

    title: str
    lines: tuple[tuple[str, str], ...]
    picture: str
    run: str

    @property
    def text(self) -> str:
        """The whole as plain text."""
        told = [self.title, *(f"{label}: {text}" for label, text in self.lines)]
        return "\n".join([*told, *([self.picture] if self.picture else [])])


def summary_of(incident: Incident) -> Summary:
    """Return the summary of an incident so far."""
    worst = [step for step in incident.steps if step.outcome in ("error", "failed", "rolled_back")]
    outcome = incident.outcome or ("rolled_back" if any(each.outcome == "rolled_back" for each in worst) else None)
    so_far = str(outcome).replace("_", " ") if outcome else f"{worst[-1].id} {worst[-1].outcome}" if worst else "done"
    return Summary(
        title=plain(f"{incident.service}: {(incident.incident_class or 'incident').replace('_', ' ')}, {so_far}"),
        lines=tuple((label, plain(text)) for label, text in _lines(incident)),
        picture=_picture(incident),
        run=incident.run,
    )


def plain(text: str) -> str:
    """Return foreign text for a channel: on one line, without secrets, and such that it pings nobody."""
    told = without_secrets(inert(text, longest=_LONGEST))
    for ping in _PINGS:
        told = told.replace(ping, f"(at){ping[1:]}")
    return told


def _lines(incident: Incident) -> Iterator[tuple[str, str]]:
    found = [step for step in incident.used(*_DETECTING) if step.outputs.get("decision") is not None]
    if found:
        yield "Impact", "; ".join(f"{step.outputs['decision']} ({step.id}): {step.reason}" for step in found[-2:])
    yield "Cause", _cause(incident)
    fixes = incident.used(*_FIXING)
    revision = incident.output("revision", "apply_fix")
    if fixes:
        told = "; ".join(f"{step.id} {step.outcome}: {step.reason}" for step in fixes)
        yield "Fix", f"{revision}; {told}" if revision else told
    proofs = [step for step in incident.used(*_PROVING) if step.outcome is not None]
    yield "Proof", f"{proofs[-1].outputs.get('decision')}: {proofs[-1].reason}" if proofs else "none was made"
    backs = [step for step in incident.steps if step.outcome == "rolled_back"]
    if backs:
        yield "Rolled back", "; ".join(step.reason for step in backs)
    point = incident.output("revision", "record_rollback_point")
    yield "Rollback point", str(point) if point else "none was recorded"
    yield "Run", f"{incident.playbook} {incident.run}"
    yield "Journal head", incident.head


def _cause(incident: Incident) -> str:
    places = incident.output("places", "locate_code")
    openers = incident.output("openers", "find_unclosed_connections", "find_exhausted_pool", "isolate_upstream")
    for found in (places, openers):
        if isinstance(found, list) and found:
            return ", ".join(_place(each) for each in found[:3])
    return "no line of code was found"


def _place(place: Any) -> str:
    if not isinstance(place, dict):
        return str(place)
    where = ":".join(str(place[key]) for key in ("file", "line") if place.get(key) is not None)
    where = where or str(place.get("path", place))
    return f"{where} ({place['function']})" if place.get("function") else where


def _picture(incident: Incident) -> str:
    proof = incident.output("proof", *_PROVING)
    if not isinstance(proof, str):
        return ""
    try:
        document = json.loads(Path(proof).read_text(encoding="utf-8")) if Path(proof).is_file() else None
    except (OSError, ValueError, RecursionError):
        return ""
    return picture_of(document) if isinstance(document, dict) else ""
