"""What is left of a playbook that breaks the model, so that the rules can tell of the rest in the same breath."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError

from leakdoc.playbook.model import API_VERSION, KIND, Playbook

_STAND_INS: Final[dict[str, Any]] = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "metadata": {"name": "x", "version": "0"},
}


def salvaged(data: dict[str, Any], error: ValidationError, read: Callable[[Any], Playbook]) -> Playbook | None:
    """Return the playbook without the fields that break the model; null where that leaves none."""
    left = copy.deepcopy(data)
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        _take_out(left, _whole_of(each["loc"]))
    for spec in left["params"].values() if isinstance(left.get("params"), dict) else ():
        if isinstance(spec, dict):
            spec.setdefault("type", "text")
    for name, value in _STAND_INS.items():
        if name not in left or name in {str(each["loc"][0]) for each in error.errors() if each["loc"]}:
            left[name] = value
    try:
        return read(left)
    except ValidationError:
        return None


def _whole_of(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """What has to go with a field: of an action, a guard and their like, all of it."""
    return place[:4] if place[:1] == ("steps",) and place[2:3] == ("then",) else place[:3]


def _take_out(found: Any, place: tuple[int | str, ...]) -> None:
    *ahead, last = [part for part in place if part != "[key]"] or [""]
    for part in ahead:
        inside = isinstance(found, dict) and part in found
        if not inside and not (isinstance(found, list) and isinstance(part, int) and part < len(found)):
            return
        found = found[part]
    if isinstance(found, dict):
        found.pop(last, None)
