"""Terminal recordings, asciicast v2 and v3: what was typed, or what stands behind a prompt when input is absent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import DamagedSource
from leakdoc.playbook.records.answers import cut
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import opened
from leakdoc.redact import inert

_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_PROMPT: Final = re.compile(
    r"^(?:\([\w.-]+\)\s*)?(?:[\w.-]+@[\w.-]+[^\n$#%❯>]{0,80}|[~/][\w./~-]{0,80}\s?|)[$#%❯]\s(?P<command>\S.*)$"
)


@dataclass(slots=True)
class _Screen:
    """The lines of a terminal as they end up, each with when and on which line of the file it began."""

    lines: list[tuple[float, int, str]] = field(default_factory=list)
    text: str = ""
    began: tuple[float, int] | None = None

    def write(self, at: float, number: int, data: str) -> None:
        for part in re.split(r"(\n)", data.replace("\r\n", "\n")):
            if part == "\n":
                began = self.began or (at, number)
                self.lines.append((*began, _edited(self.text)))
                self.text, self.began = "", None
            elif part:
                self.began = self.began or (at, number)
                self.text += part


def read(path: Path) -> Iterator[RecordEvent]:
    """Yield the commands of a recording with their outputs, named by the line of the file they begin on.

    Raises:
        DamagedSource: its first line is no header.
    """
    with opened(path) as file:
        header = _json(file.readline())
        if not isinstance(header, dict) or header.get("version") not in (2, 3):
            raise DamagedSource(f"not an asciicast of version 2 or 3: {inert(str(path))}")
        begun, at, screen = float(header.get("timestamp") or 0), 0.0, _Screen()
        for number, line in enumerate(file, start=2):
            event = _json(line)
            if not (isinstance(event, list) and len(event) >= 3 and isinstance(event[0], int | float)):
                continue
            at = at + event[0] if header["version"] == 3 else float(event[0])
            if event[1] == "o":
                screen.write(begun + at, number, _ESCAPES.sub("", str(event[2])))
    screen.write(begun + at, 0, "\n")
    yield from _commands(screen.lines)


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _edited(text: str) -> str:
    """Return a line as it stands after backspaces and returns to its beginning."""
    kept: list[str] = []
    for character in text.rpartition("\r")[2] if "\r" in text.rstrip("\r") else text.rstrip("\r"):
        if character in "\b\x7f":
            del kept[-1:]
        else:
            kept.append(character)
    return "".join(kept)


def _commands(lines: list[tuple[float, int, str]]) -> Iterator[RecordEvent]:
    open_: RecordEvent | None = None
    output: list[str] = []
    for at, number, text in lines:
        prompt = _PROMPT.match(text)
        if prompt is None:
            output.append(text)
            continue
        if open_ is not None:
            yield replace(open_, output=cut("\n".join(output)))
        open_ = RecordEvent(id=str(number), sort=Sort.COMMAND, actor=Actor.PERSON, at=at, command=prompt["command"])
        output = []
    if open_ is not None:
        yield replace(open_, output=cut("\n".join(output)))
