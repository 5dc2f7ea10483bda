"""How much of a record a playbook covers: which step does what each event did, in what order, with which parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.step_kinds import BY_ID
from leakdoc.playbook.records.tracing import slot_of

Data = dict[str, Any]
_COVERS_NOTHING: Final = {"leakdoc.human_task", "leakdoc.run_command"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A playbook held against a record.

    Args:
        covered: pairs of an event and the step that does what it did.
        uncovered: events that no step does.
        order: the share of pairs of covered steps that stand in the record's order; null with fewer than two.
        resolved: what each parameter was in this record.
        missing: values of the record that the playbook has no parameter for.
        problems: what else keeps the playbook from fitting the record.
    """

    covered: tuple[tuple[str, str], ...]
    uncovered: tuple[str, ...]
    order: float | None
    resolved: dict[str, str]
    missing: tuple[str, ...]
    problems: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float:
        """The share of events that are covered."""
        return len(self.covered) / max(1, len(self.covered) + len(self.uncovered))


def coverage(data: Data, incident: Incident) -> Coverage:
    """Hold a playbook's data against an incident."""
    by_uses = {step["uses"]: step["id"] for step in reversed(data["steps"]) if _covers(step)}
    covered: dict[str, str] = {}
    uncovered: dict[str, None] = {}
    for each in incident.course:
        if not each.kept:
            continue
        step_id = _step_for(slot_of(each), by_uses, data, said=not each.reading.event.is_call)
        if step_id:
            covered.setdefault(each.reading.event.id, step_id)
        elif each.reading.event.id not in covered:
            uncovered.setdefault(each.reading.event.id)
    declared = {each.name: each.value for each in incident.declared}
    return Coverage(
        covered=tuple(covered.items()),
        uncovered=tuple(each for each in uncovered if each not in covered),
        order=_order(list(covered.values()), [step["id"] for step in data["steps"]]),
        resolved={name: value for name, value in declared.items() if name in data.get("params", {})},
        missing=tuple(sorted(name for name in declared if name not in data.get("params", {}))),
        problems=tuple(_problems(data, incident)),
    )


def _covers(step: Data) -> bool:
    return step["uses"] not in _COVERS_NOTHING and not step.get("review")


def _step_for(slot: str, by_uses: dict[str, str], data: Data, *, said: bool) -> str | None:
    uses = BY_ID[slot].uses if slot in BY_ID else slot
    found = by_uses.get(uses)
    if found is None and slot == "monitoring" and said:  # a follow-up that is only said belongs to what people are told
        found = by_uses.get(BY_ID["summary"].uses)
    if found is None and slot == "roll_back":  # a rollout that can be taken back has the rollback inside
        found = next((step["id"] for step in data["steps"] if step.get("rollback")), None)
    return found


def _order(walked: list[str], ids: list[str]) -> float | None:
    """Return the share of concordant pairs (Kendall) of the steps in the order in which they were first taken."""
    first = [step for step in dict.fromkeys(walked) if step in ids]
    pairs = list(combinations(first, 2))
    if not pairs:
        return None
    return round(sum(ids.index(a) < ids.index(b) for a, b in pairs) / len(pairs), 4)


def _problems(data: Data, incident: Incident) -> list[str]:
    problems = []
    own = data["metadata"].get("incident_class")
    if own not in (None, incident.incident_class):
        problems.append(f"the record is of the class {incident.incident_class}, the playbook of {own}")
    problems += [
        f"step {step['id']} waits for a review, and covers nothing" for step in data["steps"] if step.get("review")
    ]
    return problems
