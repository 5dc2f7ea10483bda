"""Changes that did not hold: what tried them is dropped, and with them what led to them and what took them back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.placing import Placed, kinds_said
from leakdoc.playbook.records.rulebook import Rulebook

DID_NOT_HOLD: Final = "belongs to a change that did not hold"

_WRITES: Final = {"fix", "tune", "breaker"}
_OF_A_CYCLE: Final = _WRITES | {"regression_test", "staging", "rollout", "guard", "verify", "recovered", "mitigate"}


def did_not_hold(course: list[Placed], rulebook: Rulebook) -> dict[int, str]:
    """A change is dropped with what tried it, when it is said not to have helped and another one follows."""
    del rulebook
    drops: dict[int, str] = {}
    begun = 0
    for position in _setbacks(course):
        writes = [i for i in range(begun, position) if course[i].slot in _WRITES and course[i].reading.event.is_call]
        later = any(each.slot in _WRITES and each.reading.event.is_call for each in course[position:])
        if writes and later:
            approved = any(each.slot == "mitigate" and each.reading.kind == "approved" for each in course[:position])
            cycle = [
                i
                for i in range(writes[0], position)
                if course[i].slot in _OF_A_CYCLE
                and course[i].reading.kind not in ("requested", "approved")
                and not (course[i].slot == "mitigate" and approved)
            ]
            drops.update(dict.fromkeys(cycle, DID_NOT_HOLD))
            drops.update(dict.fromkeys(_led_astray(course, writes, begun), DID_NOT_HOLD))
        if not course[position].reading.event.is_call:
            drops.update(dict.fromkeys(_undone(course, begun, position), DID_NOT_HOLD))
        begun = position
    return drops


def _undone(course: list[Placed], begun: int, position: int) -> Iterator[int]:
    """Yield a relief that the next call takes back, what was looked at for it, and what takes a change back."""
    after = next((i for i in range(position + 1, len(course)) if course[i].reading.event.is_call), None)
    if after is None:
        return
    undoing = course[after].reading
    if course[after].slot != "roll_back" and re.search(r"\bgit (revert|reset|restore|checkout .*--)", undoing.line):
        yield after
    reliefs = (i for i in range(position - 1, begun, -1) if course[i].slot == "mitigate" and _is_call(course[i]))
    last = next(reliefs, None)
    if last is not None and undoing.kind == course[last].reading.kind and _begins_alike(undoing, course[last].reading):
        yield from (i for i in range(last, after + 1) if course[i].reading.event.is_call)


def _is_call(each: Placed) -> bool:
    return each.reading.event.is_call


def _begins_alike(one: Reading, other: Reading) -> bool:
    return bool({each.argv[:3] for each in one.simples} & {each.argv[:3] for each in other.simples})


def _setbacks(course: list[Placed]) -> list[int]:
    """Return where it is said, or shown by a rollback, that a change did not help."""
    return [
        position
        for position, each in enumerate(course)
        if (each.reading.event.sort is Sort.STATEMENT and "still_bad" in kinds_said(each))
        or (each.slot == "roll_back" and each.reading.event.is_call)
    ]


def _led_astray(course: list[Placed], writes: list[int], begun: int) -> list[int]:
    """Return the searches that led only to files whose change did not hold."""
    wrong = {course[i].reading.event.path for i in writes} - {""}
    taken_back = {course[i].reading.event.before for i in writes}
    right = {
        each.reading.event.path
        for i, each in enumerate(course)
        if i not in writes and each.slot in _WRITES and each.reading.event.after not in taken_back
    } - {""}
    stray = []
    for position in range(begun, writes[0]):
        each = course[position]
        if each.reading.kind in ("code", "history") and each.reading.event.is_call:
            text = f"{each.reading.line}\n{each.reading.event.output}"
            if any(path in text for path in wrong - right) and not any(path in text for path in right):
                stray.append(position)
    return stray
