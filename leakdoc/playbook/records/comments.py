"""What a person wrote into a playbook beside its data: carried along when the file is written anew.

A comment belongs to the key or item that it stands before, or beside. It is found by what it does not do: without it
the file says the same. In the new file it stands above the same key or item, or above the nearest that is left of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.playbook.yaml_reading import Place, Read, read_yaml
from leakdoc.redact import inert, without_secrets

_BESIDE: Final = re.compile(r"(?<=\S)\s+(?P<comment>#\s.*)$")
_LONGEST: Final = 400  # characters of one comment
_END: Final = ("", "the end")  # the place of what stands behind everything


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment and where it stands.

    Args:
        place: the names on the way to what it belongs to, steps by their ids.
        text: with its `#`.
    """

    place: tuple[str, ...]
    text: str


def comments_of(text: str) -> list[Comment]:
    """Return the comments of a playbook's file, in their order."""
    read = read_yaml(text)
    lines = text.splitlines()
    places = _by_line(read)
    found = []
    for number, line in enumerate(lines, start=1):
        comment = _comment(lines, number, read.data)
        if comment:
            beside = not line.lstrip().startswith("#")
            place = _place_from(number if beside else number + 1, places, len(lines))
            found.append(Comment(place, without_secrets(inert(comment, longest=_LONGEST))))
    return found


def with_comments(text: str, comments: Iterable[Comment]) -> str:
    """Return a playbook's text with comments above what they belong to, each once."""
    read = read_yaml(text)
    at = {named: line for line, named in sorted(_by_line(read).items(), reverse=True)}
    lines = text.splitlines()
    above: dict[int, list[str]] = {}
    for each in dict.fromkeys(comments):
        line = len(lines) + 1 if each.place == _END else _nearest(each.place, at)
        above.setdefault(line, []).append(each.text)
    return "\n".join(_interleaved(lines, above)) + "\n"


def _interleaved(lines: list[str], above: dict[int, list[str]]) -> Iterator[str]:
    for number, line in enumerate([*lines, ""], start=1):
        indent = re.match(r"[ ]*", line)
        yield from (f"{indent[0] if indent else ''}{comment}" for comment in above.get(number, ()))
        if number <= len(lines):
            yield line


def _comment(lines: list[str], number: int, data: Any) -> str:
    """Return the comment of a line, if there is one: what the file says the same without."""
    line = lines[number - 1]
    bare = line.strip()
    beside = None if bare.startswith("#") else _BESIDE.search(line)
    if not bare.startswith("#") and beside is None:
        return ""
    left = "" if beside is None else line[: beside.start()]
    same = read_yaml("\n".join([*lines[: number - 1], left, *lines[number:]]) + "\n").data == data
    return (bare if beside is None else beside["comment"].strip()) if same else ""


def _by_line(read: Read) -> dict[int, tuple[str, ...]]:
    """Return, for each line, the outermost thing that begins there, by its names."""
    places: dict[int, Place] = {}
    for place, line in read.lines.items():
        if place and (line not in places or len(place) < len(places[line])):
            places[line] = place
    return {line: _named(place, read.data) for line, place in places.items()}


def _named(place: Place, data: Any) -> tuple[str, ...]:
    names = []
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(part, int):
            names.append(str(data.get("id", part)) if isinstance(data, dict) else str(data))
        else:
            names.append(part)
    return tuple(names)


def _place_from(number: int, places: dict[int, tuple[str, ...]], last: int) -> tuple[str, ...]:
    return next((places[line] for line in range(number, last + 1) if line in places), _END)


def _nearest(place: tuple[str, ...], at: dict[tuple[str, ...], int]) -> int:
    while place and place not in at:
        place = place[:-1]
    return at.get(place, 1)
