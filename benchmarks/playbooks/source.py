"""Incidents as they are written here: one text each, with the truth in the margin.

``@`` what it is; ``H:`` what it began with; ``C`` a command, ``said || line`` with its output behind ``>`` and further
lines behind ``$``; ``M`` a call of a tool, ``name {"argument": "value"}``; ``E`` an edit with ``-`` and ``+``
lines; ``S`` a statement; ``P`` a person's answer. The mark
behind the letter is the truth: ``!`` essential, ``-`` a dead end, ``.`` or nothing noise. ``=`` a parameter with its
value and origin, ``~`` behind a call the step that it belongs to where it changes something, ``%`` a form of a secret,
``#`` a text that must not survive. Beside it stands ``NAME.kinds``: what each essential event does, labelled by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent / "incidents"


@dataclass(slots=True)
class Event:
    """One event of a written incident.

    Args:
        sort: ``H``, ``C``, ``M``, ``E``, ``S`` or ``P``.
        truth: ``essential``, ``dead_end`` or ``noise``.
        changes: of a call that changes something, the step of a playbook that does the same.
    """

    sort: str
    truth: str
    said: str = ""
    line: str = ""
    output: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    failed: bool = False
    changes: str = ""

    @property
    def is_call(self) -> bool:
        """Whether something was done, not only said."""
        return self.sort in "CME"

    def tool(self) -> tuple[str, dict[str, object]]:
        """Return the name and the arguments of a tool that is no shell and no editor."""
        name, _, given = self.line.partition(" ")
        return name, json.loads(given or "{}")


@dataclass(slots=True)
class Written:
    """A written incident and its truth."""

    name: str
    about: dict[str, str]
    events: list[Event] = field(default_factory=list)
    parameters: dict[str, tuple[str, str]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    literals: list[str] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)

    def labels(self, layout: str = "claude") -> dict[str, str]:
        """Return, for each essential event, its kind as it was labelled by hand."""
        return {self.id_of(position, layout): kind for position, kind in self.kinds.items()}

    def id_of(self, position: int, layout: str) -> str:
        """Return the name of an event in a layout."""
        digest = hashlib.sha256(f"{self.name}/{position}".encode()).hexdigest()[:24]
        if layout == "atif":
            return str(position + 1)
        if layout == "devin":
            return f"event-{digest}"
        return f"toolu_{digest}" if self.events[position].is_call else f"00000000-{digest}"

    def changes(self, layout: str = "claude") -> dict[str, str]:
        """Return, for each call that is essential or a dead end, the step of its change; empty when it only looks."""
        calls = [(i, each) for i, each in enumerate(self.events) if each.is_call and each.truth != "noise"]
        return {self.id_of(i, layout): each.changes for i, each in calls}

    def ids(self, truth: str, layout: str = "claude") -> set[str]:
        """Return the names of the events of one truth."""
        return {self.id_of(i, layout) for i, each in enumerate(self.events) if each.truth == truth}


_TRUTHS = {"!": "essential", "-": "dead_end"}


def written(path: Path) -> Written:
    """Read one incident."""
    incident = Written(name=path.stem, about={})
    for line in path.read_text(encoding="utf-8").splitlines():
        mark, rest = line[:1], line[2:]
        event = incident.events[-1] if incident.events else None
        if mark == "@":
            incident.about = dict(part.split("=", 1) for part in rest.split())
        elif mark == "=":
            name, value, origin = rest.split(" ")
            incident.parameters[name] = (value, origin)
        elif mark == "%":
            incident.secrets.append(rest)
        elif mark == "#":
            incident.literals.append(rest)
        elif mark in "HCMESP" and event_begins(line):
            incident.events.append(_event(line))
        elif event is not None:
            _continue(event, line)
    incident.kinds = _labelled(path.with_suffix(".kinds"))
    return incident


def _labelled(path: Path) -> dict[int, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {int(position): kind for position, kind in (line.split() for line in lines)}


def event_begins(line: str) -> bool:
    """Whether a line is the first of an event."""
    return line[:2] == "H:" or (line[1:2] in "!-. " and line[:1] in "CMESP")


def _event(line: str) -> Event:
    text = line.partition(" ")[2]
    said, bars, command = f" {text}".partition(" || ")
    said = said.strip()
    sort, truth = line[0], _TRUTHS.get(line[1:2], "noise")
    if sort == "M" and not bars:
        said, command, bars = "", text, "||"
    return Event(sort=sort, truth=truth, said=said if bars else text, line=command)


def _continue(event: Event, line: str) -> None:
    mark, rest = line[:1], line[2:]
    if mark == ">":
        event.output.append(rest)
    elif mark == "$":
        event.line += "\n" + rest
    elif mark == "!":
        event.failed = True
    elif mark == "~":
        event.changes = rest
    elif mark == "-":
        event.before.append(rest)
    elif mark == "+":
        event.after.append(rest)


def all_written(folder: Path = HERE) -> Iterator[Written]:
    """Yield every incident of a folder, by name."""
    for path in sorted(folder.glob("*.incident")):
        yield written(path)
