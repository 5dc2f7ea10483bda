"""Commands that put back what an earlier one had changed: they take the change back, whatever else they do.

An edit in place is the inverse of another one; a setting is given its old value, or its verb is the opposite, after it
was said that the first did not help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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
    return with_reliefs_undone(told)


def with_reliefs_undone(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; what sets anew what did not help, and is not looked at again, undoes it."""
    told = list(read)
    for position, reading in enumerate(told):
        tried = next((i for i in range(position - 1, -1, -1) if _is_undone_by(told[i], reading)), None)
        if (
            tried is not None
            and _did_not_help(told[tried + 1 : position], reading)
            and _is_let_be(tried, position, told)
        ):
            told[position] = replace(reading, kind="rollback", rule=_UNDOES)
    return told


_UNDOES: Final = "leakdoc: it undoes a setting that did not help"
_SETS: Final = {"mitigate", "tune", "breaker", "config", "deploy", ""}
_OPPOSED: Final = """
    set/unset set/rm set/delete set/remove put/delete put/del post/delete add/del add/delete add/remove add/rm
    create/delete apply/delete enable/disable on/off true/false up/down start/stop cordon/uncordon attach/detach
    mount/umount register/deregister pause/resume pause/unpause
"""
_OPPOSITES: Final = tuple(frozenset(each.split("/")) for each in _OPPOSED.split())


def _is_undone_by(first: Reading, second: Reading) -> bool:
    """Whether the second does the same to the same thing with another value, or the opposite."""
    if not (first.event.is_call and second.event.is_call and {first.kind, second.kind} <= _SETS):
        return False
    if first.event.path or second.event.path or (first.kind in ("", "config") and second.kind in ("", "config")):
        return False
    here, there = first.line.split(), second.line.split()
    apart = [(a, b) for a, b in zip(here, there, strict=False) if a != b]
    if first.kind != "deploy" and len(here) == len(there) and 1 <= len(apart) <= _VALUES and len(here) > len(apart) + 1:
        return True
    gone, come = (
        {word.lower().strip("\"'") for word in words} for words in (set(here) - set(there), set(there) - set(here))
    )
    opposite = any(
        len(pair & gone) == 1 and len(pair & come) == 1 and pair & gone != pair & come for pair in _OPPOSITES
    )
    return opposite and _share(names_in(first.line), names_in(second.line)) >= _ALIKE


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


_VALUES: Final = 2  # values that a call may be given anew
_ALIKE: Final = 0.5  # share of the words that a setting and its opposite have in common at least


def _did_not_help(between: Sequence[Reading], undoing: Reading) -> bool:
    """Whether it was said so, and nothing but looks and words stands between."""
    cured = any(each.event.is_call and (each.event.path or each.kind in ("fix", "test", "build")) for each in between)
    said = [each for each in between if not each.event.is_call or each.event.said]
    return not cured and (
        any("still_bad" in (each.kind, *each.also) for each in said) or bool(_BACK.search(undoing.event.said))
    )


_BACK: Final = re.compile(
    r"(?i)\b(back|undo\w*|revert\w*|restor\w*|zurück\w*|wieder auf|vuelv\w+|volv\w+|reviert\w+|remet\w*|annul\w*|"
    r"volta\w*|ripristin\w*|terug\w*|återställ\w*|cofa\w*|przywr\w*|vrá\w*|верн\w*|geri)\b|改回|恢复|还原|缩回|撤|戻|되돌"
)


def _is_let_be(tried: int, position: int, told: Sequence[Reading]) -> bool:
    """Whether the look that followed the first does not follow the second: nobody asks whether that one helped."""
    looked = [each for each in told[tried + 1 : position] if each.event.is_call]
    after = next((each for each in told[position + 1 :] if each.event.is_call), None)
    if after is None or not looked or _BACK.search(told[position].event.said):
        return after is not None
    return all(_share(names_in(each.line), names_in(after.line)) < _SAME_LOOK for each in looked)


_SAME_LOOK: Final = 0.8


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
