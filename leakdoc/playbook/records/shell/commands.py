"""The simple commands of a command line: what is run, with what before it, behind it and fed into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from leakdoc.playbook.records.shell.words import Token, tokens

_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_RESERVED: Final = {
    "do", "done", "then", "else", "elif", "fi", "if", "while", "until", "{", "}", "!", "esac", "case", "function",
    "[[", "]]",
}  # fmt: skip
_SEPARATORS: Final = {"&&", "||", ";;", "|&", "|", ";", "&", "\n", "(", ")"}
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Where a command was carried before it ran.

    Args:
        by: `ssh`, `kubectl`, `docker`, `compose`, `ecs`, `nomad`, `ansible` and their like.
        to: the host, pod, container, service, task or group.
        words: all that was given to the transport.
    """

    by: str
    to: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """One simple command.

    Args:
        argv: its words, the program first; without assignments and redirections.
        assigned: what stands before it: `PGPASSWORD=…`.
        written: files that its output goes to.
        fed: what a heredoc, or `<<<`, feeds into it.
        piped: it reads what another command writes.
        looped: it is run again and again.
        via: how it was carried there, the outermost first.
    """

    argv: tuple[str, ...]
    assigned: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    fed: str = ""
    piped: bool = False
    looped: bool = False
    via: tuple[Transport, ...] = ()

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.argv[0].rpartition("/")[2] if self.argv else ""

    @property
    def text(self) -> str:
        """All its words, and what is fed into it, as one text to search."""
        return " ".join((*self.assigned, *self.argv, *(f"> {path}" for path in self.written), self.fed)).strip()


@dataclass(slots=True)
class _Open:
    """A simple command that is being read."""

    words: list[Token] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    fed: str = ""
    piped: bool = False


def simple_commands(line: str, depth: int = 0) -> Iterator[Simple]:
    """Yield the simple commands of a line in their order; those of `$(…)` come before the one they stand in."""
    if depth > _DEEPEST:
        return
    found = tokens(line)
    loops = 0
    open_ = _Open()
    position = 0
    while position <= len(found):
        token = found[position] if position < len(found) else Token(";", operator=";")
        position += 1
        if token.operator in _SEPARATORS:
            yield from _closed(open_, looped=loops > 0, depth=depth)
            open_ = _Open(piped=token.operator in ("|", "|&"))
        elif token.operator:
            position = _redirected(open_, token, found, position)
        elif not open_.words and token.text in ("for", "select"):
            position = _skip_list(found, position)
            loops += 1
        elif not open_.words and token.text in _RESERVED and token.raw == token.text:
            loops += (token.text in ("while", "until")) - (token.text == "done")
        else:
            open_.words.append(token)


def _skip_list(found: list[Token], position: int) -> int:
    while position < len(found) and found[position].operator not in (";", "\n"):
        position += 1
    return position


def _redirected(open_: _Open, token: Token, found: list[Token], position: int) -> int:
    target = found[position].text if position < len(found) and not found[position].operator else ""
    if token.document or token.operator == "<<":
        open_.fed += token.document or target
    elif ">" in token.operator and target not in ("", "/dev/null", "1", "2"):
        open_.written.append(target)
    return position + 1 if target else position


def _closed(open_: _Open, *, looped: bool, depth: int) -> Iterator[Simple]:
    for token in open_.words:
        for script in token.inside:
            yield from simple_commands(script, depth + 1)
    words = [token.text for token in open_.words]
    assigned: list[str] = []
    while words and _ASSIGNMENT.match(words[0]):
        assigned.append(words.pop(0))
    if words or open_.written or (assigned and not open_.words[0].inside):
        made = Simple(argv=tuple(words), assigned=tuple(assigned), written=tuple(open_.written), fed=open_.fed)
        yield replace(made, piped=open_.piped, looped=looped)
