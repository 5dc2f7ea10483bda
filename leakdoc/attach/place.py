"""A directory in the file system of a target, 0700 and of the target's user, removed when it is no longer needed.

Whoever made it holds a lock on a file in it for as long as it lives, in whatever namespace: a directory whose lock is
free was left by somebody who was killed, and is removed by the next who comes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.errors import AttachRefused
from leakdoc.sampling.procfs import ProcessDirectory

PREFIX: Final = "leakdoc-sent-"
BASES: Final = ("/tmp", "/var/tmp", "/dev/shm")  # the last is there in containers whose root is read-only
_ROOM_BYTES: Final = 1 << 20  # two small files and a socket
_LOCK: Final = "lock"
_YOUNG_S: Final = 60.0  # one without a lock may be about to get it, or its agent about to remove it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A directory in the target's file system: as the target names it, and as we reach it."""

    inside: str
    outside: Path


@contextlib.contextmanager
def place_in(directory: ProcessDirectory) -> Iterator[Place]:
    """Make a directory where the target can write, and remove it, with what is in it, at the end of the block.

    Raises:
        AttachRefused: nothing can be written there.
    """
    name = f"{PREFIX}{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        base = _made(directory, name, stack)
        outside = Path(f"/proc/{directory.pid}/root{base}/{name}")
        try:
            yield Place(inside=f"{base}/{name}", outside=outside)
        except OSError as error:
            if error.filename and str(error.filename).startswith(str(outside)):
                raise AttachRefused(
                    f"{base}/{name} of process {directory.pid} cannot be written: {error.strerror}"
                ) from error
            raise


def bases_in(directory: ProcessDirectory) -> list[str]:
    """Return those of `BASES` that are there for the target, are not read-only, and have room."""
    return [base for base in BASES if _has_room(Path(f"/proc/{directory.pid}/root{base}"))]


def _has_room(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_dir():  # a link would lead out of the target's file system into ours
            return False
        found = os.statvfs(path)
    except OSError:
        return False
    return not found.f_flag & os.ST_RDONLY and found.f_bavail * found.f_frsize >= _ROOM_BYTES


def _made(directory: ProcessDirectory, name: str, stack: contextlib.ExitStack) -> str:
    """Make the directory, and have it removed at the end; return where it is."""
    why = "they are not there, full or read-only"
    for base in bases_in(directory):
        with contextlib.ExitStack() as attempt:
            try:
                temporary = attempt.enter_context(_opened(directory, base))
                remove_leftovers(temporary, {os.geteuid(), Path(f"/proc/{directory.pid}").stat().st_uid})
                os.mkdir(name, 0o700, dir_fd=temporary)
                attempt.callback(shutil.rmtree, name, ignore_errors=True, dir_fd=temporary)
                _lock(temporary, name, attempt)
            except OSError as error:
                why = str(error.strerror)
                continue
            stack.push(attempt.pop_all())
            return base
    raise AttachRefused(
        f"nothing can be written into {', '.join(BASES)} of process {directory.pid}: {why}",
        help="Give it room there, or start it with an agent: `leakdoc run --agent -- CMD`.",
    )


def hand_over(place: Place, pid: int) -> None:
    """Give the directory, and what is in it, to the target's user, who is to write there."""
    owner = Path(f"/proc/{pid}").stat()
    if owner.st_uid != os.geteuid():
        for path in (*place.outside.iterdir(), place.outside):
            os.chown(path, owner.st_uid, owner.st_gid)


def remove_leftovers(temporary: int, owners: set[int]) -> list[str]:
    """Remove what killed ones left in an open directory, of these users; return the names.

    Links are not followed, neither here nor by what removes.
    """
    removed = []
    for name in os.listdir(temporary):
        if name.startswith(PREFIX) and _is_left(temporary, name, owners):
            shutil.rmtree(name, ignore_errors=True, dir_fd=temporary)
            removed.append(name)
    return removed


@contextlib.contextmanager
def _opened(directory: ProcessDirectory, base: str) -> Iterator[int]:
    """Open a directory of the target's: by this it is reached also when the process is gone."""
    path = Path(f"/proc/{directory.pid}/root{base}")
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(temporary: int, name: str, stack: contextlib.ExitStack) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(f"{name}/{_LOCK}", flags, 0o600, dir_fd=temporary)
    stack.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_left(temporary: int, name: str, owners: set[int]) -> bool:
    try:
        found = os.stat(name, dir_fd=temporary, follow_symlinks=False)
        if found.st_uid not in owners:
            return False
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(f"{name}/{_LOCK}", flags, dir_fd=temporary)
    except FileNotFoundError:
        return time.time() - found.st_mtime > _YOUNG_S
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
