"""A recording: the crash-safe file of samples that a watch writes, and everything else reads."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from leakdoc.errors import RecordingError, RecordingFull
from leakdoc.model.sample import Sample
from leakdoc.model.subject import Subject
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import why
from leakdoc.sampling.instants import is_instant
from leakdoc.sampling.recording_facts import facts_text
from leakdoc.sampling.recording_file import open_for_writing
from leakdoc.sampling.recording_lock import WriterLock
from leakdoc.sampling.recording_names import RecordingNames
from leakdoc.sampling.recording_reader import read_recording
from leakdoc.sampling.recording_schema import checksum, pack_readings, subject_text, text
from leakdoc.sampling.recording_sealing import Sealer
from leakdoc.sampling.retention import Retention

if TYPE_CHECKING:
    from leakdoc.model.trace import Facts

__all__ = ["RecordingWriter", "read_recording"]

_FREE_SHARE: Final = 0.1
_QUICKLY_WRITTEN: Final = 64 * 2**20  # in well under a second
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_OPEN_RUN: Final = "INSERT INTO run (opened_at, subject) VALUES (?, ?)"
_INSERT_ABSENCE: Final = "INSERT INTO absence (sample, process, reasons) VALUES (?, ?, ?)"
_INSERT: Final = "INSERT INTO sample (at, process, layout, readings, crc) VALUES (?, ?, ?, ?, ?)"


class RecordingWriter:
    """Writes samples of one subject into a file; each is kept once `append` has returned, even if we are killed.

    A recording of the same subject is continued. One thread at a time.

    Args:
        path: where to; made readable by its owner only. It may not exist, be empty, or be a recording.
        clock: tells the time, seconds since the epoch.
        retention: how large the file may grow, and how old samples may become.

    Raises:
        RecordingBusy: another writer holds the file.
        RecordingFull: the disk is full.
        RecordingError: the path cannot be written, holds something else, or another subject's recording.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        subject: Subject,
        *,
        clock: Callable[[], float] = time.time,
        retention: Retention | None = None,
    ) -> None:
        self.path = Path(path)
        self._absences: dict[int, str] = {}
        self._closed = False
        with self._failures(), contextlib.ExitStack() as undo:
            _refuse_folder(self.path)
            self.path = Path(os.path.realpath(path))  # one file has one lock, by whatever name it is reached
            self._lock = WriterLock(self.path)
            undo.callback(self._lock.release)
            bounds = Retention() if retention is None else retention
            self._connection = open_for_writing(self.path, subject, largest_bytes=bounds.largest_bytes)
            undo.callback(self._connection.close)
            opened = self._connection.execute(_OPEN_RUN, (clock(), subject_text(subject)))
            self._run = opened.lastrowid
            self._names = RecordingNames(self._connection)
            self._sealer = Sealer(self._connection, bounds, self._transaction, clock)
            undo.pop_all()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, sample: Sample) -> None:
        """Keep one sample.

        Raises:
            RecordingFull: the disk, or the size allowed, is used up; what was kept before stays.
            RecordingError: the sample could not be written, or the recording is closed.
        """
        self.append_all((sample,))

    def append_all(self, samples: Sequence[Sample]) -> None:
        """Keep the samples of one instant: all of them, or, where that fails, none.

        Raises:
            RecordingFull, RecordingError: as `append` does.
        """
        for sample in samples:
            if not is_instant(sample.at):
                raise RecordingError(f"a sample needs a time in seconds since the epoch, not {sample.at}")
        try:
            if len(samples) == 1:
                self._append(samples[0])
            else:
                with self._transaction():
                    for sample in samples:
                        self._append(sample)
        except sqlite3.Error as error:
            self._absences.clear()
            raise _told(error, self.path) from error
        with contextlib.suppress(sqlite3.Error):  # what cannot be sealed now stays as it is; it is acknowledged
            self._sealer.added(len(samples), len(samples))

    def set_facts(self, facts: Facts) -> None:
        """Keep what is known of the subject beside its samples; replaces what this run has said before.

        Raises:
            RecordingFull, RecordingError: as `append` does.
        """
        with self._failures():
            self._connection.execute("UPDATE run SET facts = ? WHERE id = ?", (facts_text(facts), self._run))

    def set_subject(self, subject: Subject) -> None:
        """Keep what the subject is called now; raises as `set_facts` does."""
        with self._failures():
            self._connection.execute("UPDATE run SET subject = ? WHERE id = ?", (subject_text(subject), self._run))

    def close(self) -> None:
        """Fold everything into one plain file and give the lock up; where that is impossible a ``-wal`` file stays."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(sqlite3.Error):
            self._sealer.finish()
            self._give_back_room()
        with contextlib.suppress(sqlite3.Error):  # a full disk, or a reader at work: every sample is in the -wal file
            self._connection.execute("PRAGMA journal_mode = DELETE")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()

    def _give_back_room(self) -> None:
        """Make the file smaller, where that is quick and worth it."""
        pages, free, page = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if free > _FREE_SHARE * pages and (pages - free) * page <= _QUICKLY_WRITTEN:
            self._connection.execute("VACUUM")

    def _append(self, sample: Sample) -> None:
        process, layout = self._names.process(sample.process), self._names.layout(tuple(sample.values))
        readings = pack_readings(sample.values.values(), len(sample.values))
        row = (sample.at, process, layout, readings, checksum(sample.at, process, layout, readings))
        reasons = text(dict(sample.unavailable)) if sample.unavailable else ""
        if self._absences.get(process, "") == reasons:
            self._connection.execute(_INSERT, row)
        else:
            self._append_with_absence(row, process, reasons)

    def _append_with_absence(self, row: tuple[object, ...], process: int, reasons: str) -> None:
        with self._transaction():
            sample = self._connection.execute(_INSERT, row).lastrowid
            self._connection.execute(_INSERT_ABSENCE, (sample, process, reasons or "{}"))
        self._absences[process] = reasons

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all of it or nothing; inside another one, as a part of that."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):  # a full disk rolls back by itself
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _told(error, self.path) from error
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise _refused(error, self.path) from error


def _told(error: sqlite3.Error, path: Path) -> RecordingError:
    if getattr(error, "sqlite_errorcode", None) in _NO_ROOM:
        return _full(path)
    return RecordingError(f"{inert(path.name)} cannot be written: {error}", help="What was recorded before is kept.")


def _refused(error: OSError | ValueError, path: Path) -> RecordingError:
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return _full(path)
    return RecordingError(
        f"{inert(path.name)} cannot be written: {why(error)}",
        help="Name a file in a directory that exists and that you may write to.",
    )


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise RecordingError(
            f"{inert(os.fspath(path))} is a folder", help="Name a file to record into, such as before.leakdoc."
        )


def _full(path: Path) -> RecordingFull:
    return RecordingFull(
        f"{inert(path.name)} cannot grow: the disk, a quota or the size allowed is used up",
        help="What was recorded is kept. Free some space, or record to another disk.",
    )
