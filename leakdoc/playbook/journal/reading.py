"""A journal as it was written, or why it is not to be believed."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.model.journal import Event, EventType
from leakdoc.playbook.journal.lines import event_of
from leakdoc.redact import inert

LARGEST: Final = 256 << 20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRead:
    """What a journal holds.

    Args:
        events: in order; the chain of their hashes holds.
        torn: what stands after the last newline: a line that was never finished, and is not believed.
    """

    path: Path
    events: tuple[Event, ...]
    torn: bytes = b""

    @property
    def head(self) -> str | None:
        """The last line's hash; whoever has noted it can show that the tail was cut."""
        return self.events[-1].sha256 if self.events else None

    @property
    def run(self) -> str | None:
        """The run's id."""
        return self.events[0].run if self.events else None

    @property
    def has_ended(self) -> bool:
        """Whether nothing but notes follows a run's end."""
        told = [each for each in self.events if each.type is not EventType.NOTE]
        return bool(told) and told[-1].type is EventType.RUN_ENDED


def read_journal(path: Path, *, head: str | None = None) -> JournalRead:
    """Read a journal and check its chain.

    Args:
        head: a hash that was noted earlier; the journal must hold it.

    Raises:
        UnreadableSource: the file cannot be read.
        DamagedSource: a line was changed, added or taken out, or the noted head is not there.
    """
    name = inert(str(path))
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableSource(f"{name} is not a plain file", help="Write what it gives into a file.")
        if found.st_size > LARGEST:
            raise UnreadableSource(f"{name} is larger than {LARGEST >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableSource(f"cannot read {name}: {error.strerror}") from None
    whole, newline, torn = data.rpartition(b"\n")
    events = tuple(chained(whole.split(b"\n") if newline else (), name))
    if head is not None and head not in {each.sha256 for each in events}:
        raise DamagedSource(f"{name} does not hold the head that was noted: its tail was cut, or it is another journal")
    return JournalRead(path=path, events=events, torn=torn)


def chained(lines: list[bytes] | tuple[()], name: str, after: Event | None = None) -> Iterator[Event]:
    """Yield the events of lines, each held against its hash and the line before.

    Args:
        after: the event that the first line has to follow; null where it begins the journal.

    Raises:
        DamagedSource: the chain does not hold.
    """
    previous = after
    for line in lines:
        number = 1 if previous is None else previous.seq + 2
        try:
            event = event_of(line)
        except (ValueError, RecursionError) as error:
            raise DamagedSource(f"{name}, line {number} {inert(str(error))}") from None
        expected = (0, None) if previous is None else (previous.seq + 1, previous.sha256)
        if (event.seq, event.prev) != expected:
            raise DamagedSource(f"{name}, line {number} does not follow the line before: the journal was changed")
        yield event
        previous = event
