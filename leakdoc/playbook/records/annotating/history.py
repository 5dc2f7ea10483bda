"""Shell histories: zsh's extended one, bash's with times, or plain lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import opened

_ZSH: Final = re.compile(r": (?P<at>\d{9,11}):\d+;(?P<command>.*)", re.DOTALL)
_BASH: Final = re.compile(r"#(?P<at>\d{9,11})$")


def read(path: Path) -> Iterator[RecordEvent]:
    """Yield a command for each entry, named by the line that it begins on; zsh continues a line with a backslash."""
    at: float | None = None
    for number, text in _entries(path):
        zsh, bash = _ZSH.match(text), _BASH.match(text)
        if bash:
            at = float(bash["at"])
            continue
        if zsh:
            at = float(zsh["at"])
        command = zsh["command"] if zsh else text
        if command.strip():
            yield RecordEvent(id=str(number), sort=Sort.COMMAND, actor=Actor.PERSON, at=at, command=command)


def _entries(path: Path) -> Iterator[tuple[int, str]]:
    with opened(path) as file:
        held, began = "", 0
        for number, line in enumerate(file, start=1):
            began = began or number
            held += line.rstrip("\r\n")
            if held.endswith("\\"):
                held = held[:-1] + "\n"
                continue
            yield began, held
            held, began = "", 0
        if held:
            yield began, held
