"""A playbook's text as a model that is checked whole: every problem at once, before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from leakdoc.errors import PlaybookInvalid
from leakdoc.playbook.checks.table import check
from leakdoc.playbook.library import Source, find
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.problems import Problem, in_order, refuse_if_any
from leakdoc.playbook.registry import Registry, installed
from leakdoc.playbook.salvage import salvaged
from leakdoc.playbook.yaml_reading import Place, Read, read_yaml

_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no field of a playbook here",
    "too_short": "is empty",
    "string_type": "is no text; quote it",
    "json_invalid": "holds characters that are no text",
}
_PATTERN: Final = "string_pattern_mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A playbook that may be run.

    Args:
        digest: SHA-256, in hexadecimal, of what it says: comments and layout do not count.
    """

    playbook: Playbook
    source: Source
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A playbook's text, as far as it could be read.

    Args:
        playbook: null where it breaks the model.
    """

    source: Source
    read: Read
    playbook: Playbook | None
    problems: tuple[Problem, ...]


def load(name: str, registry: Registry | None = None) -> Loaded:
    """Find, read and check a playbook.

    Args:
        name: of one that is offered, or a file.
        registry: null for what is installed.

    Raises:
        UsageError: there is none of that name.
        UnreadableSource: its file cannot be read.
        PlaybookInvalid: it breaks the contract; all of what is wrong is told.
    """
    return checked(examine(find(name), registry))


def checked(examined: Examined) -> Loaded:
    """Return what was examined, ready to run.

    Raises:
        PlaybookInvalid: there was a problem.
    """
    refuse_if_any(examined.problems, examined.source.origin)
    if examined.playbook is None:
        raise PlaybookInvalid(f"{examined.source.name} is no playbook")
    return Loaded(playbook=examined.playbook, source=examined.source, digest=digest_of(examined.read.data))


def examine(source: Source, registry: Registry | None = None) -> Examined:
    """Read and check a playbook's text, and return it with everything that is wrong with it."""
    read = read_yaml(source.text)
    problems = list(read.problems)
    playbook = whole = None
    if isinstance(read.data, dict):
        try:
            playbook = playbook_from(read.data)
        except ValidationError as error:
            problems += _of_the_model(error, read)
            whole = salvaged(read.data, error, playbook_from)
    elif not problems:
        problems.append(Problem(message="is no mapping; a playbook begins with apiVersion: leakdoc/v1", line=1))
    if (sound := playbook or whole) is not None:
        problems += check(sound, registry or installed(), read)
    return Examined(source=source, read=read, playbook=playbook, problems=tuple(in_order(problems)))


def playbook_from(data: Any) -> Playbook:
    """Return the model of plain data, strictly: a number is no text, and lists are JSON's.

    Raises:
        ValidationError: it breaks the model.
    """
    return Playbook.model_validate_json(json.dumps(data))


def digest_of(data: Any) -> str:
    """Return the SHA-256 of a playbook's data as canonical JSON (RFC 8785), in hexadecimal."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(data)).hexdigest()


def _of_the_model(error: ValidationError, read: Read) -> Iterator[Problem]:
    for each in error.errors(include_url=False, include_input=False):
        place: Place = tuple(part for part in each["loc"] if part != "[key]")
        message = _WORDS.get(each["type"]) or _in_words(each)
        yield Problem(message=message, path=read.path_of(place), line=read.line_of(place))


def _in_words(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == _PATTERN:
        return f"is not written like {error['ctx']['pattern']}"
    reason = str(error["msg"])
    return reason[0].lower() + reason[1:]
