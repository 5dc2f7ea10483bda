"""A playbook with what another incident teaches: single edits, each with its evidence, kept if it does no harm."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Final

from leakdoc.errors import UsageError
from leakdoc.playbook.records.aligning import aligned
from leakdoc.playbook.records.covering import coverage
from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.merging import behind_what_they_read, merged
from leakdoc.playbook.records.ordering import safely_ordered
from leakdoc.playbook.registry import Registry
from leakdoc.redact import inert

Data = dict[str, Any]
_FEW: Final = 3  # events that a line names; the playbook's provenance has all of them
_LONGEST: Final = 110  # characters of a command in a line; the difference shows it whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of a playbook.

    Args:
        what: in a line, for a person who reads a pull request.
        evidence: the events that it comes from.
        kept: whether it was made.
        why_not: why it was not.
    """

    what: str
    evidence: tuple[str, ...] = ()
    kept: bool = True
    why_not: str = ""

    @property
    def line(self) -> str:
        """The edit as one line of a report."""
        sign = "+" if self.kept else "-"
        more = f", and {len(self.evidence) - _FEW} more" if len(self.evidence) > _FEW else ""
        evidence = f"  [{', '.join(self.evidence[:_FEW])}{more}]" if self.evidence else ""
        return f"{sign} {self.what}{evidence}{f'  not made: {self.why_not}' if self.why_not else ''}"


def improved(data: Data, learned: Data, earlier: Iterable[Incident], registry: Registry) -> tuple[Data, list[Edit]]:
    """Return the playbook with every edit that leaves no earlier record covered worse.

    Args:
        data: the playbook.
        learned: the playbook that was extracted from the new record.
        earlier: incidents that must not be covered worse.

    Raises:
        UsageError: the record is of another class.
    """
    own, new = data["metadata"].get("incident_class"), learned["metadata"].get("incident_class")
    if own != new:
        raise UsageError(
            f"the record is of the class {new}, the playbook of {own or 'none'}",
            help="Improve a playbook of the same class, or extract a new one from the record.",
        )
    learned = aligned(learned, data)
    incidents = list(earlier)
    edits: list[Edit] = []
    for apply, edit in _edits(data, learned, registry):
        changed = apply(copy.deepcopy(data))
        if changed == data:
            continue
        edit = replace(edit, what=edit.what + _moved(data, changed))
        harm = _harm(data, changed, incidents)
        edits.append(edit if harm is None else replace(edit, kept=False, why_not=harm))
        data = changed if harm is None else data
    if any(edit.kept for edit in edits):
        data = {**data, "metadata": {**data["metadata"], "version": _next(data["metadata"]["version"])}}
    return data, edits


def _harm(before: Data, after: Data, incidents: list[Incident]) -> str | None:
    for incident in incidents:
        was, now = coverage(before, incident), coverage(after, incident)
        if now.share < was.share:
            return f"{incident.name} would be covered worse"
    return None


def _moved(before: Data, after: Data) -> str:
    """Return which steps stand elsewhere now: a change goes behind what records the way back."""
    was, now = ([step["id"] for step in data["steps"]] for data in (before, after))
    kept = SequenceMatcher(None, was, [step for step in now if step in was], autojunk=False).get_matching_blocks()
    still = {was[block.a + at] for block in kept for at in range(block.size)}
    moved = [step for step in was if step not in still]
    return f"; {' and '.join(moved)} now {'stands' if len(moved) == 1 else 'stand'} ahead of it" if moved else ""


def _next(version: str) -> str:
    major, _, rest = version.partition(".")
    minor, _, _ = rest.partition(".")
    return f"{major}.{int(minor) + 1}.0" if minor.isdigit() else version


def _edits(data: Data, learned: Data, registry: Registry) -> Iterator[tuple[Any, Edit]]:
    """Yield each edit: what makes it, and what it says."""
    evidence = _evidence(learned)
    for step in learned["steps"]:
        if not any(each["id"] == step["id"] for each in data["steps"]) and evidence.get(step["id"]):
            yield (
                _adding_step(step, learned),
                Edit(what=f"step {step['id']} ({step['uses']})", evidence=evidence[step["id"]]),
            )
    for name, spec in learned.get("params", {}).items():
        known = data.get("params", {}).get(name)
        if known is None:
            yield _adding_param(name, spec), _of_param(name, spec, learned)
    for step_id, provenance in learned["provenance"]["steps"].items():
        for command in provenance.get("commands", ()):
            what = f"{step_id} was also done as: {inert(command['line'], longest=_LONGEST)}"
            yield _adding_command(step_id, command), Edit(what=what, evidence=evidence.get(step_id, ()))
    records = tuple(learned["provenance"]["records"])
    for line in learned.get("advice", ()):
        yield _adding_line("advice", line), Edit(what=f"advice: {line}", evidence=records)
    for line in learned.get("forbidden", ()):
        of_all = f"forbidden, as in every incident of the class {learned['metadata']['incident_class']}: {line}"
        yield _adding_line("forbidden", line), Edit(what=of_all)
    yield _counting(learned, registry), Edit(what="support and events", evidence=records)


def _of_param(name: str, spec: Data, learned: Data) -> Edit:
    known = learned["provenance"].get("params", {}).get(name, {})
    came = spec.get("help", "").rpartition(": ")[2]
    events = tuple(event for each in known.get("events", {}).values() for event in each)
    what = f"parameter {name} ({spec['type']}){f', {came}' if came else ''}"
    return Edit(what=what, evidence=events or tuple(learned["provenance"]["records"]))


def _evidence(learned: Data) -> dict[str, tuple[str, ...]]:
    return {
        step_id: tuple(event for events in each.get("events", {}).values() for event in events)
        for step_id, each in learned["provenance"]["steps"].items()
    }


def _adding_step(step: Data, learned: Data) -> Any:
    def apply(data: Data) -> Data:
        order = [each["id"] for each in learned["steps"]]
        known = [each["id"] for each in data["steps"]]
        ahead = next((each for each in reversed(order[: order.index(step["id"])]) if each in known), None)
        data["steps"].insert(0 if ahead is None else known.index(ahead) + 1, _only_known(step, known))
        by_id = {each["id"]: each for each in data["steps"]}
        data["steps"] = [by_id[each] for each in behind_what_they_read(safely_ordered(list(by_id)), [data])]
        data.setdefault("provenance", {}).setdefault("steps", {})[step["id"]] = {"support": "0/1"}
        return data

    return apply


_NAMES_STEPS: Final = "before"  # the input that is a list of steps


def _only_known(step: Data, known: list[str]) -> Data:
    """Return the step without references to steps that the playbook does not have."""
    step = copy.deepcopy(step)
    given = {
        name: [each for each in value if each in known] if name == _NAMES_STEPS else value
        for name, value in step.get("with", {}).items()
        if not (isinstance(value, str) and "steps." in value and value.split(".")[1] not in known)
    }
    step.pop("with", None)
    if kept := {name: value for name, value in given.items() if value != []}:
        step["with"] = kept
    if "needs" in step:
        step["needs"] = [need for need in step["needs"] if need.partition(".")[0] in known]
    return step


def _adding_param(name: str, spec: Data) -> Any:
    return lambda data: {**data, "params": {**data.get("params", {}), name: spec}}


def _adding_line(part: str, line: str) -> Any:
    return lambda data: {**data, part: list(dict.fromkeys([*data.get(part, ()), line]))}


def _adding_command(step_id: str, command: Data) -> Any:
    def apply(data: Data) -> Data:
        if any(each["id"] == step_id for each in data["steps"]):
            steps = data.setdefault("provenance", {}).setdefault("steps", {})
            step = steps.setdefault(step_id, {"support": "0/1"})
            if command not in step.get("commands", ()):
                step["commands"] = [*step.get("commands", ()), command]
        return data

    return apply


def _counting(learned: Data, registry: Registry) -> Any:
    """Return what counts the record in: support, events and stricter thresholds come out as of a merge."""

    def apply(data: Data) -> Data:
        if set(learned["provenance"]["records"]) <= set(data.get("provenance", {}).get("records", ())):
            return data
        try:
            both = merged([data, learned], registry)
        except UsageError:
            return data
        steps = both["provenance"]["steps"]
        kept = {step["id"]: steps[step["id"]] for step in data["steps"] if step["id"] in steps}
        for step_id, each in kept.items():
            each.pop("commands", None)
            if commands := data.get("provenance", {}).get("steps", {}).get(step_id, {}).get("commands"):
                each["commands"] = commands
        defaults = {
            name: spec | {key: both["params"][name][key] for key in ("default",) if key in both["params"][name]}
            for name, spec in data.get("params", {}).items()
        }
        return {**data, "params": defaults, "provenance": {**both["provenance"], "steps": kept}}

    return apply
