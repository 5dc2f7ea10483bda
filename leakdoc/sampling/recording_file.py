"""Opening a recording's file: making it whole, refusing what is none, and reading it where nothing may be written."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from leakdoc.errors import DamagedSource, RecordingError, SourceError, UnreadableSource
from leakdoc.model.subject import Subject
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import check_file, why
from leakdoc.sampling.recording_schema import APPLICATION_ID, TABLES, TABLES_OF, VERSION, subject_from

_BUSY_S: Final = 5.0  # how long to wait for the moment in which a writer opens or closes the file
_LONGEST_CELL: Final = 64 * 2**20  # a forged length must not ask for more memory than any real cell needs
_LOG_MARK: Final = 18  # offset of the "write version" in the header of an SQLite file (sqlite.org/fileformat2.html)
_LOGGED: Final = b"\x02"
_UNOPENED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})
_NOT_DAMAGE: Final = _UNOPENED | {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_AUTH,
}  # fmt: skip


def open_for_writing(path: Path, subject: Subject, *, largest_bytes: int) -> sqlite3.Connection:
    """Open a recording for its only writer, and make it first where there is none.

    Raises:
        RecordingError: the path holds something else, or another subject's recording.
        OSError, sqlite3.Error: it cannot be written.
    """
    if not _exists_with_content(path):
        _make(path)
    else:
        _refuse_other(path, subject)
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {max(1, largest_bytes // page)}")
        _bring_up_to_date(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Make a recording of an older version one of this version, in one transaction."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < VERSION:
        new = [sql for name, sql in TABLES.items() if name not in TABLES_OF[version]]
        connection.executescript(f"BEGIN; {'; '.join(new)}; PRAGMA user_version = {VERSION}; COMMIT")


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a recording as it is at this moment, whether or not it is being written, and check that it is one.

    Nothing is written beside it unless SQLite needs to; on read-only media it is read as it stands.

    Raises:
        UnreadableSource: missing, not permitted, too large, no recording, or of a newer version.
        DamagedSource: a recording, but broken.
    """
    check_file(path)
    with _damage_told(path, "its tables"), contextlib.ExitStack() as stack:
        connection = _connect_somehow(path, stack)
        connection.execute("BEGIN")
        _check_identity(connection, path)
        yield connection


@contextlib.contextmanager
def _damage_told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told(error, path, what) from error
    except UnicodeDecodeError as error:
        raise damaged(path, what, error) from error


def log_is_lost(path: Path) -> bool:
    """Say whether a recording that was not closed lacks the log that holds its last samples."""
    try:
        if path.with_name(path.name + "-wal").exists():
            return False
        with path.open("rb") as file:
            return file.read(_LOG_MARK + 1)[_LOG_MARK:] == _LOGGED
    except (OSError, ValueError):
        return False  # what is wrong with the file is said when it is opened


def told(error: sqlite3.Error, path: Path, what: str) -> SourceError:
    """Say what SQLite met while a part of a recording was read."""
    primary = (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
    if primary == sqlite3.SQLITE_NOTADB:
        return UnreadableSource(f"{inert(path.name)} is not a leakdoc recording")
    if primary in _NOT_DAMAGE:
        return UnreadableSource(f"{inert(path.name)} cannot be read: {error}")
    return damaged(path, what, error)


def damaged(path: Path, what: str, error: Exception) -> DamagedSource:
    """Return the error for a recording of which a part does not read."""
    return DamagedSource(
        f"{inert(path.name)} is damaged: {what} cannot be read ({inert(str(error))})",
        help="Copy it again from where it was written, with the -wal file beside it if there is one.",
    )


def _exists_with_content(path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode):
        raise RecordingError(f"{inert(path.name)} is not a plain file", help="Name a new file to record into.")
    return status.st_size > 0


def _make(path: Path) -> None:
    """Make an empty recording under a name of its own and move it into place, so that it is never seen half made."""
    prefix = f".{path.name}.leakdoc-"
    for left in [each for each in path.parent.iterdir() if each.name.startswith(prefix)]:
        left.unlink(missing_ok=True)  # by a writer that was killed here: this one holds the lock
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=path.parent)
    os.close(descriptor)
    new = Path(name)
    try:
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.executescript(
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; "
                f"BEGIN; {'; '.join(TABLES.values())}; COMMIT"
            )
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _refuse_other(path: Path, subject: Subject) -> None:
    try:
        with open_for_reading(path) as connection:
            stored = connection.execute("SELECT subject FROM run ORDER BY id DESC LIMIT 1").fetchone()
            found = subject_from(stored[0]) if stored else subject
    except (SourceError, ValueError, TypeError) as error:
        raise RecordingError(f"cannot record into {inert(path.name)}: {error}", help=_ANOTHER) from error
    if (found.kind, found.name, found.host) != (subject.kind, subject.name, subject.host):
        raise RecordingError(
            f"{inert(path.name)} is a recording of {found.kind} {inert(found.name)}, not of {inert(subject.name)}",
            help=_ANOTHER,
        )


_ANOTHER: Final = "Nothing was changed. Name another file to record into."


def _connect_somehow(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    try:
        return _connect(path, "mode=ro", stack)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _UNOPENED:
            raise
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        return _connect(path, "immutable=1", stack)
    return _connect(_copy(path, log, stack), "mode=ro", stack)


def _copy(path: Path, log: Path, stack: contextlib.ExitStack) -> Path:
    """Copy a recording whose writer was killed to where its log can be folded in."""
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leakdoc-")))
    try:
        for each in (path, log):
            shutil.copyfile(each, directory / each.name)
    except OSError as error:
        raise UnreadableSource(f"{inert(path.name)} cannot be read: {why(error)}") from error
    return directory / path.name


def _connect(path: Path, how: str, stack: contextlib.ExitStack) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
    stack.callback(connection.close)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA schema_version").fetchone()  # the first read: fails here when the file cannot be opened
    return connection


def _check_identity(connection: sqlite3.Connection, path: Path) -> None:
    name = inert(path.name)
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UnreadableSource(f"{name} is a database, but not a leakdoc recording")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise UnreadableSource(
            f"{name} was recorded by a newer leakdoc (format {version}, this one reads {VERSION})",
            help="Upgrade: pip install --upgrade leakdoc",
        )
    stored = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if dict(stored) != TABLES_OF.get(version):
        raise DamagedSource(f"{name} is damaged: its tables are not those of a recording")
