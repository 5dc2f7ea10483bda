"""A record read: recognised, its secrets learnt in a first pass, its events without them in a second."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import DamagedSource, UnreadableSource, UsageError
from leakdoc.playbook.records.answers import ROUGHLY, cut
from leakdoc.playbook.records.event import RecordEvent, with_narration
from leakdoc.playbook.records.importers import atif, claude, devin, journal
from leakdoc.playbook.records.lines import opened
from leakdoc.playbook.records.understanding import Understanding
from leakdoc.redact import inert
from leakdoc.redact.disguises import seen
from leakdoc.redact.scrubber import Scrubber
from leakdoc.redact.secrets import MASK
from leakdoc.redact.shown import asks_for_a_secret, secrets_of_output

Importer = Callable[[Path, Understanding], Iterator[RecordEvent]]

IMPORTERS: Final[dict[str, Importer]] = {
    "journal": journal.read,
    "claude": claude.read,
    "atif": atif.read,
    "devin": devin.read_events,
    "devin-messages": devin.read_messages,
}
FORMATS: Final = ("auto", "journal", "claude", "atif", "devin")
_LAYOUTS: Final = (".jsonl", ".json", ".claude", ".atif", ".devin-messages-v3", ".devin-messages", ".devin", ".journal")
_HEAD: Final = 64 << 10  # characters that are looked at to recognise a format


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An incident record without its secrets.

    Args:
        name: the file's name without what only tells its layout.
        events: in the order in which they happened.
        understanding: what was read, and what was not understood.
    """

    name: str
    events: tuple[RecordEvent, ...]
    understanding: Understanding


def read_record(path: Path, *, format: str = "auto") -> Record:
    """Read one record.

    Args:
        path: the file.
        format: `auto`, or one of `FORMATS`.

    Raises:
        UnreadableSource: it is missing, empty, or of no known format.
        DamagedSource: it holds no event.
    """
    importer = _importer(path, format)
    scrubber = Scrubber()
    for event in IMPORTERS[importer](path, Understanding(ordered=False)):
        _learn(event, scrubber)
    noted = Understanding(format=importer)
    events = with_narration([scrubbed(event, scrubber) for event in IMPORTERS[importer](path, noted)])
    noted.events = len(events)
    if not events:
        detail = "; ".join(noted.lines()) or "nothing in it is an event"
        raise DamagedSource(f"no events in {inert(str(path))}: {detail}", help="Is this the right file, and whole?")
    return Record(name=scrubber.scrub(_name(path)), events=tuple(events), understanding=noted)


def _learn(event: RecordEvent, scrubber: Scrubber) -> None:
    for text in event.texts():
        scrubber.learn(seen(text))
    if not event.failed and asks_for_a_secret(event.command or " ".join(event.argv)):
        for secret in secrets_of_output(seen(event.output)):
            scrubber.keep(secret)


def scrubbed(event: RecordEvent, scrubber: Scrubber) -> RecordEvent:
    """Return the event without secrets and without control characters, its output cut in the middle when it is long."""
    texts: dict[str, Any] = {
        field: scrubber.scrub(seen(value))
        for field in ("text", "command", "path", "before", "after", "said")
        if (value := getattr(event, field))
    }
    output = cut(scrubber.scrub(seen(cut(event.output, ROUGHLY)))) if event.output else ""
    if output and asks_for_a_secret(event.command or " ".join(event.argv)) and not event.failed:
        output = MASK
    argv = tuple(scrubber.scrub(seen(word)) for word in event.argv)
    values = _scrubbed_json(event.values, scrubber) if event.values else {}
    return replace(event, **texts, output=output, argv=argv, values=values, id=inert(event.id))


def _scrubbed_json(value: Any, scrubber: Scrubber) -> Any:
    if isinstance(value, str):
        return scrubber.scrub(seen(value))
    if isinstance(value, dict):
        return {scrubber.scrub(seen(str(key))): _scrubbed_json(inner, scrubber) for key, inner in value.items()}
    return [_scrubbed_json(inner, scrubber) for inner in value] if isinstance(value, list | tuple) else value


def _name(path: Path) -> str:
    name = path.name
    for layout in (
        ".gz",
        ".jsonl",
        ".json",
        ".claude",
        ".atif",
        ".devin-messages-v3",
        ".devin-messages",
        ".devin",
        ".journal",
    ):
        name = name.removesuffix(layout)
    return inert(name) or "record"


def _importer(path: Path, format: str) -> str:
    if format not in FORMATS:
        raise UsageError(f"not a format of records: {inert(format)!r}", help=f"One of {', '.join(FORMATS)}.")
    with opened(path) as file:
        head = file.read(_HEAD)
    found = recognised(head)
    if format == "devin":
        return "devin-messages" if found == "devin-messages" else "devin"
    if format != "auto":
        return format
    if found in IMPORTERS:
        return found
    if found:
        what = f"{inert(str(path))} is {found}, which only annotates a record"
        raise UsageError(what, help="Give it with --annotate, beside a record of what was done.")
    raise UnreadableSource(
        f"not a record that is known: {inert(str(path))}",
        help="Known are leakdoc journals, Claude Code JSONL, ATIF, and Devin events or messages; --format names one.",
    )


def recognised(head: str) -> str:
    """Return what the beginning of a file is: the name of an importer, words about an annotation, or nothing."""
    line = _first_line(head)
    found = next((name for name, fits in _LINES if line is not None and fits(line)), "")
    if found:
        return found
    bare = head.lstrip("\ufeff \t\r\n")
    return next((name for name, fits in _DOCUMENTS if fits(bare)), "")


def _first_line(head: str) -> dict[str, Any] | list[Any] | None:
    for line in head.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict | list):
            return value
    return None


def _a_list_of(head: str, *keys: str) -> bool:
    return any(re.search(rf'"{key}"\s*:\s*\[', head) for key in keys)


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda line: isinstance(line, dict) and all(key in line for key in keys)


_LINES: Final[tuple[tuple[str, Callable[[Any], bool]], ...]] = (
    ("an asciicast", lambda line: _has("version", "width")(line) or _has("version", "term")(line)),
    ("atif", lambda line: _has("steps")(line) and isinstance(line["steps"], list)),
    (
        "devin-messages",
        lambda line: any(_has(key)(line) and isinstance(line[key], list) for key in ("items", "messages")),
    ),
    ("journal", _has("seq", "type", "v")),
    ("devin", _has("event_id")),
    ("claude", lambda line: _has("type")(line) and bool(line.keys() & {"sessionId", "uuid", "leafUuid", "message"})),
)
_DOCUMENTS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    (
        "devin-messages",
        lambda head: head.startswith("{") and '"event_id"' in head and _a_list_of(head, "items", "messages"),
    ),
    ("atif", lambda head: head.startswith("{") and '"steps"' in head),
    ("atif", lambda head: head.startswith("{") and "ATIF" in head),
    ("claude", lambda head: head.startswith("{") and '"sessionId"' in head),  # lines that are longer than what was read
    ("devin", lambda head: head.startswith("{") and '"event_id"' in head),
    ("journal", lambda head: head.startswith('{"v"')),
    ("a Slack export", lambda head: head.startswith("[") and '"ts"' in head),
    ("a shell history", lambda head: head.startswith((": 1", "#1"))),
)
