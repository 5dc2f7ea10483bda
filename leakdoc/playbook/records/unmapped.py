"""What no rule fits, and a decision cites all the same: a person reads it before it is ever run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from leakdoc.playbook.records.generalizing import generalized
from leakdoc.playbook.records.origins import Entity
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.shell.words import tokens
from leakdoc.playbook.records.slicing import cited

SLOT: Final = "review"
NOTE: Final = "no rule fits it: remove the mark `review` once a person has read it"


def with_unmapped(course: list[Placed]) -> list[Placed]:
    """Return the course with the calls that are cited, and that no rule fits, put aside for a review."""
    return [
        replace(each, slot=SLOT, why="no rule fits it, and a decision cites it") if _is_one(course, position) else each
        for position, each in enumerate(course)
    ]


def _is_one(course: list[Placed], position: int) -> bool:
    each = course[position]
    untold = each.reading.event.is_call and not each.reading.kind and not each.slot
    return untold and not each.dropped and each.reading.event.failed is not True and cited(course, position)


def review_step(each: Placed, entities: Iterable[Entity], declared: set[str]) -> dict[str, Any]:
    """Return the step of one such call: its words where it is a plain command, else a task for a person."""
    entities = list(entities)
    line = generalized(each.reading.line, entities)
    found = tokens(each.reading.line)
    step: dict[str, Any] = {"id": f"review_{hashlib.sha256(line.encode()).hexdigest()[:8]}"}
    plain = bool(found) and not any(token.operator or token.inside for token in found) and "${{" not in line
    if plain:
        words = [_with_references(generalized(token.text, entities), declared) for token in found]
        return {**step, "uses": "leakdoc.run_command", "with": {"command": words}, "review": True}
    told = line.replace("${{", "$ {{")
    return {**step, "uses": "leakdoc.human_task", "with": {"task": f"Do as was done: {told}"}, "review": True}


def _with_references(word: str, declared: set[str]) -> str:
    return re.sub(
        r"<([a-z]\w*)>",
        lambda match: f"${{{{ params.{match[1]} }}}}" if match[1] in declared else match[0],
        word,
    )
