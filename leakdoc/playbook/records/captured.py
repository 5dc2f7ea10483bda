"""Files that a heap was captured into: whatever reads one later reports on the heap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.interpreting import Reading

_FILE: Final = re.compile(
    r"(?<![\w.])[\w./~-]*?(?P<name>[\w.-]*[\w-]\.(?:bin|hprof|heapsnapshot|heapprofile|cpuprofile|prof|pprof|pb|dump|dmp|gcdump|"
    r"svg|html|txt|json|zst|gz|collapsed|folded|out|pickle|nettrace|jfr))\b"
)
_READS: Final = {"", "quiet", "code", "config", "host", "memory", "symptom", "threads"}


def with_reports(read: Iterable[Reading]) -> list[Reading]:
    """Return the readings; those that read what an earlier capture wrote are reports on the heap."""
    captured: set[str] = set()
    told = []
    for reading in read:
        names = {match["name"] for match in _FILE.finditer(reading.line)} if reading.event.is_call else set()
        if reading.kind in _READS and names & captured:
            reading = replace(reading, kind="heap_report", rule="leakdoc: it reads what was captured")
        if reading.kind == "heap":
            captured |= names | {match["name"] for match in _FILE.finditer(reading.event.output)}
        told.append(reading)
    return told
