"""Claude Code's JSON Lines: messages of text and tool calls, each answered by a result in a later message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from leakdoc.playbook.records.answers import Answers, flat
from leakdoc.playbook.records.calls import call_of
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import json_lines
from leakdoc.playbook.records.times import seconds
from leakdoc.playbook.records.understanding import Understanding

_QUIET: Final = {"summary", "system", "file-history-snapshot", "progress", "queue-operation"}  # about the session


def read(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield the events of a file; sidechains and what is about the session alone are left out."""
    answers = Answers(ordered=noted.ordered)
    for number, line in json_lines(path, noted):
        yield from answers.settled(_events(line, number, answers, noted))
    yield from answers.rest()


def _events(line: dict[str, Any], number: int, answers: Answers, noted: Understanding) -> Iterator[RecordEvent]:
    kind, message = str(line.get("type")), line.get("message")
    if line.get("isSidechain"):
        noted.skip("a side chain", f"line {number}")
    elif line.get("isMeta") or kind in _QUIET:
        noted.skip(f"about the session itself ({kind})", f"line {number}")
    elif kind not in ("user", "assistant") or not isinstance(message, dict):
        noted.skip(f"an unknown type ({kind})", f"line {number}")
    else:
        yield from _blocks(line, message.get("content"), number, answers, noted)


def _blocks(
    line: dict[str, Any], content: Any, number: int, answers: Answers, noted: Understanding
) -> Iterator[RecordEvent]:
    actor = Actor.PERSON if line["type"] == "user" else Actor.AGENT
    turn = str(line["message"].get("id") or line.get("uuid") or number)
    common = {
        "at": seconds(line.get("timestamp")),
        "session": str(line.get("sessionId", "")),
        "actor": actor,
        "turn": turn,
    }
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said: list[str] = []
    for block in blocks if isinstance(blocks, list) else []:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "text":
            said.append(str(block.get("text", "")))
            continue
        yield from _statement(line, said, number, common)
        said = []
        if kind == "tool_use":
            given = block.get("input")
            name, id_ = str(block.get("name", "")), str(block.get("id", f"line-{number}"))
            yield call_of(name, given if isinstance(given, dict) else {}, id=id_, **common)
        elif kind == "tool_result":
            answers.give(str(block.get("tool_use_id", "")), flat(block.get("content")), block.get("is_error"))
        elif kind != "thinking":
            noted.skip(f"an unknown block ({kind})", f"line {number}")
    yield from _statement(line, said, number, common)


def _statement(line: dict[str, Any], said: list[str], number: int, common: dict[str, Any]) -> Iterator[RecordEvent]:
    text = "".join(said)
    if text.strip():
        yield RecordEvent(id=str(line.get("uuid", f"line-{number}")), sort=Sort.STATEMENT, text=text, **common)
