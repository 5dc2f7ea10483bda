"""Where a value of an incident came from: the request it began with, the output of a look, or nowhere in the record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from leakdoc.playbook.records.mentions import Mention
from leakdoc.playbook.records.placing import Placed

PROMPT: Final = "prompt"
OUTPUT: Final = "output"
LITERAL: Final = "literal"

IGNORED: Final = {"credentials", "host"}
_FIRST_SOUGHT: Final = {  # where a value of this name most likely came from
    "pod": ("symptom", "target"),
    "pid": ("target",),
    "stable_revision": ("revision",),
    "leak_file": ("code", "heap_report", "heap"),
    "git_sha": ("history",),
    "container": ("symptom", "target"),
    "task": ("target", "symptom"),
    "allocation": ("target", "symptom"),
    "image_tag": ("build",),
    "new_revision": ("build", "deploy"),
}
_TYPED: Final = {  # a short value counts as found only where an output says what it is
    "pid": r"(?im)(?:^\s*{v}\s*$|\bpid[\"'=:\s]+{v}\b|^\s*\S+\s+{v}\s|\bMainPID={v}\b|^\s*{v}\s+\S)",
    "stable_revision": r"(?im)(?:revision|version|release)\W{{0,14}}v?{v}\b|^\s*{v}\s|[\w./-]+[:/]{v}\b|"
    r"\b{v}\b.*(?:stable|deployed|current|running)",
    "db_port": r":{v}\b|\bport\W{{1,4}}{v}\b",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A value that a parameter takes the place of.

    Args:
        origin: `prompt`, `output` or `literal`.
        event: the event that it came out of; empty unless it is an output.
        slot: the step that this event belongs to.
    """

    name: str
    type: str
    value: str
    origin: str
    event: str = ""
    slot: str = ""


def with_origin(mention: Mention, course: list[Placed], prompt: str, named: Iterable[Entity]) -> Entity:
    """Return the value with where it came from."""
    made = Entity(name=mention.name, type=mention.type, value=mention.value, origin=LITERAL)
    service = next((each.value for each in named if each.name == "service"), "")
    twin = mention.value == service and mention.name != "service"  # a database may be called as its service is
    if not twin and mention.type not in ("pid", "port") and stands_in(mention, prompt):
        return Entity(name=mention.name, type=mention.type, value=mention.value, origin=PROMPT)
    showing = [
        each
        for each in course
        if each.reading.kind not in IGNORED | {"config"} and _shows(mention, each.reading.event.output)
    ]
    used = _first_use(mention, course)
    shown = [each for each in showing if course.index(each) < used]
    if mention.type == "revision" and not shown:
        shown = showing[:1]
    sought = _FIRST_SOUGHT.get(mention.name, ())
    if mention.type == "revision" and mention.name != "git_sha":
        sought, shown = ("revision", *sought), shown + [each for each in showing if each.reading.kind == "revision"]
    preferred = [each for kind in sought for each in shown if each.reading.kind == kind]
    source = next(iter(preferred or shown), None)
    if source is None:
        return made
    return Entity(
        name=_of_revision(mention, source), type=mention.type, value=mention.value, origin=OUTPUT,
        event=source.reading.event.id, slot=source.slot,
    )  # fmt: skip


def _of_revision(mention: Mention, source: Placed) -> str:
    """A revision that was read before the rollout is the one that a rollback goes to."""
    reads = source.reading.kind in ("revision", "symptom", "target") and source.phase != "rolled"
    return (
        "stable_revision"
        if mention.type == "revision" and reads and mention.name in ("new_revision", "image_tag")
        else mention.name
    )


def _first_use(mention: Mention, course: list[Placed]) -> int:
    return next(
        (
            i
            for i, each in enumerate(course)
            if mention.value in each.reading.line or mention.value in each.reading.event.path
        ),
        len(course),
    )


def stands_in(mention: Mention, text: str) -> bool:
    """Return whether a text names the value as a word of its own."""
    return bool(re.search(rf"(?<![\w/-]){re.escape(mention.value)}(?![\w-])", text))


def _shows(mention: Mention, output: str) -> bool:
    if not output or mention.value not in output:
        return False
    typed = _TYPED.get(mention.name) if len(mention.value) < 6 else None
    if typed is not None:
        return bool(re.search(typed.format(v=re.escape(mention.value)), output))
    return bool(re.search(rf"(?<![\w-]){re.escape(mention.value)}(?![\w-])", output))
