"""Commands that a message only tells of: fenced blocks, their outputs, exit statuses and diffs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.playbook.records.calls import sides

_FENCE: Final = re.compile(r"(?ms)^[ \t]*```[ \t]*(?P<language>[\w+-]*)[^\n]*\n(?P<body>.*?)\n?^[ \t]*```[ \t]*$")
_INLINE: Final = re.compile(r"(?s)```(?P<language>)(?P<body>\$ .*?)```")
_STATUS: Final = re.compile(r"(?i)\(?\bexit(?:ed)?(?: code| status| with)*[ :]*(?P<status>\d+)\)?")
_EDITED: Final = re.compile(r"(?i)(?:edited|wrote|created|changed|updated|修改了?|编辑了?)\s*`(?P<path>[^`\n]+)`")
_SHELLS: Final = {"bash", "sh", "shell", "console", "zsh", "terminal", "shell-session", "sql", "python", "py"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NarratedCall:
    """A call that was recovered from prose."""

    tool: str
    arguments: dict[str, Any]
    output: str = ""
    failed: bool | None = None


def narrated_calls(message: str) -> tuple[str, list[NarratedCall]]:
    """Return what a message says beside its fences, and the calls that they tell of."""
    fences = list(_FENCE.finditer(message)) or list(_INLINE.finditer(message))
    if not fences:
        return message, []
    calls: list[NarratedCall] = []
    for position, fence in enumerate(fences):
        end = fences[position + 1].start() if position + 1 < len(fences) else len(message)
        between = message[fences[position - 1].end() if position else 0 : fence.start()]
        calls = _with(calls, fence["language"].lower(), fence["body"], between, message[fence.end() : end])
    return _EDITED.sub("", message[: fences[0].start()]).rstrip(" \n:"), calls


def _with(calls: list[NarratedCall], language: str, body: str, before: str, after: str) -> list[NarratedCall]:
    edited = list(_EDITED.finditer(before))
    status = _STATUS.search(after)
    failed = int(status["status"]) != 0 if status else None
    if language == "diff" and edited:
        old, new = sides(body)
        return [*calls, NarratedCall(tool="edit", arguments={"path": edited[-1]["path"], "old": old, "new": new})]
    commands = list(_commands(language, body))
    if commands:
        return [*calls, *(NarratedCall(tool=tool, arguments={"command": text}, output=output, failed=failed)
                          for tool, text, output in commands)]  # fmt: skip
    if calls and not language and not calls[-1].output:
        last = calls[-1]
        return [*calls[:-1], NarratedCall(tool=last.tool, arguments=last.arguments, output=body, failed=failed)]
    return calls


def _commands(language: str, body: str) -> Iterator[tuple[str, str, str]]:
    """Yield the tool, the text and the output of each command of a fence."""
    starts = [match.start() for match in re.finditer(r"(?m)^\$ ", body)]
    if not starts:
        if language in _SHELLS:
            yield ("python" if language in ("python", "py") else "exec", body, "")
        return
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        command, output = _up_to_its_end(body[start + 2 : end].rstrip("\n"))
        yield "exec", command, output


def _up_to_its_end(text: str) -> tuple[str, str]:
    """Part a command from the output behind it: a line that goes on, or a heredoc, belongs to the command."""
    lines = text.split("\n")
    taken, marker = 1, re.search(r"<<-?\s*['\"]?(\w+)", lines[0])
    quotes = lines[0]
    while taken < len(lines):
        if marker:
            taken += 1
            if lines[taken - 1].strip() == marker[1]:
                marker = None
            continue
        if lines[taken - 1].endswith("\\") or _open_quote(quotes):
            quotes += "\n" + lines[taken]
            taken += 1
            continue
        break
    rest = lines[taken:]
    if any("<<" in line for line in lines[:taken]) and rest and re.match(r"[a-z][\w-]* \S", rest[0]):
        taken += 1  # what follows a heredoc is most often the next command of the same script
    return "\n".join(lines[:taken]), "\n".join(lines[taken:])


def _open_quote(text: str) -> bool:
    bare = re.sub(r"\\.", "", text)
    return (bare.count("'") % 2 == 1 and '"' not in bare) or (bare.count('"') % 2 == 1 and "'" not in bare)
