"""``${{ dotted.path }}`` and nothing else: no filters, no calls, one pass; what it yields is never looked at again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.redact import inert

Place = tuple[str | int, ...]

_PATH: Final = r"[A-Za-z_][\w-]*(?:\.[\w-]+)*"
_REFERENCE: Final = re.compile(r"\$\{\{\s*(" + _PATH + r")\s*\}\}")
_OPENED: Final = re.compile(r"\$\{\{.{0,60}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One ``${{ … }}`` in a value.

    Args:
        path: the dotted path; null where there is none inside.
        place: where in the value.
        text: as it is written, for a message.
    """

    path: str | None
    place: Place
    text: str


def references(value: Any, place: Place = ()) -> Iterator[Reference]:
    """Yield every reference in a value, however deep; what looks like one and is none has no path."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from references(each, (*place, key))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from references(each, (*place, index))
    elif isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            yield Reference(path=match[1], place=place, text=match[0])
        for left in _OPENED.finditer(_REFERENCE.sub("", value)):
            yield Reference(path=None, place=place, text=inert(left[0], longest=60))


def bind(value: Any, lookup: Callable[[str], Any]) -> Any:
    """Return a value with its references replaced.

    A text that is one reference and nothing else becomes what it stands for, of whatever type. Within longer text a
    reference yields text; null yields none of it.

    Args:
        lookup: a dotted path to what it stands for.

    Raises:
        ValueError: a list or a mapping stands within longer text.
    """
    if isinstance(value, Mapping):
        return {key: bind(each, lookup) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [bind(each, lookup) for each in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    return lookup(whole[1]) if whole else _REFERENCE.sub(lambda match: _as_text(match[1], lookup(match[1])), value)


def with_references_replaced(text: str, replaced: Callable[[str], str]) -> str:
    """Return a text with each reference, as it is written, replaced by something else."""
    return _REFERENCE.sub(lambda match: replaced(match[0]), text)


def _as_text(path: str, found: Any) -> str:
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str | int | float):
        return str(found)
    raise ValueError(f"${{{{ {path} }}}} is no single value, and cannot stand within text")


def dig(found: Any, parts: list[str]) -> Any:
    """Follow a path through mappings and lists; null where it leads nowhere."""
    for part in parts:
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list | tuple) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found
