"""Calls wait for their answers, which come in a later message; what was never answered comes at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from leakdoc.playbook.records.event import RecordEvent

LONGEST_OUTPUT: Final = 40_000  # characters; of a longer output, its two ends are kept
ROUGHLY: Final = 2 * LONGEST_OUTPUT  # the edges of this first cut are gone after the second: no half of a secret stays
_NOTICE: Final = (
    64  # characters that what says how much was left out takes at most, so that cutting twice is cutting once
)


def cut(output: str, longest: int = LONGEST_OUTPUT) -> str:
    """Return an output without its middle, where it is very long."""
    if len(output) <= longest + _NOTICE:
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
    """Keeps the order of events while the calls among them wait, which one may do to the end.

    Args:
        ordered: whole outputs come as soon as they are there, in no order, where it is false; else cut, and in order.
    """

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._waiting: deque[RecordEvent] = deque()
        self._given: dict[str, tuple[str, bool | None]] = {}

    def give(self, call: str, output: str, failed: Any) -> None:
        """Note what came back for a call."""
        kept = cut(output, ROUGHLY) if self._ordered else output
        self._given[call] = (kept, failed if isinstance(failed, bool) else None)

    def settled(self, events: Iterable[RecordEvent]) -> Iterator[RecordEvent]:
        """Take events in, and yield in order those that wait for nothing any more."""
        self._waiting.extend(events)
        if not self._ordered:
            settled = [event for event in self._waiting if self._is_settled(event)]
            self._waiting = deque(event for event in self._waiting if not self._is_settled(event))
            yield from map(self._answered, settled)
        while self._waiting and self._is_settled(self._waiting[0]):
            yield self._answered(self._waiting.popleft())

    def rest(self) -> Iterator[RecordEvent]:
        """Yield what still waits, answered or not."""
        while self._waiting:
            yield self._answered(self._waiting.popleft())

    def _is_settled(self, event: RecordEvent) -> bool:
        return not event.is_call or event.id in self._given

    def _answered(self, event: RecordEvent) -> RecordEvent:
        if not event.is_call or event.id not in self._given:
            return event
        output, failed = self._given.pop(event.id)
        return replace(event, output=output, failed=failed)
