"""Which journal a note goes into, when nobody says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.redact import inert

VARIABLE: Final = "LEAKDOC_JOURNAL"
SUFFIX: Final = ".journal.jsonl"


def running_journal(directory: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the journal that the environment names, else the only one of a directory whose run has not ended.

    Raises:
        UsageError: there is none, or more than one.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    found = [path for path in sorted(directory.glob(f"*{SUFFIX}")) if _is_running(path)]
    if len(found) == 1:
        return found[0]
    told = f"there are {len(found)} running journals here" if found else "there is no running journal here"
    names = f": {', '.join(inert(each.name) for each in found)}" if found else ""
    raise UsageError(told + names, help="Name one with --journal FILE.")


def _is_running(path: Path) -> bool:
    try:
        read = read_journal(path)
    except LeakdocError:
        return False
    return bool(read.events) and not read.has_ended
