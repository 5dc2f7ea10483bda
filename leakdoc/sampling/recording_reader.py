"""A trace from a recording, whether it is finished, still written, or was left behind by a writer that was killed."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.model.sample import Column
from leakdoc.model.subject import ProcessIdentity, Subject
from leakdoc.sampling.foreign_file import refuse_too_many
from leakdoc.sampling.recording_facts import facts_from
from leakdoc.sampling.recording_file import damaged, log_is_lost, open_for_reading, told
from leakdoc.sampling.recording_schema import column_from, process_from, subject_from, unpack_layout
from leakdoc.sampling.trace_builder import Absences, life_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from leakdoc.model.trace import Facts, FloatArray, Trace
    from leakdoc.sampling.assembly import LooseRows
    from leakdoc.sampling.recording_block import Piece

_LOST: Final = "the recording was not closed and its -wal file is not there: its last samples may be missing"
_BROKEN: Final = (
    ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The dictionaries of one recording; ids are the file's own."""

    processes: Mapping[int, ProcessIdentity]
    metrics: Mapping[int, Column]
    layouts: Mapping[int, tuple[int, ...]]


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
    from leakdoc.sampling.recording_pieces import how_many, recent_piece, sealed_pieces

    with _part(file, "its tables"):
        _refuse_lost_rows(connection)
    with _part(file, "what it says of its subject"):
        subject, facts = _subject_and_facts(connection)
    with _part(file, "its dictionaries"):
        names = _dictionaries(connection)
    has_blocks = connection.execute("PRAGMA user_version").fetchone()[0] > 1
    with _part(file, "its samples"):
        refuse_too_many(file, how_many(connection, has_blocks=has_blocks), len(names.metrics))
        pieces = [*(sealed_pieces(connection, names.layouts) if has_blocks else ())]
        pieces.append(recent_piece(connection, names.layouts))
        rows, life_of_process = _loose(names, pieces)
    with _part(file, "why values are missing"):
        facts = _absences(connection, life_of_process).told_in(facts, rows)
    return assemble(subject, rows, facts)


def _refuse_lost_rows(connection: sqlite3.Connection) -> None:
    """A page whose count of rows has turned bits gives fewer of them, and nothing else would tell."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise ValueError(" ".join(str(found).split()))


@contextlib.contextmanager
def _part(file: Path, what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told(error, file, what) from error
    except _BROKEN as error:
        raise damaged(file, what, error) from error


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


def _dictionaries(connection: sqlite3.Connection) -> _Names:
    return _Names(
        processes={key: process_from(name) for key, name in connection.execute("SELECT id, identity FROM process")},
        metrics={key: column_from(name) for key, name in connection.execute("SELECT id, name FROM metric")},
        layouts={key: unpack_layout(packed) for key, packed in connection.execute("SELECT id, metrics FROM layout")},
    )


def _loose(names: _Names, pieces: Sequence[Piece]) -> tuple[LooseRows, dict[int, int]]:
    import numpy as np

    from leakdoc.sampling.assembly import LifeName, LooseRows

    lives: dict[Hashable, int] = {}
    life_of_process = {key: lives.setdefault(life_key(each), len(lives)) for key, each in names.processes.items()}
    known = {life_of_process[key]: each for key, each in names.processes.items()}
    rows = LooseRows(
        times=np.concatenate([each.at for each in pieces]),
        life=np.concatenate([_lives_of(each, life_of_process) for each in pieces]),
        lives=[LifeName(pid=known[life].pid, started_at=known[life].started_at) for life in range(len(lives))],
        columns=_columns(names, pieces),
    )
    return rows, life_of_process


def _lives_of(piece: Piece, life_of_process: Mapping[int, int]) -> npt.NDArray[np.intp]:
    import numpy as np

    known, place = np.unique(piece.process, return_inverse=True)
    return np.array([life_of_process[key] for key in known.tolist()], dtype=np.intp)[place]


def _columns(names: _Names, pieces: Sequence[Piece]) -> dict[Column, FloatArray]:
    """Put the pieces one behind the other; minima and maxima of thinned samples are columns of their own.

    Those have the label ``stat``, and are left out where a metric has labels: nobody is to add them up with others.
    """
    import numpy as np

    labelled = {column.metric for column in names.metrics.values() if column.labels}
    length = sum(len(piece.at) for piece in pieces)
    dense: dict[Column, FloatArray] = {column: np.full(length, np.nan) for column in names.metrics.values()}
    first = 0
    for piece in pieces:
        for (metric, statistic), (rows, values) in piece.readings.items():
            column = names.metrics[metric]
            if statistic and column.metric in labelled:
                continue
            if statistic:
                column = Column.of(column.metric, stat=statistic)
                dense.setdefault(column, np.full(length, np.nan))
            dense[column][first + rows] = values
        first += len(piece.at)
    return dense


def _absences(connection: sqlite3.Connection, life_of_process: dict[int, int]) -> Absences:
    absences = Absences()
    for process, reasons in connection.execute("SELECT process, reasons FROM absence ORDER BY sample"):
        by_metric = {str(metric): str(reason) for metric, reason in json.loads(reasons).items()}
        absences.add(life_of_process[process], by_metric)
    return absences
