"""One event as one line: plain JSON, with the hash of its canonical form (RFC 8785) in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import JOURNAL_VERSION, Event, EventType
from leakdoc.playbook.journal.cleaning import clean, learn
from leakdoc.redact.scrubber import Scrubber
from leakdoc.redact.structures import scrubbed
from leakdoc.units import format_time, parse_time

_FREE: Final = ("argv", "inputs", "reason", "outputs", "evidence", "actor", "choice")  # written by anybody
FIELDS: Final = ("v", *(each.name for each in fields(Event)))


_TOLD: Final = ("reason", "outputs", "evidence", "choice")  # what a step or a person says; nothing is begun with it


def sealed(event: Event, known: Scrubber) -> Event:
    """Return an event, cleaned, with the hash of what it says.

    Args:
        known: the secrets of the events before it, which no later one repeats; it learns those of this one.
    """
    document = document_of(event)
    for name in _FREE:
        learn(document[name], known)
        document[name] = clean(document[name])
    document |= {name: scrubbed(document[name], known) for name in _TOLD}
    return replace(event_from(document), sha256=hash_of(document))


def document_of(event: Event) -> dict[str, Any]:
    """Lay an event out as it stands in a journal."""
    return {
        "v": JOURNAL_VERSION,
        "seq": event.seq,
        "at": format_time(round(event.at, 3)),
        "type": str(event.type),
        "run": event.run,
        "step": event.step,
        "attempt": event.attempt,
        "argv": None if event.argv is None else list(event.argv),
        "inputs": event.inputs,
        "outcome": None if event.outcome is None else str(event.outcome),
        "reason": event.reason,
        "outputs": event.outputs,
        "evidence": None if event.evidence is None else list(event.evidence),
        "actor": event.actor,
        "choice": event.choice,
        "prev": event.prev,
        "sha256": event.sha256,
    }


def line_of(event: Event) -> bytes:
    """Return a sealed event's line, with its newline."""
    return json.dumps(document_of(event), allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def hash_of(document: dict[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of a line's document without its own hash."""
    import rfc8785

    told = {name: value for name, value in document.items() if name != "sha256"}
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def event_of(line: bytes) -> Event:
    """Read one line, and hold it against its hash.

    Raises:
        ValueError: it is no event, or not the one whose hash it bears.
    """
    document = json.loads(line)
    if not isinstance(document, dict) or set(document) != set(FIELDS):
        raise ValueError("does not have the fields of an event")
    if document["v"] != JOURNAL_VERSION:
        raise ValueError(f"is of version {document['v']!r}, not {JOURNAL_VERSION}")
    if hash_of(document) != document["sha256"]:
        raise ValueError("was changed: it does not match its own hash")
    return event_from(document)


def event_from(document: dict[str, Any]) -> Event:
    """Read a document that is laid out like `document_of`.

    Raises:
        ValueError: a field is of the wrong type.
    """
    try:
        return Event(
            **{
                **{name: document[name] for name in FIELDS if name != "v"},
                "at": parse_time(document["at"]),
                "type": EventType(document["type"]),
                "outcome": None if document["outcome"] is None else Outcome(document["outcome"]),
                "argv": None if document["argv"] is None else tuple(document["argv"]),
                "evidence": None if document["evidence"] is None else tuple(document["evidence"]),
            }
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(f"has a field of the wrong type: {error}") from None
