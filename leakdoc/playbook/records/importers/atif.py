"""ATIF trajectories: numbered steps, each with a message, calls of tools and what was observed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leakdoc.playbook.records.answers import flat
from leakdoc.playbook.records.calls import call_of
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import json_items, objects
from leakdoc.playbook.records.times import seconds
from leakdoc.playbook.records.understanding import Understanding


def read(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield the events of a trajectory; what a step holds has the step's number."""
    for number, step in enumerate(json_items(path, ("steps",), noted), start=1):
        source = step.get("source")
        if source not in ("user", "agent"):
            noted.skip(f"an unknown source ({source})", f"step {number}")
            continue
        yield from _events(step, number, source)


def _events(step: dict[str, Any], number: int, source: str) -> Iterator[RecordEvent]:
    common: dict[str, Any] = {
        "id": str(step.get("step_id", number)),
        "at": seconds(step.get("timestamp")),
        "actor": Actor.PERSON if source == "user" else Actor.AGENT,
        "turn": str(step.get("step_id", number)),
    }
    text = flat(step.get("message"))
    if text.strip():
        yield RecordEvent(sort=Sort.STATEMENT, text=text, **common)
    calls = objects(step.get("tool_calls"))
    observed = _observed(step)
    extra = step.get("extra")
    status = extra.get("exit_code") if isinstance(extra, dict) else None
    for position, call in enumerate(calls):
        given = call.get("arguments")
        output = observed.get(str(call.get("tool_call_id")), observed.get("", "") if position == 0 else "")
        failed = None if not isinstance(status, int) else status != 0
        name, arguments = str(call.get("function_name", "")), given if isinstance(given, dict) else {}
        yield call_of(name, arguments, output=output, failed=failed, **common)


def _observed(step: dict[str, Any]) -> dict[str, str]:
    observation = step.get("observation")
    results = observation.get("results") if isinstance(observation, dict) else None
    return {str(each.get("source_call_id") or ""): flat(each.get("content")) for each in objects(results)}
