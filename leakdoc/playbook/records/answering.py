"""Questions and answers by where they stand: what a person answers before a change follows was a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.event import Actor, Sort
from leakdoc.playbook.records.interpreting import Reading

_WRITES: Final = {"deploy", "restart", "mitigate", "tune", "breaker", "rollback"}
_UNTOLD: Final = {"", "hypothesis", "plan"}
_ASKS: Final = re.compile(r"[?？]\W*$|@\w|お願い|请")
_RULE: Final = "leakdoc: a question, its answer, and then a change"


def with_answers(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; an answer that lets a change happen approves it, in whatever language, and was requested.

    An answer that the rules know as something else stays that.
    """
    told = list(read)
    for position, reading in enumerate(told):
        if not _is_answer(position, told):
            continue
        if reading.kind in _UNTOLD and _follows(position, told):
            told[position] = reading = replace(reading, kind="approved", rule=_RULE)
        before = told[position - 1]
        if reading.kind == "approved" and before.kind in _UNTOLD and _ASKS.search(before.event.text):
            also = tuple(kind for kind in (before.kind, *before.also) if kind)
            told[position - 1] = replace(before, kind="requested", rule=_RULE, also=also)
    return told


_REVISION: Final = re.compile(r"(?<![\w.-])(?=[\w.:-]*\d)(?!\d+\s+[a-z]{3,})[A-Za-z\d][\w.:-]+\w(?![\w-])")
_MAY_SHOW_ONE: Final = {"", "config", "quiet", "host"}


def with_plans(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; what is said before a deployment, and names the like of what it brings, plans to go back."""
    told = list(read)
    brought = [each for each in told if each.event.is_call and each.kind in ("deploy", "build")]
    new = {name for each in brought for name in _REVISION.findall(each.line) if len(name) > 3 and not name.isdigit()}
    shapes = {_shape(name) for name in new}
    changed = next((i for i, each in enumerate(told) if each.event.is_call and each.kind in _CHANGES), len(told))
    last = max((i for i, each in enumerate(told) if each.event.is_call and each.kind == "deploy"), default=-1)
    for position in range(changed, last):
        each = told[position]
        if each.event.sort is Sort.STATEMENT and each.event.actor is Actor.AGENT and each.kind in _UNTOLD:
            named = set(_REVISION.findall(each.event.text)) - new
            if any(_shape(name) in shapes for name in named):
                told[position] = replace(each, kind="rollback_plan", rule="leakdoc: it names what ran before")
    return told


_CHANGES: Final = {"fix", "tune", "breaker"}


def with_rollback_points(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; a look that showed what the plan for the rollback goes back to is how that was recorded."""
    told = list(read)
    for position, reading in enumerate(told):
        if "rollback_plan" not in (reading.kind, *reading.also):
            continue
        named = set(_REVISION.findall(reading.event.text))
        showing = [
            i for i in range(position) if told[i].event.is_call and named & set(_REVISION.findall(told[i].event.output))
        ]
        if any(told[i].kind == "revision" for i in showing):
            continue
        last = next((i for i in reversed(showing) if told[i].kind in _MAY_SHOW_ONE), None)
        if last is not None:
            told[last] = replace(told[last], kind="revision", rule="leakdoc: it showed what the rollback goes back to")
    if not any(each.kind == "revision" for each in told):
        _tell_the_one_before(told)
    return told


def _tell_the_one_before(told: list[Reading]) -> None:
    """Where nothing is known to show what runs, a look does whose output names the like of what is brought in."""
    brought = (i for i, each in enumerate(told) if each.event.is_call and each.kind in ("deploy", "restart"))
    first = next((i for i in brought if _REVISION.search(told[i].line)), 0)
    made = [each for each in told[: first + 1] if each.event.is_call and each.kind in ("build", "deploy")]
    new = {name for each in made for name in _REVISION.findall(each.line) if len(name) > 3}
    shapes = {_shape(name) for name in new}
    for position in range(first - 1, -1, -1):
        each = told[position]
        if each.event.is_call and each.kind in (*_MAY_SHOW_ONE, "code"):
            shown = set(_REVISION.findall(each.event.output)) - new
            if any(_shape(name) in shapes for name in shown):
                told[position] = replace(
                    each, kind="revision", rule="leakdoc: it showed the like of what is brought in"
                )
                return


def _shape(name: str) -> str:
    return re.sub(r"\d+", "9", name)


def _is_answer(position: int, read: Sequence[Reading]) -> bool:
    event = read[position].event
    if event.sort is not Sort.STATEMENT or event.actor is not Actor.PERSON or position == 0:
        return False
    before = read[position - 1].event
    said_by_agent = before.sort is Sort.STATEMENT and before.actor is Actor.AGENT
    asked_before = any("approved" in (each.kind, *each.also) for each in read[1:position])
    return (said_by_agent or asked_before) and any(each.event.is_call for each in read[:position])


def _follows(position: int, read: Sequence[Reading]) -> bool:
    """Whether the next call is a change that somebody would be asked about."""
    after = next((each for each in read[position + 1 :] if each.event.is_call), None)
    return after is not None and after.kind in _WRITES and "?" not in read[position].event.text
