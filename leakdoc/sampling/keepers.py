"""Where a watch keeps its samples: a recording, or standard output."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from leakdoc.model.sample import Sample
from leakdoc.model.subject import Subject
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.sampling.retention import Retention

if TYPE_CHECKING:
    from leakdoc.model.facts import Facts

STANDARD_OUTPUT: Final = "-"


class Keeper(Protocol):
    """Keeps samples of one subject as they come."""

    @property
    def path(self) -> Path | None:
        """The file that is left; null where there is none."""

    def append_all(self, samples: Sequence[Sample]) -> None:
        """Keep the samples of one instant; they are kept once this has returned."""

    def set_facts(self, facts: Facts) -> None:
        """Keep what is known of the subject beside its samples."""

    def set_subject(self, subject: Subject) -> None:
        """Keep what the subject is called now."""

    def close(self) -> None:
        """Finish."""


def keeper_of(
    record: str | os.PathLike[str], subject: Subject, retention: Retention | None, ending: threading.Event | None = None
) -> Keeper:
    """Return what keeps samples in a file, or, for ``-``, writes them to standard output as JSON Lines.

    Args:
        ending: set once we are to end.

    Raises:
        RecordingError: it cannot be written.
    """
    if os.fspath(record) != STANDARD_OUTPUT:
        return RecordingWriter(record, subject, retention=retention)
    from leakdoc.sampling.jsonl import JsonLinesWriter

    return JsonLinesWriter(sys.stdout, subject, ending)
