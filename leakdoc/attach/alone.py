"""One leakdoc inside a process at a time: a lock of this machine, let go of by the kernel when its holder ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from leakdoc.errors import AttachBusy, AttachRefused

_DIRECTORIES: Final = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # the first that can be written to
_NAME: Final = re.compile(r"leakdoc-attach-(?P<uid>\d+)-(?P<pid>\d+)\.lock")


@contextlib.contextmanager
def alone(pid: int) -> Iterator[None]:
    """Make sure that no other leakdoc of this user is inside the process.

    Raises:
        AttachBusy: one is.
        AttachRefused: no lock can be made.
    """
    directory = next((each for each in _DIRECTORIES if os.access(each, os.W_OK)), None)
    if directory is None:
        raise AttachRefused(
            "no lock can be made: neither /tmp nor /var/tmp nor /dev/shm can be written to here",
            help="Run leakdoc where one of them can be.",
        )
    _sweep(directory)
    path = directory / f"leakdoc-attach-{os.geteuid()}-{pid}.lock"
    try:
        descriptor = _taken(path)
    except OSError as error:
        raise AttachRefused(f"no lock can be made at {path}: {error.strerror}", help="Remove it.") from error
    if descriptor is None:
        raise AttachBusy(
            f"another leakdoc is inside process {pid} already", help="Wait until it is done, and try again."
        )
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    """Return a descriptor that holds the lock; null where somebody else does, or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == path.lstat().st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _sweep(directory: Path) -> None:
    """Remove the locks that killed ones of this user left of processes that are no more."""
    for path in directory.glob(f"leakdoc-attach-{os.geteuid()}-*.lock"):
        match = _NAME.fullmatch(path.name)
        if match is None or Path(f"/proc/{match['pid']}").exists():
            continue
        with contextlib.suppress(OSError):
            descriptor = _taken(path)
            if descriptor is not None:
                path.unlink()
                os.close(descriptor)
