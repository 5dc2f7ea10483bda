"""The figures of one incident, and of one that was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leakdoc.playbook.records.building import built
from leakdoc.playbook.records.covering import coverage
from leakdoc.playbook.records.explaining import explained
from leakdoc.playbook.records.extracting import Incident, read_incident
from leakdoc.playbook.records.merging import merged
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed


@dataclass(slots=True)
class Truth:
    """What is true of a record: names of events in the layout that is read, and values."""

    essential: set[str]
    dead_ends: set[str]
    parameters: dict[str, tuple[str, str]]
    secrets: list[str]
    literals: list[str]
    incident_class: str
    changes: dict[str, str]  # of a call, the step that its change belongs to; empty when it only looks
    labels: dict[str, str] = field(default_factory=dict)  # of an essential event, its kind as a person labelled it


@dataclass(slots=True)
class Figures:
    """What was measured on one incident."""

    name: str
    covered: float
    precision: float
    events_precision: float
    dead_ends_out: float
    parameters: float
    parameters_precision: float
    origins: float
    survivors: list[str]
    right_class: bool
    changes_right: float
    missed: set[str] = field(default_factory=set)
    stray: set[str] = field(default_factory=set)
    unknown_parameters: set[str] = field(default_factory=set)
    missing_parameters: set[str] = field(default_factory=set)
    wrong_changes: set[str] = field(default_factory=set)


def playbook_of(incident: Incident) -> dict[str, Any]:
    """Return the playbook of one incident."""
    return built(incident, own_rules(), installed())


def events_of(data: dict[str, Any]) -> dict[str, set[str]]:
    """Return the events of each step that covers something."""
    steps = data["provenance"]["steps"]
    return {
        step["id"]: {event for events in steps[step["id"]].get("events", {}).values() for event in events}
        for step in data["steps"]
        if not step.get("review") and step["uses"] not in ("leakdoc.human_task", "leakdoc.run_command")
    }


def figures(path: Path, truth: Truth) -> Figures:
    """Measure the playbook that is extracted from a record."""
    incident = read_incident(path)
    data = playbook_of(incident)
    steps = {step: events for step, events in events_of(data).items() if events}
    taken = set().union(*steps.values())
    values = {each.value: each.origin for each in incident.declared}
    true = dict(truth.parameters.values())
    found = {value.rstrip("/") for value in values} & {value.rstrip("/") for value in true}
    wrong = set(misplaced(incident, truth))
    text = as_yaml(data) + json.dumps(list(explained(incident)), ensure_ascii=False)
    return Figures(
        name=path.name,
        covered=share(len(truth.essential & taken), len(truth.essential)),
        precision=share(sum(bool(events & truth.essential) for events in steps.values()), len(steps)),
        events_precision=share(len(truth.essential & taken), len(taken)),
        dead_ends_out=share(len(truth.dead_ends - taken), len(truth.dead_ends)),
        parameters=share(len(found), len({value.rstrip("/") for value in true})),
        parameters_precision=share(len(found), len({value.rstrip("/") for value in values})),
        origins=share(
            sum(
                values.get(value, values.get(value.rstrip("/"))) == true.get(value)
                for value in true
                if value.rstrip("/") in found
            ),
            len(found),
        ),
        survivors=[each for each in (*truth.secrets, *truth.literals) if each in text],
        right_class=incident.incident_class == truth.incident_class,
        changes_right=share(len(truth.changes) - len(wrong), len(truth.changes)),
        missed=truth.essential - taken,
        stray=taken & truth.dead_ends,
        unknown_parameters={value for value in values if value.rstrip("/") not in found},
        missing_parameters={value for value in true if value.rstrip("/") not in found},
        wrong_changes=wrong,
    )


CHANGING = {
    "fix", "tune", "breaker", "regression_test", "rollout", "roll_back", "mitigate", "monitoring", "summary",
}  # fmt: skip


def misplaced(incident: Incident, truth: Truth) -> Iterator[str]:
    """Yield the calls whose change is told as another, or as a look, and the looks that are told as a change."""
    for each in incident.course:
        name = each.reading.event.id
        if name in truth.changes:
            true = truth.changes[name]
            if (each.slot != true) if true else (each.slot in CHANGING):
                yield f"{name} {true or 'a look'} told as {each.slot or 'nothing'}"


def share(part: int, whole: int) -> float:
    """Return a share; nothing of nothing is all of it."""
    return part / whole if whole else 1.0


def covered_by_others(path: Path, truth: Truth, others: list[Path]) -> float:
    """Return the share of essential events that a playbook of other incidents covers."""
    data = merged([playbook_of(read_incident(each)) for each in others], installed())
    found = coverage(data, read_incident(path))
    return share(len({event for event, _ in found.covered} & truth.essential), len(truth.essential))


def reached_by_labels(truth: Truth, others: list[Truth]) -> float:
    """Return the share of essential events whose kind, labelled by hand, one of the others has too: an upper bound."""
    known = {kind for other in others for kind in other.labels.values()}
    return share(sum(truth.labels.get(event, "") in known for event in truth.essential), len(truth.essential))
