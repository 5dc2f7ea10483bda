"""One capture: the parts that can be had of a process, written one by one, so that what was had stays if we end too."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from leakdoc.model.sample import Sample
from leakdoc.model.subject import Subject
from leakdoc.redact import inert
from leakdoc.sampling.captures.parts import BROKEN, PARTS, Part
from leakdoc.sampling.captures.trigger import Trigger
from leakdoc.sampling.foreign_file import why
from leakdoc.units import format_time

SCHEMA: Final = "leakdoc.capture/1"
BUDGET_S: Final = 20.0  # for all parts together; the killer may be near, and samples wait
MOST_CAPTURES: Final = 16  # of one watch: a service that is killed every minute fills no disk


class Captures:
    """Captures a process once a life when its trigger says so, each into a file of its own, mode 0600.

    Args:
        trigger: says when.
        beside: the file next to which captures are written, and after which they are named.
        parts: what is captured, by name, in this order.
        limit_bytes: the memory limit, where the samples do not tell it.
    """

    def __init__(
        self,
        trigger: Callable[[], Trigger],
        beside: Path,
        *,
        parts: Mapping[str, Part] = PARTS,
        limit_bytes: float | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.written: list[Path] = []
        self.notes: list[str] = []
        self._make_trigger = trigger
        self._beside = beside
        self._parts = parts
        self._limit_bytes = limit_bytes
        self._seconds = seconds
        self._triggers: dict[tuple[int, int | None], Trigger | None] = {}

    def consider(self, subject: Subject, sample: Sample, used: float, limit: float | None, monotonic_s: float) -> None:
        """Capture the process of a sample, if it is time and was not done in this life.

        Args:
            used: what counts against the limit, bytes.
            limit: bytes; null where the samples tell none.
        """
        limit = self._limit_bytes if limit is None else limit
        key = sample.process.pid, sample.process.start_ticks
        trigger = self._triggers.setdefault(key, self._make_trigger())
        if trigger is None or not limit or len(self.written) >= MOST_CAPTURES:
            return
        reason = trigger.reason(monotonic_s, used, limit)
        if reason is None:
            return
        self._triggers[key] = None
        document = {
            "schema": SCHEMA,
            "subject": {"kind": str(subject.kind), "name": subject.name, "pid": sample.process.pid},
            "at": format_time(sample.at),
            "reason": reason,
            "used_bytes": used,
            "limit_bytes": limit,
            "parts": {},
            "missing": {},
        }
        self._capture(sample.process.pid, document)

    def _capture(self, pid: int, document: dict[str, Any]) -> None:
        path = self._beside.with_name(f"{self._beside.name}.capture-{pid}-{len(self.written) + 1}.json")
        ends = self._seconds() + BUDGET_S
        try:
            for name, part in self._parts.items():
                if self._seconds() < ends:
                    _take(name, part, pid, document)
                else:
                    document["missing"][name] = "out of time"
                _write(path, document)
        except OSError as error:
            self.notes.append(f"a capture could not be written: {why(error)}")
            return
        self.written.append(path)
        self.notes.append(f"captured pid {pid} as {document['reason']}")


def _take(name: str, part: Part, pid: int, document: dict[str, Any]) -> None:
    """Put what a part tells into the document, or why it tells nothing."""
    try:
        document["parts"][name] = part(pid)
    except BROKEN as error:
        said = why(error) if isinstance(error, OSError) else str(getattr(error, "message", error))
        document["missing"][name] = inert(said)


def _write(path: Path, document: dict[str, Any]) -> None:
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(document, file, indent=2)
    new.replace(path)
