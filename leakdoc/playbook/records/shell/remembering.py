"""What the commands of a record define for later ones: aliases, and scripts that were written and then run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.shell.commands import Simple
from leakdoc.playbook.records.shell.peeling import peeled, peeled_argv, quoted

_SHELLS: Final = {"sh", "bash", "zsh", "dash", "ash", "ksh", ".", "source"}
_INTERPRETERS: Final = re.compile(r"(python|node|ruby|perl)[\d.]*")
_LONGEST: Final = 200_000  # characters of a script that are kept


@dataclass(slots=True)
class Memory:
    """The aliases and scripts of a record so far.

    Args:
        aliases: what each stands for.
        scripts: by their path, what was written there.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)

    def simples(self, event: RecordEvent) -> tuple[Simple, ...]:
        """Return the simple commands of a call, aliases and known scripts opened, and learn what it defines."""
        found = peeled_argv(event.argv) if event.argv else peeled(event.command)
        opened: list[Simple] = []
        for simple in found:
            opened += self._opened(simple)
            self._learn(simple)
        return tuple(opened)

    def learn_edit(self, event: RecordEvent) -> None:
        """Keep a file that an edit wrote whole."""
        if event.sort is Sort.EDIT and event.path and not event.before:
            self.scripts[event.path] = event.after[:_LONGEST]

    def _learn(self, simple: Simple) -> None:
        if simple.program == "alias":
            for word in simple.argv[1:]:
                name, equals, text = word.partition("=")
                if equals and name and text:
                    self.aliases[name] = text
        for path in written_by(simple):
            self.scripts[path] = simple.fed[:_LONGEST]

    def _opened(self, simple: Simple) -> Iterator[Simple]:
        alias = self.aliases.get(simple.argv[0]) if simple.argv else None
        if alias is not None:
            words = quoted(simple.argv[1:])
            yield from (_within(simple, each) for each in peeled(f"{alias} {words}".strip()))
            return
        script = self._script(simple)
        if script is None:
            yield simple
        elif _INTERPRETERS.fullmatch(simple.program):
            yield replace(simple, fed=script)
        else:
            yield from (_within(simple, each) for each in peeled(_given(script, _behind(simple))))

    def _script(self, simple: Simple) -> str | None:
        runs = simple.program in _SHELLS or _INTERPRETERS.fullmatch(simple.program)
        words = simple.argv[1:] if runs else simple.argv[:1]
        path = next((word for word in words if not word.startswith("-")), "")
        if "/" not in path and not runs:
            return None
        name = path.rpartition("/")[2]
        known = [text for each, text in self.scripts.items() if each == path or each.rpartition("/")[2] == name]
        return known[-1] if name and known else None


def _behind(simple: Simple) -> tuple[str, ...]:
    """Return what a script is given: the words behind its path."""
    words = simple.argv[1:] if simple.program in _SHELLS else simple.argv
    path = next((position for position, word in enumerate(words) if not word.startswith("-")), len(words))
    return words[path + 1 :]


def _given(script: str, words: tuple[str, ...]) -> str:
    """Return a script with what it was given in the place of `$1` and `$@`, where that needs no quoting."""
    plain = [word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "" for word in words]

    def value(match: re.Match[str]) -> str:
        name = match["n"] or match["m"]
        found = " ".join(plain) if name in "@*" else (plain[int(name) - 1] if int(name) <= len(plain) else "")
        return found or match[0]

    return re.sub(r"\$(?:(?P<n>[1-9@*])|\{(?P<m>[1-9@*])\})", value, script) if words else script


def written_by(simple: Simple) -> Iterator[str]:
    """Yield the files that what is fed into a command goes to: `cat > FILE <<EOF`, `tee FILE <<EOF`."""
    if simple.fed and simple.program in ("cat", "tee", ""):
        yield from simple.written
        if simple.program == "tee":
            yield from (word for word in simple.argv[1:] if not word.startswith("-"))


def _within(outer: Simple, inner: Simple) -> Simple:
    return replace(inner, via=(*outer.via, *inner.via), looped=inner.looped or outer.looped)
