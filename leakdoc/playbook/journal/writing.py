"""Appending to a journal: whole lines or nothing, on disk before anybody relies on them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from leakdoc.errors import JournalError
from leakdoc.model.journal import Event, EventType
from leakdoc.playbook.journal.lines import line_of, sealed
from leakdoc.playbook.journal.reading import chained, read_journal
from leakdoc.redact import inert
from leakdoc.redact.scrubber import Scrubber

PATIENCE_S: Final = 20.0  # with another's line; a disk that writes one takes seconds at worst
_BETWEEN_S: Final = 0.002
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class JournalFile:
    """A journal that is open for appending. Several processes may append: each line is written under a lock.

    Args:
        path: the file; it is made, readable by its owner only, where it is not there.
        now: seconds since the epoch, UTC.

    Raises:
        JournalError: it cannot be opened.
        DamagedSource: what is there already is not to be believed.
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self._now = now
        self._name = inert(str(path))
        self._last: Event | None = None
        self._size = 0
        self._known = Scrubber()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"cannot write the journal {self._name}: {error.strerror}") from None
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise JournalError(f"the journal {self._name} is not a plain file", help="Name another file.")
            with self._alone():
                self._set_torn_line_aside()
                self.events = list(read_journal(path).events)
                self._size = os.fstat(self._file).st_size
                self._last = self.events[-1] if self.events else None
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> str | None:
        """The hash of the last line that is known here."""
        return None if self._last is None else self._last.sha256

    def append(self, type_: EventType, run: str, **fields: Any) -> Event:
        """Write one event, and return when it is on disk.

        Raises:
            JournalError: it could not be written; then nothing of it is there.
        """
        with self._alone():
            self._catch_up()
            said = Event(seq=len(self.events), at=self._now(), type=type_, run=run, prev=self.head, **fields)
            event = sealed(said, self._known)
            self._write(line_of(event))
            self.events.append(event)
            self._last = event
        return event

    def refresh(self) -> None:
        """Read what others have appended."""
        with self._alone():
            self._catch_up()

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _take(self) -> None:
        """Wait for whoever writes a line; that takes milliseconds, unless it was stopped in the middle."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    told = "See who has it open, e.g. by fuser, and whether it was stopped."
                    raise JournalError(f"another process keeps the journal {self._name} to itself", help=told) from None
            time.sleep(_BETWEEN_S)

    def _catch_up(self) -> None:
        size = os.fstat(self._file).st_size
        if size < self._size:
            raise JournalError(f"the journal {self._name} has become shorter while it is written")
        if size > self._size:
            self._set_torn_line_aside()
            size = os.fstat(self._file).st_size
            added = os.pread(self._file, size - self._size, self._size)
            self.events += chained(added.split(b"\n")[:-1], self._name, self._last)
            self._last = self.events[-1] if self.events else None
            self._size = size

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._file, line)
            if written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            why = "the disk is full" if error.errno in _FULL else str(error.strerror)
            raise JournalError(
                f"cannot write the journal {self._name}: {why}", help="Nothing more is begun until it can be written."
            ) from None
        self._size += len(line)

    def _set_torn_line_aside(self) -> None:
        """Keep an unfinished last line in a file beside the journal, and go on after the last whole line."""
        size = os.fstat(self._file).st_size
        data = os.pread(self._file, size, 0)
        whole = data.rfind(b"\n") + 1
        if whole == size:
            return
        aside = self.path.with_name(f"{self.path.name}.torn")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data[whole:] + b"\n")
        finally:
            os.close(descriptor)
        os.ftruncate(self._file, whole)
