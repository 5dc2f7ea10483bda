"""What the request that an incident began with already names."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.playbook.records.event import Actor, Sort
from leakdoc.playbook.records.placing import Placed

_SAID_TO_BE_CODE: Final = re.compile(
    r"(?i)\b(?:code|sources?|src|repo(?:sitory)?|tree|path|app)\b[^.;\n]{0,24}?\s(?P<v>[\w.~-]+/[\w./-]*)|"
    r"代码[^。;；]{0,8}?(?P<w>[\w.~-]+/[\w./-]*)"
)
_SAID_TO_BE_SERVICE: Final = re.compile(
    r"(?im)^\W*(?:the |our )?(?:service )?(?P<v>[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)"
    r"(?= (?:service|on|in|is|are|keeps?|logs|times|climbs|eats|leaks|has|\())|服务 ?(?P<w>[a-z][\w-]+)"
)
_NO_SERVICE: Final = {"it", "this", "that", "please", "production", "something", "memory"}


def prompted_paths(prompt: str) -> list[str]:
    """Return the folders that are said to hold the code."""
    return [(match["v"] or match["w"]).rstrip("/.,") for match in _SAID_TO_BE_CODE.finditer(prompt)]


def prompted_service(prompt: str) -> list[str]:
    """Return the service that the request begins with, if it does."""
    found = [match["v"] or match["w"] for match in _SAID_TO_BE_SERVICE.finditer(prompt)]
    return [name for name in found if name.lower() not in _NO_SERVICE][:1]


def prompt_of(course: list[Placed]) -> str:
    """Return what people said before anything was done, and until the last thing they asked for."""
    said = []
    for each in course:
        event = each.reading.event
        if event.is_call:
            break
        if event.sort is Sort.STATEMENT and event.actor is Actor.PERSON:
            said.append(event.text)
    return "\n".join(said)
