"""One run, one runner: a lock that its holder's death releases."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from leakdoc.errors import JournalError, RunBusy
from leakdoc.redact import inert

PATIENCE_S: Final = 10.0  # a killed runner's step ends within moments, and holds the lock until it has
_BETWEEN_S: Final = 0.05


@contextlib.contextmanager
def only_runner(journal: Path, pause: Callable[[float], object]) -> Iterator[int]:
    """Hold the lock of a journal's run, and yield its descriptor.

    Args:
        pause: waits for some seconds.

    Raises:
        RunBusy: another runner holds it.
        JournalError: there is no place for it.
    """
    path = journal.with_name(f".{journal.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"cannot write beside the journal {inert(str(journal))}: {error.strerror}") from None
    try:
        _take(descriptor, journal, pause)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, journal: Path, pause: Callable[[float], object]) -> None:
    waited = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if waited >= PATIENCE_S:
                raise RunBusy(
                    f"another runner is at work on {inert(str(journal))}", help="Wait until it has ended, or end it."
                ) from None
        pause(_BETWEEN_S)
        waited += _BETWEEN_S
