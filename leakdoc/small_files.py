"""Small files that a person names: settings, rules, secrets; through a pipe too, which is not waited on for long."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 10.0  # for a program at the other end to write all that it has: a secret store asks its server
LARGEST: Final = 1 << 20


def read_small(path: str | Path, *, most: int = LARGEST, within_s: float | None = None) -> bytes:
    """Return what a file holds, its first `most` bytes.

    Args:
        within_s: how long a pipe may take to come to its end, 10 s if null; one that nobody writes into has none.

    Raises:
        OSError: it cannot be read; of a pipe that takes longer, with ``ETIMEDOUT``.
        ValueError: a NUL is in the name.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb", buffering=0):
        if stat.S_ISREG(os.fstat(descriptor).st_mode) or not hasattr(select, "poll"):
            return _whole(descriptor, most)
        patience_s = PATIENCE_S if within_s is None else within_s
        return _in_time(descriptor, str(path), most, time.monotonic() + patience_s)


def _whole(descriptor: int, most: int) -> bytes:
    held = b""
    while len(held) < most and (part := os.read(descriptor, most - len(held))):
        held += part
    return held


def _in_time(descriptor: int, name: str, most: int, until: float) -> bytes:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    held = b""
    while len(held) < most:
        left = until - time.monotonic()
        if left <= 0 or not poller.poll(left * 1000):
            raise TimeoutError(errno.ETIMEDOUT, "nobody wrote it to its end in time", name)
        if not (part := os.read(descriptor, most - len(held))):
            break
        held += part
    return held
