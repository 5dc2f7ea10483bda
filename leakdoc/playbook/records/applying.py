"""A file of settings that an edit changed, and that a call then applies, is that setting: nothing is rolled out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.shell.commands import Simple

_RULE: Final = "leakdoc: it applies settings that were edited before"
_SETTINGS: Final = {"tune", "breaker"}
_APPLIES: Final = {"kubectl": {"apply", "replace"}, "oc": {"apply", "replace"}}
_BESIDE: Final = {"cd", "git", "sleep"}  # what may stand in the same line


def with_settings_applied(read: Iterable[Reading]) -> list[Reading]:
    """Return the readings; what applies only files in which settings were edited, and nothing else, sets these."""
    edited: dict[str, set[str]] = {}
    told = []
    for reading in read:
        if reading.event.sort is Sort.EDIT:
            edited.setdefault(reading.event.path, set()).add(reading.kind)
        elif reading.kind == "deploy" and (kind := _kind_applied(reading, edited)):
            reading = replace(reading, kind=kind, rule=_RULE)
        told.append(reading)
    return told


def _kind_applied(reading: Reading, edited: dict[str, set[str]]) -> str:
    """Return the one kind of setting that a call applies; empty where it does anything else."""
    doing = [each for each in reading.simples if each.program not in _BESIDE]
    named = [list(_files_applied(each)) for each in doing]
    kinds = {kind for files in named for file in files for kind in _edits_of(file, edited)}
    return kinds.pop() if doing and all(named) and len(kinds) == 1 and kinds <= _SETTINGS else ""


def _files_applied(simple: Simple) -> Iterator[str]:
    if not _APPLIES.get(simple.program, set()) & set(simple.argv):
        return
    for before, word in zip(simple.argv, simple.argv[1:], strict=False):
        if before in ("-f", "--filename"):
            yield word
    yield from (word.partition("=")[2] for word in simple.argv if word.startswith(("--filename=", "-f=")))


def _edits_of(file: str, edited: dict[str, set[str]]) -> set[str]:
    """Return what the edits of a file were; of one that was never edited, that it is unknown."""
    found = {kind for path, kinds in edited.items() if path == file or path.endswith(f"/{file}") for kind in kinds}
    return found or {""}
