"""The lock that a recording's writer holds for its life, so that there is one writer at a time.

It is a file beside the recording, and not a lock on the recording itself: closing any descriptor of a file gives up
all POSIX locks that the process has on it, those of SQLite included (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from leakdoc.errors import RecordingBusy
from leakdoc.redact import inert


class WriterLock:
    """An exclusive lock, given up when it is released or when the process ends, however it ends.

    Raises:
        RecordingBusy: another writer holds it.
        OSError: the lock's file could not be made.
    """

    def __init__(self, recording: Path) -> None:
        self.path = recording.with_name(recording.name + "-lock")
        self._descriptor = self._take()

    def release(self) -> None:
        """Give the lock up and take its file away."""
        with contextlib.suppress(OSError):  # Windows does not delete open files; a file left over locks nobody out
            self.path.unlink()
        os.close(self._descriptor)

    def _take(self) -> int:
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                _lock(descriptor)
            except OSError:
                os.close(descriptor)
                raise RecordingBusy(
                    f"another watch is writing {inert(self.path.name.removesuffix('-lock'))}",
                    help="Stop it first, or record into another file.",
                ) from None
            if self._is_current(descriptor):
                return descriptor
            os.close(descriptor)  # its last holder took the file away between our opening and our locking it

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
