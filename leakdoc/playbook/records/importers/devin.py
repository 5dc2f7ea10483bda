"""Devin: events with calls and their results, or messages alone, out of whose fences commands are recovered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from leakdoc.playbook.records.answers import flat
from leakdoc.playbook.records.calls import call_of
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.fences import narrated_calls
from leakdoc.playbook.records.lines import json_items, json_lines
from leakdoc.playbook.records.times import seconds
from leakdoc.playbook.records.understanding import Understanding

_PEOPLE: Final = {"user", "user_message", "initial_user_message", "human"}


def read_events(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield the events of a file of JSON Lines."""
    for number, line in json_lines(path, noted):
        yield from _event(line, f"line {number}", noted)


def read_messages(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield the events of a page of messages."""
    for number, item in enumerate(json_items(path, ("items", "messages", "events"), noted), start=1):
        yield from _event(item, f"item {number}", noted)


def _event(item: dict[str, Any], where: str, noted: Understanding) -> Iterator[RecordEvent]:
    call = item.get("call") or item.get("tool_call")
    who = item.get("source") or item.get("origin") or item.get("type")
    common: dict[str, Any] = {
        "id": str(item.get("event_id", where)),
        "at": seconds(item.get("created_at", item.get("timestamp"))),
        "actor": Actor.PERSON if str(who) in _PEOPLE else Actor.AGENT,
    }
    if isinstance(call, dict):
        yield _call(item, call, common)
    elif isinstance(item.get("message"), str):
        yield from _message(item["message"], common)
    else:
        noted.skip(f"an unknown type ({item.get('type')})", where)


def _call(item: dict[str, Any], call: dict[str, Any], common: dict[str, Any]) -> RecordEvent:
    given = call.get("detail")
    detail = dict(given) if isinstance(given, dict) else {}
    status = detail.pop("exitCode", detail.pop("exit_code", None))
    name = str(detail.pop("tool", call.get("name", "")))
    failed = status != 0 if isinstance(status, int) else (True if call.get("status") == "failed" else None)
    output = flat(call.get("output") or detail.pop("output", None) or item.get("output"))
    return call_of(name, detail, output=output, failed=failed, **(common | {"actor": Actor.AGENT}))


def _message(message: str, common: dict[str, Any]) -> Iterator[RecordEvent]:
    text, calls = narrated_calls(message)
    if text.strip():
        yield RecordEvent(sort=Sort.STATEMENT, text=text, **common)
    for each in calls:
        yield call_of(each.tool, each.arguments, output=each.output, failed=each.failed, narrated=True, **common)
