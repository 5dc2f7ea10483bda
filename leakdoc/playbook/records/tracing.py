"""Where each step and each parameter of a playbook came from, and how it was done there."""

from __future__ import annotations

from typing import Any, Final

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.generalizing import generalized, generalized_name
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.redact import inert

Data = dict[str, Any]
ADDED: Final = "added: the incident had none"


def slot_of(each: Placed) -> str:
    """Return the id of the step that an event belongs to; a guard is a part of the rollout."""
    return "rollout" if each.slot == "guard" else each.slot


def provenance(incident: Incident, ids: list[str], slots: dict[str, list[Placed]], rulebook: Rulebook) -> Data:
    name = inert(generalized_name(incident.name, incident.entities), longest=80)
    return {
        "records": [name],
        "steps": {step_id: _of_step(slots[step_id], name, incident, rulebook) for step_id in ids},
        "params": {
            each.name: {"origin": each.origin, **({"events": {name: [each.event]}} if each.event else {})}
            for each in incident.declared
        },
    }


def _of_step(events: list[Placed], name: str, incident: Incident, rulebook: Rulebook) -> Data:
    if not events:
        return {"support": "0/1", "notes": [ADDED]}
    ids = list(dict.fromkeys(each.reading.event.id for each in events))
    commands = _commands(events, incident, rulebook)
    return {"support": "1/1", "events": {name: ids}, **({"commands": commands} if commands else {})}


def _commands(events: list[Placed], incident: Incident, rulebook: Rulebook) -> list[Data]:
    found: list[Data] = []
    driver = driver_of(incident, rulebook)
    for each in events:
        reading = each.reading
        if not reading.line or reading.kind in ("summary", "") or reading.kind.startswith("step:"):
            continue
        kind = rulebook.kinds[reading.kind]
        scope = "staging" if each.slot == "staging" else str(kind.scope)
        seen: Data = {
            "line": generalized(reading.line, incident.entities),
            "platform": _first(rulebook.platforms, reading.line),
        }
        seen |= {"driver": driver if each.slot in _BY_DRIVER else "", "effect": str(kind.effect), "scope": scope}
        seen = {
            key: value
            for key, value in seen.items()
            if value and (key, value) not in (("effect", "read"), ("scope", "none"))
        }
        if seen not in found:
            found.append(seen)
    return found


_BY_DRIVER: Final = {"connections", "pool", "upstream", "heap", "locate", "fix", "tune", "breaker", "regression_test"}


def driver_of(incident: Incident, rulebook: Rulebook) -> str:
    """Return the driver that what is kept speaks of first: in the code, the change, or a decision."""
    texts = [
        "\n".join(
            (
                each.reading.event.text,
                each.reading.line if each.slot == "locate" else "",
                each.reading.event.before,
                each.reading.event.after,
            )
        )
        for each in incident.course
        if each.kept and (each.slot in ("locate", "fix") or not each.reading.event.is_call)
    ]
    texts += [each.reading.event.output for each in incident.course if each.kept and each.slot in ("heap", "locate")]
    return next((found for text in texts if (found := _first(rulebook.drivers, text))), "")


def _first(patterns: Any, text: str) -> str:
    return next((name for name, pattern in patterns.items() if pattern.search(text)), "")
