"""A trace from a recording, whether it is finished, still written, or was left behind by a writer that was killed."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
from array import array
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.errors import DamagedSource
from leakdoc.model.sample import Column
from leakdoc.model.subject import ProcessIdentity, Subject
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import refuse_too_many
from leakdoc.sampling.instants import is_instant
from leakdoc.sampling.recording_facts import facts_from
from leakdoc.sampling.recording_file import log_is_lost, open_for_reading, told
from leakdoc.sampling.recording_schema import checksum, column_from, process_from, subject_from, unpack_layout
from leakdoc.sampling.trace_builder import Absences, life_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from leakdoc.model.trace import Facts, FloatArray, Trace
    from leakdoc.sampling.assembly import LooseRows

_LOST: Final = "the recording was not closed and its -wal file is not there: its last samples may be missing"
_BROKEN: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, struct.error)


@dataclass(slots=True, kw_only=True)
class _Stored:
    """The rows of one recording as they are stored; ids are the file's own."""

    at: array[float] = field(default_factory=lambda: array("d"))
    process: array[int] = field(default_factory=lambda: array("q"))
    layout: array[int] = field(default_factory=lambda: array("q"))
    readings: list[bytes] = field(default_factory=list)
    processes: dict[int, ProcessIdentity] = field(default_factory=dict)
    metrics: dict[int, Column] = field(default_factory=dict)
    layouts: dict[int, tuple[int, ...]] = field(default_factory=dict)


def read_recording(path: str | os.PathLike[str]) -> Trace:
    """Read all samples of a recording as it is at this moment.

    Raises:
        UnreadableSource: missing, not permitted, too large, no recording, or of a newer version.
        DamagedSource: a recording, but broken; the message names the part.
    """
    file = Path(path)
    lost = log_is_lost(file)
    with open_for_reading(file) as connection:
        trace = _trace(connection, file)
    return replace(trace, facts=replace(trace.facts, notes=(*trace.facts.notes, _LOST))) if lost else trace


def _trace(connection: sqlite3.Connection, file: Path) -> Trace:
    from leakdoc.sampling.assembly import assemble

    with _part(file, "what it says of its subject"):
        subject, facts = _subject_and_facts(connection)
    with _part(file, "its dictionaries"):
        stored = _dictionaries(connection)
    with _part(file, "its samples"):
        _read_samples(connection, stored)
    refuse_too_many(file, len(stored.at), len(stored.metrics))
    with _part(file, "its samples"):
        rows, life_of_process = _loose(stored)
    with _part(file, "why values are missing"):
        facts = _absences(connection, life_of_process).told_in(facts, rows)
    return assemble(subject, rows, facts)


@contextlib.contextmanager
def _part(file: Path, what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told(error, file, what) from error
    except _BROKEN as error:
        raise DamagedSource(f"{inert(file.name)} is damaged: {what} cannot be read ({inert(str(error))})") from error


def _subject_and_facts(connection: sqlite3.Connection) -> tuple[Subject, Facts]:
    from leakdoc.model.trace import Facts

    runs = connection.execute("SELECT subject, facts FROM run ORDER BY id").fetchall()
    if not runs:
        raise ValueError("it holds none; was its -wal file left behind?")
    subject, latest = subject_from(runs[-1][0]), runs[-1][1]
    if latest is not None:
        return subject, facts_from(latest)
    earlier = next((facts for _, facts in reversed(runs) if facts is not None), None)
    # an earlier run's ending is not this run's
    return subject, Facts() if earlier is None else replace(facts_from(earlier), ending=None)


def _dictionaries(connection: sqlite3.Connection) -> _Stored:
    return _Stored(
        processes={key: process_from(name) for key, name in connection.execute("SELECT id, identity FROM process")},
        metrics={key: column_from(name) for key, name in connection.execute("SELECT id, name FROM metric")},
        layouts={key: unpack_layout(packed) for key, packed in connection.execute("SELECT id, metrics FROM layout")},
    )


def _read_samples(connection: sqlite3.Connection, stored: _Stored) -> None:
    last = 0
    rows = connection.execute("SELECT id, at, process, layout, readings, crc FROM sample ORDER BY id")
    for key, at, process, layout, readings, crc in rows:
        if key <= last or not is_instant(at) or crc != checksum(at, process, layout, readings):
            raise ValueError(f"sample {key} is not what was written")
        last = key
        stored.at.append(at)
        stored.process.append(process)
        stored.layout.append(layout)
        stored.readings.append(readings)


def _loose(stored: _Stored) -> tuple[LooseRows, dict[int, int]]:
    import numpy as np

    from leakdoc.sampling.assembly import LifeName, LooseRows

    lives: dict[Hashable, int] = {}
    life_of_process = {key: lives.setdefault(life_key(each), len(lives)) for key, each in stored.processes.items()}
    names = {life_of_process[key]: each for key, each in stored.processes.items()}
    rows = LooseRows(
        times=np.array(stored.at, dtype=np.float64),
        life=np.array([life_of_process[key] for key in stored.process], dtype=np.intp),
        lives=[LifeName(pid=names[life].pid, started_at=names[life].started_at) for life in range(len(lives))],
        columns=_columns(stored),
    )
    return rows, life_of_process


def _columns(stored: _Stored) -> dict[Column, FloatArray]:
    import numpy as np

    dense = {key: np.full(len(stored.at), np.nan) for key in stored.metrics}
    for layout, rows in _rows_by_layout(stored):
        metrics = stored.layouts[layout]
        joined = b"".join([stored.readings[row] for row in rows.tolist()])
        matrix = np.frombuffer(joined, dtype="<f8").reshape(len(rows), len(metrics))
        for place, metric in enumerate(metrics):
            dense[metric][rows] = matrix[:, place]
    return {stored.metrics[key]: values for key, values in dense.items()}


def _rows_by_layout(stored: _Stored) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    import numpy as np

    layout = np.array(stored.layout, dtype=np.int64)
    order = np.argsort(layout, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(layout[order])) + 1):
        if len(rows):
            yield int(layout[rows[0]]), rows


def _absences(connection: sqlite3.Connection, life_of_process: dict[int, int]) -> Absences:
    absences = Absences()
    for process, reasons in connection.execute("SELECT process, reasons FROM absence ORDER BY sample"):
        by_metric = {str(metric): str(reason) for metric, reason in json.loads(reasons).items()}
        absences.add(life_of_process[process], by_metric)
    return absences
