"""A trace from JSON Lines: what `--record -` wrote, perhaps cut short, or what `leakdoc export --to json` did."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import check_file, refuse_too_many, why
from leakdoc.sampling.instants import is_instant
from leakdoc.sampling.recording_facts import facts_from
from leakdoc.sampling.recording_schema import subject_from
from leakdoc.sampling.sources.column_names import column_of
from leakdoc.sampling.trace_builder import TraceBuilder

LONGEST_LINE: Final = 1 << 24
_BROKEN: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
_WITHOUT_END: Final = 2**62


def read_jsonl(path: str | os.PathLike[str]) -> Trace:
    """Read samples, one a line; a last line that was cut short is left out, and said to be.

    Raises:
        UnreadableSource: missing, not permitted, too large.
        DamagedSource: a line is no sample; the message names it.
    """
    file = Path(path)
    check_file(file)
    builder = TraceBuilder(Subject(kind=SubjectKind.FILE, name=inert(file.stem)), most_values=_WITHOUT_END)
    facts, columns = Facts(), dict[str, Column]()
    try:
        for number, line, is_whole in _lines(file):
            try:
                document = json.loads(line)
                told = _take(document, builder, columns)
            except _BROKEN as error:
                if not is_whole:
                    facts = replace(facts, notes=(*facts.notes, f"line {number} was cut short, and left out"))
                    break
                raise DamagedSource(f"{inert(file.name)} is damaged: line {number} is no sample") from error
            facts = told or facts
            refuse_too_many(file, len(builder), len(columns))
    except OSError as error:
        raise UnreadableSource(f"{inert(file.name)} cannot be read: {why(error)}") from error
    builder.facts = facts
    return builder.trace()


def _lines(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Yield each line with its number, and whether it has an end."""
    with file.open("rb") as opened:
        number = 0
        while line := opened.readline(LONGEST_LINE):
            number += 1
            if line.strip():
                yield number, line, line.endswith(b"\n")


def _take(document: dict[str, Any], builder: TraceBuilder, columns: dict[str, Column]) -> Facts | None:
    """Take one line's sample or subject; return the facts, if it is those."""
    if "facts" in document:
        return facts_from(json.dumps(document["facts"]))
    if "subject" in document:
        told = document["subject"]
        order = ("kind", "name", "pid", "started_at", "host")
        builder.subject = subject_from(json.dumps([told[each] for each in order]))
        return None
    at = float(document["time"])
    if not is_instant(at):
        raise ValueError("no time")
    pid, start = document.get("pid"), document.get("process_start_time_seconds")
    process = ProcessIdentity(pid=0 if pid is None else int(pid), started_at=None if start is None else float(start))
    values = {_column(name, columns): _number(value) for name, value in document["values"].items()}
    absent = {str(metric): str(reason) for metric, reason in document.get("unavailable", {}).items()}
    builder.add(Sample(at=at, process=process, values=values, unavailable=absent))
    return None


def _column(name: str, columns: dict[str, Column]) -> Column:
    return columns.get(name) or columns.setdefault(name, column_of(name))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)
