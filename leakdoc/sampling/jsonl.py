"""Samples as JSON Lines: what `--record -` writes, for a process whose files die with it, and what reads it back.

The first line says whose samples they are; then one line a sample; the last, where there is one, the facts.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from leakdoc.errors import RecordingError
from leakdoc.model.sample import Sample
from leakdoc.model.subject import Subject
from leakdoc.sampling.foreign_file import why
from leakdoc.sampling.reader import Reader

if TYPE_CHECKING:
    from leakdoc.model.facts import Facts

SCHEMA: Final = "leakdoc.samples/1"


class JsonLinesWriter:
    """Writes samples of one subject as they come, each line flushed; nothing is kept here.

    Args:
        out: where to; the caller closes it.
        ending: set once we are to end: from then on, a reader that has paused is not waited for much longer.
    """

    path: Path | None = None

    def __init__(self, out: TextIO, subject: Subject, ending: threading.Event | None = None) -> None:
        self._reader = Reader(out, ending or threading.Event())
        self._unavailable: dict[int, Any] = {}
        self.set_subject(subject)

    def append_all(self, samples: Sequence[Sample]) -> None:
        """Write the samples of one instant.

        Raises:
            RecordingError: nobody reads any more, or goes on reading though we are to end, or the disk is full.
        """
        self._write(*map(self._line, samples))

    def set_facts(self, facts: Facts) -> None:
        """Write what is known of the subject beside its samples; the last line of that kind stands."""
        self._write({"facts": asdict(facts)})

    def set_subject(self, subject: Subject) -> None:
        """Write whose samples these are; the last line of that kind stands."""
        self._write({"schema": SCHEMA, "subject": asdict(subject)})

    def close(self) -> None:
        """Do nothing: every line was written out, and the stream is the caller's."""

    def _line(self, sample: Sample) -> dict[str, Any]:
        values = {column.text: value for column, value in sample.values.items() if math.isfinite(value)}
        line = {"time": sample.at, "pid": sample.process.pid, "values": values}
        if sample.process.started_at is not None:
            line["process_start_time_seconds"] = sample.process.started_at
        if self._unavailable.get(sample.process.pid, {}) != sample.unavailable:
            line["unavailable"] = self._unavailable[sample.process.pid] = dict(sample.unavailable)
        return line

    def _write(self, *lines: dict[str, Any]) -> None:
        try:
            self._reader.give("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
        except OSError as error:
            raise RecordingError(
                f"samples cannot be written to standard output: {why(error)}", help="Look at who reads it."
            ) from error
