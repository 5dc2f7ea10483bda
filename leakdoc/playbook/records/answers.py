"""Calls wait for their answers, which come in a later message; what was never answered comes at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from leakdoc.playbook.records.event import RecordEvent

LONGEST_OUTPUT: Final = 40_000  # characters; of a longer output, its two ends are kept


def cut(output: str, longest: int = LONGEST_OUTPUT) -> str:
    """Return an output without its middle, where it is very long."""
    if len(output) <= longest:
        return output
    half = longest // 2
    return f"{output[:half]}\n[... {len(output) - 2 * half} characters left out ...]\n{output[-half:]}"


def flat(content: Any) -> str:
    """Return the text of a result: a string, or blocks of text, which may be split anywhere."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in content)
    if isinstance(content, dict):
        return flat(content.get("text") or content.get("content") or content.get("output") or "")
    return "" if content is None else str(content)


class Answers:
    """Keeps the order of events while the calls among them wait."""

    def __init__(self) -> None:
        self._waiting: deque[RecordEvent] = deque()
        self._given: dict[str, tuple[str, bool | None]] = {}

    def give(self, call: str, output: str, failed: Any) -> None:
        """Note what came back for a call."""
        self._given[call] = (output, failed if isinstance(failed, bool) else None)

    def settled(self, events: Iterable[RecordEvent]) -> Iterator[RecordEvent]:
        """Take events in, and yield in order those that wait for nothing any more."""
        self._waiting.extend(events)
        while self._waiting and (not self._waiting[0].is_call or self._waiting[0].id in self._given):
            yield self._answered(self._waiting.popleft())

    def rest(self) -> Iterator[RecordEvent]:
        """Yield what still waits, answered or not."""
        while self._waiting:
            yield self._answered(self._waiting.popleft())

    def _answered(self, event: RecordEvent) -> RecordEvent:
        if not event.is_call or event.id not in self._given:
            return event
        output, failed = self._given.pop(event.id)
        return replace(event, output=output, failed=failed)
