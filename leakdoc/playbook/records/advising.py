"""What an incident teaches beside its steps: what was ruled out, what did not hold, when to go back, what to forbid."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.generalizing import generalized
from leakdoc.playbook.records.leading import RULED_OUT
from leakdoc.playbook.records.placing import Placed, kinds_said
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.playbook.records.setbacks import DID_NOT_HOLD
from leakdoc.playbook.records.slicing import FAILED
from leakdoc.playbook.records.thresholds import goes_back_when
from leakdoc.redact import inert

_LONGEST: Final = 240
_BIGGER: Final = "raise the pool's size as the fix"
_FORBIDDEN: Final = {
    "memory_leak": ("restart before a heap capture", "raise the memory limit as the fix"),
    "connection_pool_exhaustion": (_BIGGER, "restart before the holders are named"),
    "cascading_timeouts": ("raise timeouts or retries as the fix", "restart before the upstream is named"),
}


def forbidden(incident_class: str, *, cured_by_size: bool = False) -> tuple[str, ...]:
    """Return what must not be done in this class of incident.

    Args:
        cured_by_size: whether another size of a pool was the cure itself; then that is not forbidden.
    """
    lines: tuple[str, ...] = _FORBIDDEN.get(incident_class, ())
    if cured_by_size:
        lines = tuple("raise the pool above the database's own limit" if each == _BIGGER else each for each in lines)
    return (*lines, "roll out without a recorded rollback point")


def advice(incident: Incident, rulebook: Rulebook) -> tuple[str, ...]:
    """Return the advice of one incident, in its order, without what belonged to it."""
    lines = [*_ruled_out(incident, rulebook), *_did_not_hold(incident, rulebook), *_missing_tools(incident)]
    lines += [f"Roll back when {_quoted(when, incident)}" for when in goes_back_when(incident)]
    return tuple(dict.fromkeys(lines))


def _ruled_out(incident: Incident, rulebook: Rulebook) -> list[str]:
    lines = []
    for position, each in enumerate(incident.course):
        if each.dropped == RULED_OUT:
            kind = rulebook.kinds.get(each.reading.kind)
            because = _because(incident.course[position + 1 :], incident)
            lines.append(f"Ruled out: {kind.about if kind else 'a look'}{because}")
    return lines


def _because(later: tuple[Placed, ...], incident: Incident) -> str:
    for each in later:
        if not each.reading.event.is_call and "rejected" in kinds_said(each):
            return f" ({_quoted(each.reading.event.text, incident)})"
        if not each.reading.event.is_call and each.slot:
            break
    return ""


def _did_not_hold(incident: Incident, rulebook: Rulebook) -> list[str]:
    lines = []
    for position, each in enumerate(incident.course):
        if (
            each.dropped != DID_NOT_HOLD
            or each.slot not in ("fix", "tune", "breaker", "mitigate")
            or not each.reading.event.is_call
        ):
            continue
        said = _quoted(each.reading.event.said, incident) or rulebook.kinds[each.reading.kind].about
        setback = next(
            (
                later
                for later in incident.course[position:]
                if "still_bad" in kinds_said(later) and not later.reading.event.is_call
            ),
            None,
        )
        why = f" ({_quoted(setback.reading.event.text, incident)})" if setback else ""
        lines.append(f"Did not hold: {said}{why}")
    return lines


def _missing_tools(incident: Incident) -> list[str]:
    tools = {
        each.reading.simples[0].program
        for each in incident.course
        if each.dropped.startswith(FAILED) and each.reading.simples and "not found" in each.reading.event.output
    }
    return [f"Have at hand: {tool}, which was missing" for tool in sorted(tools) if re.fullmatch(r"[\w.-]{2,30}", tool)]


def _quoted(text: str, incident: Incident) -> str:
    """Return foreign words on one line, inert and without the incident's values; a reference in them stays text."""
    return inert(generalized(text, incident.entities).replace("${{", "$ {{"), longest=_LONGEST).strip().rstrip(".")
