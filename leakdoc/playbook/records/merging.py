"""Several playbooks of one class as one: what all agree on once, what differs side by side, what contradicts refused.

The inputs are put into an order of their own first, so that what comes out does not depend on the order they came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any, Final

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.model.step import Effect
from leakdoc.playbook.records.antiunifying import united_commands
from leakdoc.playbook.records.conditions import told, with_conditions
from leakdoc.playbook.records.ordering import safely_ordered
from leakdoc.playbook.registry import Registry
from leakdoc.units import parse_duration, parse_rate, parse_size

Data = dict[str, Any]
_STRICTER: Final[dict[str, Callable[[str], float]]] = {  # of two thresholds of these types, the smaller one sees more
    "rate": parse_rate,
    "size": parse_size,
    "duration": lambda text: -parse_duration(text),  # and what is looked at for longer
}


def merged(playbooks: Iterable[Data], registry: Registry) -> Data:
    """Return one playbook.

    Raises:
        UsageError: they are of different classes, or contradict each other; says where each came from.
    """
    ordered = sorted(playbooks, key=canonical)
    if not ordered:
        raise UsageError("there is nothing to merge", help="Give playbooks: `leakdoc playbook merge --help`.")
    _refuse_other_classes(ordered)
    _refuse_other_effects(ordered)
    _refuse_opposite_orders(ordered, registry)
    united = safely_ordered(_united_order([[step["id"] for step in each["steps"]] for each in ordered]))
    ids = behind_what_they_read(united, ordered)
    records = sorted({name for each in ordered for name in each.get("provenance", {}).get("records", ())})
    params, notes = _params(ordered)
    steps = [_step(step_id, ordered, ids) for step_id in ids]
    provenance = {
        "records": records,
        "steps": {step_id: _provenance(step_id, ordered, notes) for step_id in ids},
        "params": _param_origins(ordered),
    }
    return {
        "apiVersion": ordered[0]["apiVersion"],
        "kind": ordered[0]["kind"],
        "metadata": ordered[0]["metadata"],
        "params": params,
        "steps": steps,
        "provenance": provenance,
        "advice": _united(each.get("advice", ()) for each in ordered),
        "forbidden": _united(each.get("forbidden", ()) for each in ordered),
    }


def canonical(data: Data) -> str:
    """Return the one text of some data."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _of(data: Data) -> str:
    names = data.get("provenance", {}).get("records", ())
    return f"{data['metadata']['name']} ({', '.join(names)})" if names else str(data["metadata"]["name"])


def _refuse_other_classes(ordered: list[Data]) -> None:
    classes = {each["metadata"].get("incident_class"): _of(each) for each in ordered}
    if len(classes) > 1:
        told = "; ".join(f"{name or 'no class'}: {where}" for name, where in sorted(classes.items(), key=str))
        raise UsageError(
            f"different classes of incidents do not merge: {told}", help="Merge playbooks of one class at a time."
        )


def _refuse_other_effects(ordered: list[Data]) -> None:
    for first, second in combinations(ordered, 2):
        theirs = {step["id"]: step for step in second["steps"]}
        for step in first["steps"]:
            other = theirs.get(step["id"])
            for field in ("uses", "effect", "scope"):
                if other is not None and step.get(field) != other.get(field):
                    raise UsageError(
                        f"step {step['id']} has another {field} in {_of(first)} ({step.get(field)}) "
                        f"than in {_of(second)} ({other.get(field)})",
                        help="Rename one of the two steps; what differs in effect is not one step.",
                    )


def _refuse_opposite_orders(ordered: list[Data], registry: Registry) -> None:
    for first, second in combinations(ordered, 2):
        here, there = _writes(first, registry), _writes(second, registry)
        for before, after in combinations([each for each in here if each in there], 2):
            if there.index(before) > there.index(after):
                here_, there_ = _events(first, before, after), _events(second, before, after)
                told = f"{before} comes before {after} in {here_}, and after it in {there_}"
                raise UsageError(
                    f"steps that write stand in opposite orders: {told}",
                    help="Keep both playbooks, or settle the order by hand.",
                )


def _writes(data: Data, registry: Registry) -> list[str]:
    return [step["id"] for step in data["steps"] if _is_write(step, registry)]


def _is_write(step: Data, registry: Registry) -> bool:
    try:
        return registry.get(step["uses"]).effect is Effect.WRITE
    except LeakdocError:
        return "approval" in step or step["id"] in ("fix", "staging", "monitoring", "regression_test")


def _events(data: Data, *step_ids: str) -> str:
    steps = data.get("provenance", {}).get("steps", {})
    events = [
        f"{record}: {', '.join(ids)}"
        for each in step_ids
        for record, ids in steps.get(each, {}).get("events", {}).items()
    ]
    return f"{_of(data)} [{'; '.join(events)}]" if events else _of(data)


def _united_order(orders: list[list[str]]) -> list[str]:
    """Return every id once: those of the longest list in its order, the others behind what they came behind."""
    longest = max(orders, key=len)
    united = list(longest)
    for order in orders:
        for position, step_id in enumerate(order):
            if step_id not in united:
                before = next((each for each in reversed(order[:position]) if each in united), None)
                united.insert(0 if before is None else united.index(before) + 1, step_id)
    return united


def behind_what_they_read(ids: list[str], ordered: list[Data]) -> list[str]:
    """Return the ids in their order, but each behind the steps whose outcomes and outputs it names."""
    read: dict[str, set[str]] = {each: set() for each in ids}
    for step in (step for each in ordered for step in each["steps"] if step["id"] in read):
        named = set(re.findall(r"steps\.([\w-]+)\.", canonical({**step, "then": None})))
        read[step["id"]] |= {*named, *(need.partition(".")[0] for need in step.get("needs", ()))} & read.keys()
    placed: list[str] = []
    left = list(ids)
    while left:
        ready = next((each for each in left if read[each] - {each} <= set(placed)), left[0])
        placed.append(ready)
        left.remove(ready)
    return placed


def _step(step_id: str, ordered: list[Data], ids: list[str]) -> Data:
    found: list[Data] = [step for each in ordered for step in each["steps"] if step["id"] == step_id]
    fullest: Data = max(found, key=_fullest)
    step: Data = with_conditions(fullest, found)
    given: Data = {}
    for each in found:
        for name, value in each.get("with", {}).items():
            given[name] = (
                _united([given[name], value]) if isinstance(value, list) and name in given else given.get(name, value)
            )
    if given:
        step["with"] = {
            name: sorted(value, key=ids.index) if _are_steps(value, ids) else value for name, value in given.items()
        }
    if "needs" in step:
        step["needs"] = _united(each.get("needs", ()) for each in found)
    return step


def _fullest(step: Data) -> tuple[int, str]:
    return len(canonical(step)), canonical(step)


def _are_steps(value: Any, ids: list[str]) -> bool:
    return isinstance(value, list) and all(each in ids for each in value)


def _united(lists: Iterable[Iterable[Any]]) -> list[Any]:
    return list(dict.fromkeys(item for each in lists for item in each))


def _params(ordered: list[Data]) -> tuple[Data, dict[str, str]]:
    params: Data = {}
    notes: dict[str, str] = {}
    for data in ordered:
        for name, spec in data.get("params", {}).items():
            if name in params and spec.get("default") != params[name].get("default") and spec["type"] in _STRICTER:
                read = _STRICTER[spec["type"]]
                both = [each for each in (params[name].get("default"), spec.get("default")) if each is not None]
                stricter = min(both, key=lambda text: (read(text), text))
                notes[name] = (
                    f"{name}: of {' and '.join(sorted(both, key=lambda text: (read(text), text)))} the stricter holds"
                )
                params[name] = {**params[name], "default": stricter}
            else:
                params.setdefault(name, spec)
    return {
        name: params[name]
        for name in sorted(params, key=lambda name: (not params[name].get("required"), list(params).index(name)))
    }, notes


def _provenance(step_id: str, ordered: list[Data], notes: dict[str, str]) -> Data:
    found = [each.get("provenance", {}).get("steps", {}).get(step_id, {}) for each in ordered]
    supported, of_all = _support(found, ordered)
    events: Data = {}
    for each in found:
        for record, ids in each.get("events", {}).items():
            events[record] = _united([events.get(record, ()), ids])
    made: Data = {"support": f"{supported}/{of_all}"}
    if events:
        made["events"] = dict(sorted(events.items()))
    said = [
        note
        for note in _united(each.get("notes", ()) for each in found)
        if not (note.startswith("added") and supported)
    ]
    uses_threshold = [note for name, note in notes.items() if _wired(step_id, name, ordered)]
    uses_threshold += told([step for each in ordered for step in each["steps"] if step["id"] == step_id])
    if said or uses_threshold:
        made["notes"] = [*said, *uses_threshold]
    commands = united_commands([command for each in found for command in each.get("commands", ())])
    if commands:
        made["commands"] = commands
    return made


def _support(found: list[Data], ordered: list[Data]) -> tuple[int, int]:
    """Return in how many records a step is, and how many there are; one that several playbooks name counts once."""
    named = [each.get("provenance", {}).get("records", ()) for each in ordered]
    union = {name for names in named for name in names}
    if all(named) and len(union) < sum(map(len, named)):
        return len({record for each in found for record in each.get("events", {})} & union), len(union)
    supported = sum(int(each.get("support", "0/1").partition("/")[0]) for each in found)
    return supported, sum(max(1, len(names)) for names in named)


def _wired(step_id: str, param: str, ordered: list[Data]) -> bool:
    return any(
        f"params.{param} " in canonical(step.get("with", {}))
        for each in ordered
        for step in each["steps"]
        if step["id"] == step_id
    )


def _param_origins(ordered: list[Data]) -> Data:
    origins: dict[str, list[Data]] = {}
    for data in ordered:
        for name, each in data.get("provenance", {}).get("params", {}).items():
            origins.setdefault(name, []).append(each)
    return {name: _origin(found) for name, found in sorted(origins.items())}


def _origin(found: list[Data]) -> Data:
    counted = [each["origin"] for each in found]
    events: Data = {}
    for each in found:
        for record, ids in each.get("events", {}).items():
            events[record] = _united([events.get(record, ()), ids])
    made: Data = {"origin": max(sorted(set(counted)), key=counted.count)}
    return made | ({"events": dict(sorted(events.items()))} if events else {})
