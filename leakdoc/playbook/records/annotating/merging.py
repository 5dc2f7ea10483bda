"""A record with what annotates it: times that it lacked, approvals given in chat, commands typed elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from leakdoc.playbook.records.annotating import asciicast, history, slack
from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.lines import opened
from leakdoc.playbook.records.reading import Record, recognised, scrubbed
from leakdoc.playbook.records.understanding import Understanding
from leakdoc.redact.scrubber import Scrubber


def annotated(record: Record, paths: Iterable[Path], *, telling: Callable[[RecordEvent], bool]) -> Record:
    """Return the record with annotations in it, each named after its file's kind: `slack:1773135625.0`.

    Args:
        telling: whether a statement decides, approves or rejects something; others are left out.
    """
    events = list(record.events)
    for path in sorted(paths, key=lambda path: path.name):
        events = _with(events, list(_read(path, record.understanding)), telling)
    return replace(record, events=tuple(events))


def _read(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    with opened(path) as file:
        found = recognised(file.read(64 << 10))
    kind = {"an asciicast": "cast", "a Slack export": "slack"}.get(found, "history")
    readers: dict[str, Callable[[], Iterator[RecordEvent]]] = {
        "cast": lambda: asciicast.read(path),
        "slack": lambda: slack.read(path, noted),
        "history": lambda: history.read(path),
    }
    scrubber = Scrubber()
    events = list(readers[kind]())
    for event in events:
        for text in event.texts():
            scrubber.learn(text)
    yield from (replace(scrubbed(event, scrubber), id=f"{kind}:{event.id}") for event in events)


def _with(
    events: list[RecordEvent], added: list[RecordEvent], telling: Callable[[RecordEvent], bool]
) -> list[RecordEvent]:
    known = {_essence(event): position for position, event in enumerate(events)}
    for event in added:
        position = known.get(_essence(event))
        if position is not None:
            events[position] = _completed(events[position], event)
        elif event.is_call or telling(event):
            events = _inserted(events, event)
            known = {_essence(each): place for place, each in enumerate(events)}
    return events


def _essence(event: RecordEvent) -> str:
    text = event.text if event.sort is Sort.STATEMENT else event.command or " ".join(event.argv)
    words = re.sub(r"\[redacted\]|[^0-9A-Za-z\u4e00-\u9fff]+", " ", text).strip()
    return f"{event.is_call} {words}"


def _completed(event: RecordEvent, by: RecordEvent) -> RecordEvent:
    return replace(event, at=event.at if event.at is not None else by.at, output=event.output or by.output)


def _inserted(events: list[RecordEvent], event: RecordEvent) -> list[RecordEvent]:
    """Put an event behind the last one that was before it; without a time, nobody knows where it belongs."""
    if event.at is None:
        return events
    place = next((i for i, each in enumerate(events) if each.at is not None and each.at > event.at), len(events))
    session = events[max(0, place - 1)].session if events else ""
    return [*events[:place], replace(event, session=session), *events[place:]]
