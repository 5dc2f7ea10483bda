"""Edits by command that put back what an earlier one had changed: they take the change back, whatever else they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from leakdoc.playbook.records.facts import files_in, names_in
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.shell.changing import edits_in_place

_SUBSTITUTED: Final = re.compile(
    r"\bs(?P<by>[/|#,@!~])(?P<old>(?:\\.|(?!(?P=by)).)+)(?P=by)(?P<new>(?:\\.|(?!(?P=by)).)*)(?P=by)"
)
_RULE: Final = "leakdoc: it puts back what an earlier edit changed"


class _Change(NamedTuple):
    path: str
    old: str
    new: str


def with_reversals(read: Iterable[Reading]) -> list[Reading]:
    """Return the readings; an edit in place that is the inverse of an earlier one of the same file is a rollback."""
    done: set[_Change] = set()
    edited: set[str] = set()
    told = []
    for reading in read:
        changes = set(_changes(reading))
        back = any(_Change(each.path, each.new, each.old) in done for each in changes)
        if back or (len(reading.simples) > 1 and _restores(reading) & edited):
            reading = replace(reading, kind="rollback", rule=_RULE)
        done |= changes
        edited |= files_in(names_in(reading.event.path))
        told.append(reading)
    return told


def _restores(reading: Reading) -> set[str]:
    """Return the files that are taken out of the repository again, where the call then does something with them."""
    others = [simple for simple in reading.simples if simple.program not in ("git", "cd")]
    restored = _RESTORED.search(reading.line)
    return files_in(names_in(restored["files"])) if restored and others else set()


_RESTORED: Final = re.compile(r"\bgit\s+(?:-C\s+\S+\s+)?(?:checkout|restore)\s+(?P<files>[^&|;\n]+)")


def _changes(reading: Reading) -> Iterator[_Change]:
    for simple in reading.simples:
        if edits_in_place(simple.argv) and len(simple.argv) > 2:
            for match in _SUBSTITUTED.finditer(" ".join(simple.argv[1:-1])):
                if match["new"]:
                    yield _Change(simple.argv[-1], match["old"], match["new"])
