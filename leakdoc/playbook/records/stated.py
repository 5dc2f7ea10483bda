"""What people said would be well again: memory below a size, errors under a share, for how long; a pool's new size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.playbook.records.event import Actor
from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.origins import LITERAL, PROMPT
from leakdoc.playbook.records.placing import Placed
from leakdoc.units import parse_duration, parse_size

Data = dict[str, Any]
_BELOW: Final = (
    r"(?:below|under|less than|at most|<=?|≤|unter|höchstens|weniger als|por debajo de|menos de|sous|moins de|sotto i|"
    r"abaixo de|poniżej|onder|低于|小于|不超过)\s*(?:the\s+)?"
)
_MEMORY: Final = re.compile(
    rf"(?i)(?:{_BELOW}(?P<v>\d+(?:\.\d+)?)\s?(?P<unit>[kmg]i?b|[mg]o)\b|(?P<w>\d+(?:\.\d+)?)\s?(?P<per>[kmg]i?b)\s*(?:以下|未満|以内))"
)
_SHARE: Final = r"(?:%|per ?cent\b|prozent\b|por ciento\b|pour ?cent\b)"
_ERRORS: Final = re.compile(
    r"(?i)(?:\berrors?(?:[ -]?rate)?|\b5xx|fehlerrate|tasa de error(?:es)?|taux d'erreurs?|错误率|エラー率)\s*"
    rf"(?:\w+\s+){{0,3}}?{_BELOW}(?P<v>\d+(?:\.\d+)?)\s*{_SHARE}|"
    rf"{_BELOW}(?P<w>\d+(?:\.\d+)?)\s*{_SHARE}\s*(?:errors?|5xx|fehler|errores)|"
    r"(?:错误率|エラー率)\D{0,8}(?P<x>\d+(?:\.\d+)?)\s*%\s*(?:以下|以内|以下に|未満)"
)
_FOR: Final = re.compile(
    r"(?i)(?:\b(?P<sees>watch(?:ed|ing)?|guard(?:ed)?|bake|soak|observ\w+|beobacht\w+|vigil\w+|surveill\w+)(?:\s+it)?"
    r"(?:\s+for)?|\b(?:for|over|für|durante|pendant|per|przez)|持续|(?P<seen>观察|看护))\s*(?:the next\s+)?"
    r"(?P<n>\d+)\s*(?P<unit>min|m\b|minut|分|h\b|hour|hora|heure|stunde|小时)"
)
_HOURS: Final = ("h", "小")
_SIZE_OF_POOL: Final = re.compile(
    r"(?i)(?<![a-z])(?:max(?:imum)?[-_]?)?(?:pool[-_]?size|pool|(?:max|pool)[-_]?(?:size|conns|connections)|max[-_]?active)"
    r"[\"']?\s*[:=>(]\s*[\"']?(?P<n>\d{1,4})\b"
)
_SAID: Final = {"", "decided", "resolved", "requested", "approved", "rollback_plan", "plan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value that was said to hold, as a parameter.

    Args:
        name: of the parameter.
        type: of the parameter.
        value: its default.
        help: what it is for.
        origin: `prompt` where the request says it, else `literal`.
        event: where it was said.
    """

    name: str
    type: str
    value: Any
    help: str
    origin: str
    event: str


def stated(incident: Incident) -> list[Stated]:
    """Return the values that a record states, of each the strictest."""
    found = [each for placed in incident.course for each in _of(placed, incident)]
    strictest: dict[str, Stated] = {}
    for each in found:
        known = strictest.get(each.name)
        if known is None or _STRICTER[each.type](each.value) < _STRICTER[each.type](known.value):
            strictest[each.name] = each
    return [strictest[name] for name in sorted(strictest)]


_STRICTER: Final[dict[str, Any]] = {
    "size": parse_size, "number": float, "duration": lambda text: -parse_duration(text), "integer": lambda _: 0,
}  # fmt: skip


def _of(each: Placed, incident: Incident) -> Iterator[Stated]:
    event = each.reading.event
    if event.is_call:
        if each.kept and each.slot == "tune" and (size := _new_size(event.before, event.after)):
            yield Stated(
                name="pool_size", type="integer", value=size, help=_HELP["pool_size"], origin=LITERAL, event=event.id
            )
        return
    if each.reading.kind not in _SAID or event.narrates:
        return
    origin = PROMPT if event.actor is Actor.PERSON and not _acted_before(each, incident) else LITERAL
    for name, type_, value in _in(event.text, incident.incident_class):
        yield _as(name, type_, value, origin, event.id)


def _as(name: str, type_: str, value: Any, origin: str, event: str) -> Stated:
    return Stated(name=name, type=type_, value=value, help=_HELP[name], origin=origin, event=event)


def _acted_before(each: Placed, incident: Incident) -> bool:
    first = next((one for one in incident.course if one.reading.event.is_call), None)
    return first is not None and incident.course.index(first) < incident.course.index(each)


def _in(text: str, incident_class: str) -> Iterator[tuple[str, str, Any]]:
    ceilings = False
    if incident_class == "memory_leak" and (memory := _MEMORY.search(text)):
        unit = (memory["unit"] or memory["per"]).upper().replace("O", "B").replace("IB", "iB")
        yield "memory_ceiling", "size", f"{memory['v'] or memory['w']}{unit}"
        ceilings = True
    if errors := _ERRORS.search(text):
        yield "error_ceiling_percent", "number", float(errors["v"] or errors["w"] or errors["x"])
        ceilings = True
    lasts = _FOR.search(text)
    if lasts and (ceilings or lasts["sees"] or lasts["seen"]):  # of a condition to go back, it is no length of a watch
        hours = lasts["unit"].lower().startswith(_HOURS)
        yield "watch", "duration", f"{lasts['n']}{'h' if hours else 'm'}"


def _new_size(before: str, after: str) -> int | None:
    """Return the size that an edit gives a pool, where it gives one that was another."""
    old, new = ({match["n"] for match in _SIZE_OF_POOL.finditer(text)} for text in (before, after))
    return int(next(iter(new))) if old and len(new) == 1 and old != new else None


_HELP: Final = {
    "memory_ceiling": "memory stays below it once it is well again",
    "error_ceiling_percent": "the share of errors stays below it once it is well again",
    "watch": "how long a rollout is watched",
    "pool_size": "the pool's new size",
}


def bind(data: Data, found: list[Stated], record: str) -> None:
    """Declare what was stated as parameters with their origin, and give them to the steps that take them."""
    steps = {step["id"]: step for step in data["steps"]}
    for each in found:
        if each.name in data["params"] or (each.name == "pool_size" and "tune" not in steps):
            continue
        data["params"][each.name] = {"type": each.type, "default": each.value, "help": each.help}
        data["provenance"]["params"][each.name] = {"origin": each.origin, "events": {record: [each.event]}}
        reference = f"${{{{ params.{each.name} }}}}"
        if each.name == "watch" and "for" in steps.get("rollout", {}).get("guard", {}).get("with", {}):
            steps["rollout"]["guard"]["with"]["for"] = reference
        if each.name == "pool_size":
            steps["tune"].setdefault("with", {}).setdefault("settings", {"size": reference})
