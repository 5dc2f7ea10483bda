"""Changes that did not hold: what tried them is dropped, and with them what led to them and what took them back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.placing import Placed, kinds_said
from leakdoc.playbook.records.rulebook import Rulebook

DID_NOT_HOLD: Final = "belongs to a change that did not hold"

_WRITES: Final = {"fix", "tune", "breaker"}
_OF_A_CYCLE: Final = _WRITES | {"regression_test", "staging", "rollout", "guard", "verify", "recovered", "mitigate"}


def did_not_hold(course: list[Placed], rulebook: Rulebook, incident_class: str) -> dict[int, str]:
    """A change is dropped with what tried it, when it is said not to have helped and another one follows."""
    del rulebook, incident_class
    drops: dict[int, str] = {}
    begun = 0
    for position in _setbacks(course):
        writes = _changes(course, begun, position)
        later = any(each.slot in _WRITES and each.reading.event.is_call for each in course[position:])
        if writes and later:
            first = _first_that_fell(course, writes, position)
            cycle = [i for i in range(first, position) if _belongs(course[i], course[writes[0]], course[:position])]
            drops.update(dict.fromkeys(cycle, DID_NOT_HOLD))
            if first == writes[0]:
                drops.update(dict.fromkeys(_led_astray(course, writes, begun), DID_NOT_HOLD))
        if not course[position].reading.event.is_call:
            drops.update(dict.fromkeys(_undone(course, begun, position), DID_NOT_HOLD))
        if writes or course[position].reading.event.is_call:
            begun = position
    drops.update(dict.fromkeys(_taken_back(course), DID_NOT_HOLD))
    return drops


def _first_that_fell(course: list[Placed], writes: list[int], position: int) -> int:
    """Return where a cycle begins to fall: at its first change, or, where all of them still stand, at its rollout.

    What fell over once it was rolled out, and is then only added to in other files, was right as far as it went.
    """
    rolled = next((i for i in range(writes[-1], position) if course[i].slot == "rollout" and _is_call(course[i])), None)
    if rolled is None or not _fell_over(course[rolled + 1 : position]) or not _stand(course, writes, position):
        return writes[0]
    return rolled


def _fell_over(after: list[Placed]) -> bool:
    """Whether the rollout failed by itself; that the incident went on is another thing."""
    told = " ".join(f"{each.reading.event.text} {each.reading.event.output[:2000]}" for each in after)
    return bool(_CRASHED.search(told)) and not any(_GOES_ON.search(each.reading.event.text) for each in after)


_CRASHED: Final = re.compile(
    r"(?i)crash|exception|traceback|panic|\w+Error\b|segfault|unknown (registry|module|symbol|column|flag|option)|"
    r"undefined|not (found|defined|start\w*)|missing|refus\w+|backoff|unhealthy|abgestürzt|absturz|se cae|plant[ée]|"
    r"启动失败|崩溃|起不来|起動(しない|失敗)"
)
_GOES_ON: Final = re.compile(
    r"(?i)\bstill\b|grow|climb|leak|same (slope|rate)|immer noch|wächst|sigue|monte encore|toujours|仍|还在|まだ|増え"
)


def _stand(course: list[Placed], writes: list[int], position: int) -> bool:
    edits = [i for i in writes if course[i].reading.event.path]
    return bool(edits) and all(_still_stands(course, i, position) for i in edits)


def _still_stands(course: list[Placed], write: int, position: int) -> bool:
    """Whether an edit is neither edited again, nor taken out of the repository, while another file is changed."""
    path = course[write].reading.event.path
    later = [each.reading for each in course[position:] if _is_call(each)]
    again = any(
        each.event.path == path or (path.rpartition("/")[2] in each.line and _EDITS.search(each.line)) for each in later
    )
    taken_out = any(re.search(r"\bgit (revert|reset|restore|checkout .*--)", each.line) for each in later)
    others = any(each.event.path and each.kind in _WRITES and each.event.path != path for each in later)
    return bool(path) and not again and not taken_out and others


_EDITS: Final = re.compile(r"\b(sed|perl|patch|apply_patch|git (apply|checkout|restore))\b")


def _taken_back(course: list[Placed]) -> Iterator[int]:
    """Yield a relief that is set to something, then to something else, before the cure: the second takes it back."""
    reliefs = [i for i, each in enumerate(course) if each.slot == "mitigate" and _is_call(each) and not each.dropped]
    for first, second in pairwise(reliefs):
        between = course[first + 1 : second]
        only_looked = not any(_is_call(each) and each.slot in _OF_A_CYCLE for each in between)
        cured = any(_is_call(each) and each.slot in _WRITES for each in course[second:])
        if only_looked and cured and _differs_by_a_value(course[first].reading, course[second].reading):
            yield from (i for i in range(first, second + 1) if _is_call(course[i]))


def _differs_by_a_value(one: Reading, other: Reading) -> bool:
    here, there = one.line.split(), other.line.split()
    apart = [(a, b) for a, b in zip(here, there, strict=False) if a != b]
    return len(here) == len(there) and len(apart) == 1 and all(re.search(r"\d", word) for word in apart[0])


def _belongs(each: Placed, change: Placed, before: list[Placed]) -> bool:
    """Whether an event between a change and its setback was done for that change; what was approved stays."""
    if each.reading.kind in ("requested", "approved"):
        return False
    if each.slot == "mitigate" and any(one.slot == "mitigate" and one.reading.kind == "approved" for one in before):
        return False
    return each.slot in _OF_A_CYCLE or (change.slot == "mitigate" and bool(each.slot) and each.reading.event.is_call)


def _changes(course: list[Placed], begun: int, position: int) -> list[int]:
    """Return the changes that a setback is of; of a rollback, a relief too where nothing else was changed."""
    calls = [i for i in range(begun, position) if course[i].reading.event.is_call]
    writes = [i for i in calls if course[i].slot in _WRITES]
    if writes or not course[position].reading.event.is_call:
        return writes
    return [i for i in calls if course[i].slot == "mitigate"][-1:]


def _undone(course: list[Placed], begun: int, position: int) -> Iterator[int]:
    """Yield a relief that the next call takes back, what was looked at for it, and what takes a change back."""
    after = next((i for i in range(position + 1, len(course)) if course[i].reading.event.is_call), None)
    if after is None:
        return
    undoing = course[after].reading
    yield from _taken_out(course, after)
    reliefs = (i for i in range(position - 1, begun, -1) if course[i].slot == "mitigate" and _is_call(course[i]))
    last = next(reliefs, None)
    if last is not None and undoing.kind == course[last].reading.kind and _begins_alike(undoing, course[last].reading):
        yield from (i for i in range(last, after + 1) if course[i].reading.event.is_call)


def _taken_out(course: list[Placed], after: int) -> Iterator[int]:
    """Yield what takes a change out of the repository, at once or right behind the rollback."""
    for position in range(after, len(course)):
        each = course[position]
        out = _is_call(each) and re.search(r"\bgit (revert|reset|restore|checkout .*--)", each.reading.line)
        if out and each.slot != "roll_back":
            yield position
        elif _is_call(each) and each.slot != "roll_back":
            return


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
