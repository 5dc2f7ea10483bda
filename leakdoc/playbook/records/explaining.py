"""What each event was taken for, why, and what became of it: lines for a person, or data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.generalizing import generalized
from leakdoc.playbook.records.hearing import ANNOUNCES
from leakdoc.playbook.records.leading import RULED_OUT
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.setbacks import DID_NOT_HOLD
from leakdoc.playbook.records.tracing import slot_of
from leakdoc.redact import inert

_LONGEST: Final = 90


def explained(incident: Incident) -> Iterator[dict[str, Any]]:
    """Yield each event with what it was taken for; its text without what belonged to the incident."""
    for each in incident.course:
        yield {
            "event": each.reading.event.id,
            "said": _shown(each, incident),
            "kind": each.reading.kind or None,
            "rule": each.reading.rule or None,
            "narrated": each.reading.event.narrated,
            "became": _became(each),
            "why": each.dropped or each.why,
            "parameters": [entity.name for entity in incident.declared if entity.event == each.reading.event.id],
        }


def explanation_lines(incident: Incident) -> Iterator[str]:
    """Yield two lines for each event."""
    for each in explained(incident):
        parameters = f"; gives {', '.join(each['parameters'])}" if each["parameters"] else ""
        narrated = " (narrated)" if each["narrated"] else ""
        yield f"{each['event']}  {each['said']}{narrated}"
        kind = each["kind"] or ("an announcement" if each["why"] == ANNOUNCES else "nothing known")
        yield f"    {kind} -> {each['became']}: {each['why']}{parameters}"


def _shown(each: Placed, incident: Incident) -> str:
    reading = each.reading
    text = reading.event.text or reading.line or f"edit of {reading.event.path}"
    return inert(generalized(text, incident.entities), longest=_LONGEST)


def _became(each: Placed) -> str:
    if each.kept:
        return f"step {slot_of(each)}"
    if each.dropped in (RULED_OUT, DID_NOT_HOLD):
        return "advice"
    return "dropped"
