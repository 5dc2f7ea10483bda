"""A directory in the file system of a target, 0700 and of the target's user, removed when it is no longer needed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leakdoc.errors import AttachRefused
from leakdoc.sampling.procfs import ProcessDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A directory in the target's file system: as the target names it, and as we reach it."""

    inside: str
    outside: Path


@contextlib.contextmanager
def place_in(directory: ProcessDirectory) -> Iterator[Place]:
    """Make a directory in the target's `/tmp`, and remove it, with what is in it, at the end of the block.

    Raises:
        AttachRefused: nothing can be written there.
    """
    inside = f"/tmp/leakdoc-sent-{secrets.token_hex(8)}"
    outside = Path(f"/proc/{directory.pid}/root{inside}")
    try:
        if outside.parent.is_symlink():  # it would lead out of the target's file system into ours
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        outside.mkdir(mode=0o700)
    except OSError as error:
        raise AttachRefused(
            f"nothing can be written into /tmp of process {directory.pid}: {error.strerror}",
            help="Start it with an agent instead: `leakdoc run --agent -- CMD`.",
        ) from error
    try:
        yield Place(inside=inside, outside=outside)
    except OSError as error:
        if error.filename and str(error.filename).startswith(str(outside)):
            raise AttachRefused(f"{inside} of process {directory.pid} cannot be written: {error.strerror}") from error
        raise
    finally:
        shutil.rmtree(outside, ignore_errors=True)


def hand_over(place: Place, pid: int) -> None:
    """Give the directory, and what is in it, to the target's user, who is to write there."""
    owner = Path(f"/proc/{pid}").stat()
    if owner.st_uid != os.geteuid():
        for path in (*place.outside.iterdir(), place.outside):
            os.chown(path, owner.st_uid, owner.st_gid)
