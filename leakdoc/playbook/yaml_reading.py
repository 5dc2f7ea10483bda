"""YAML that a stranger may have written: plain data and the line of everything in it, or what is wrong with it.

Only the events of ruamel.yaml's pure parser are used; data is composed here. Nothing is constructed by a tag, no alias
is followed, no key counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from leakdoc.playbook.problems import Problem
from leakdoc.playbook.yaml_scalars import plain_scalar

if TYPE_CHECKING:
    from ruamel.yaml.events import Event, NodeEvent

Place = tuple[str | int, ...]

LARGEST: Final = 1 << 20  # characters: a playbook is written by hand; a hundred steps are 50 KiB
DEEPEST: Final = 50  # levels of nesting


@dataclass(frozen=True, slots=True)
class Read:
    """What a YAML text holds.

    Args:
        data: null where nothing could be read.
        lines: the line, from 1, of every key and item, by its place.
    """

    data: Any = None
    lines: Mapping[Place, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line_of(self, place: Place) -> int | None:
        """Return the line of the innermost thing around a place that has one."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def path_of(self, place: Place) -> str:
        """Write a place for a person: a step by its id, where it has one."""
        words = [str(part) for part in place]
        if len(place) > 1 and place[0] == "steps" and isinstance(place[1], int) and isinstance(self.data, dict):
            step = dict(enumerate(self.data["steps"])).get(place[1])
            if isinstance(step, dict) and isinstance(step.get("id"), str):
                words[1] = step["id"]
        return ".".join(words)


def read_yaml(text: str) -> Read:
    """Read one YAML 1.2 document; what is refused is told, and the rest is read all the same."""
    if len(text) > LARGEST:
        return Read(problems=(Problem(message=f"is larger than {LARGEST} characters"),))
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    composer = _Composer()
    try:
        composer.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        told = " ".join(filter(None, (error.context, error.problem)))
        composer.problems.append(Problem(message=f"is not YAML: {told}", line=line))
    except (YAMLError, ValueError) as error:
        composer.problems.append(Problem(message=f"is not YAML: {error}"))
    except _TooDeep as error:
        composer.problems.append(Problem(message=f"is nested deeper than {DEEPEST} levels", line=error.line))
    return Read(composer.data, composer.lines, tuple(composer.problems))


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Composer:
    """Builds data out of events, and keeps what was refused on the way."""

    def __init__(self) -> None:
        self.data: Any = None
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Event]) -> None:
        from ruamel.yaml.events import DocumentStartEvent, NodeEvent

        documents = 0
        for event in events:
            documents += isinstance(event, DocumentStartEvent)
            if isinstance(event, DocumentStartEvent) and (event.tags or event.version not in (None, (1, 2))):
                self._refuse(event, "has a directive; only YAML 1.2 without tags is read")
            if isinstance(event, NodeEvent):
                value = self._node(event, events, ())
                self.data = value if documents == 1 else self.data
            if documents == 2 and isinstance(event, DocumentStartEvent):
                self._refuse(event, "is a second document; a playbook is one")

    def _node(self, event: NodeEvent, events: Iterator[Event], place: Place) -> Any:
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, SequenceStartEvent

        self.lines.setdefault(place, event.start_mark.line + 1)
        if len(place) > DEEPEST:
            raise _TooDeep(event.start_mark.line + 1)
        if isinstance(event, AliasEvent):
            self._refuse(event, f"*{event.anchor} is an alias; write the value out", place)
            return None
        if event.anchor is not None:
            self._refuse(event, f"&{event.anchor} is an anchor; aliases are not read", place)
        if getattr(event, "tag", None) is not None and not self._is_plain_tag(event):
            self._refuse(event, "has a tag; values are read as what they look like, or quoted", place)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, place)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, place)
        return self._scalar(event, place)

    @staticmethod
    def _is_plain_tag(event: NodeEvent) -> bool:
        return str(getattr(event, "tag", "")) == "" and not hasattr(event, "value")

    def _mapping(self, events: Iterator[Event], place: Place) -> dict[str, Any]:
        from ruamel.yaml.events import MappingEndEvent

        found: dict[str, Any] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._key(event, events, place)
            here = (*place, key)
            if key in found:
                self._refuse(event, "stands here twice", here)
                self._node(next(events), events, (*here, "again"))  # type: ignore[arg-type]
                continue
            self.lines[here] = event.start_mark.line + 1
            found[key] = self._node(next(events), events, here)  # type: ignore[arg-type]
        return found

    def _key(self, event: Any, events: Iterator[Event], place: Place) -> str:
        from ruamel.yaml.events import ScalarEvent

        if isinstance(event, ScalarEvent) and event.tag is None and event.anchor is None:
            return str(event.value)
        self._refuse(event, "has a key that is not plain text", place)
        self._node(event, events, (*place, "key"))
        return f"key at line {event.start_mark.line + 1}"

    def _sequence(self, events: Iterator[Event], place: Place) -> list[Any]:
        from ruamel.yaml.events import SequenceEndEvent

        found: list[Any] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            found.append(self._node(event, events, (*place, len(found))))  # type: ignore[arg-type]
        return found

    def _scalar(self, event: Any, place: Place) -> Any:
        if event.style is not None:
            return event.value
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            self._refuse(event, str(error), place)
            return None

    def _refuse(self, event: Event, message: str, place: Place = ()) -> None:
        path = ".".join(str(part) for part in place)
        self.problems.append(Problem(message=message, path=path, line=event.start_mark.line + 1))
