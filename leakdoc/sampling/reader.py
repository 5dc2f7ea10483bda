"""Writing to whoever reads our standard output: for as long as that pauses, but not when we are to end."""

from __future__ import annotations

import errno
import io
import os
import select
import threading
import time
from typing import Final, TextIO

PATIENCE_S: Final = 5.0  # with a reader that takes nothing, once we were told to end
_LOOK_S: Final = 0.2
_AT_ONCE: Final = 4096  # bytes that a pipe which says that it has room takes without waiting (PIPE_BUF)


class Reader:
    """The other side of a stream that is written to.

    Args:
        ending: set once we are to end.
    """

    def __init__(self, out: TextIO, ending: threading.Event) -> None:
        self._out, self._ending = out, ending
        self._descriptor = _descriptor_of(out)
        self._until: float | None = None

    def give(self, text: str) -> None:
        """Write all of a text.

        Raises:
            OSError: nobody reads any more, or, with ``ETIMEDOUT``, nobody goes on reading though we are to end.
        """
        if self._descriptor is None:
            self._out.write(text)
            self._out.flush()
            return
        self._out.flush()
        left = memoryview(text.encode("utf-8"))
        while left:
            self._await_room(self._descriptor)
            left = left[os.write(self._descriptor, left[:_AT_ONCE]) :]

    def _await_room(self, descriptor: int) -> None:
        poller = select.poll()
        poller.register(descriptor, select.POLLOUT)
        while not poller.poll(_LOOK_S * 1000):
            if not self._ending.is_set():
                continue
            self._until = self._until or time.monotonic() + PATIENCE_S
            if time.monotonic() > self._until:
                raise TimeoutError(errno.ETIMEDOUT, "who reads it has paused, and we are to end")


def _descriptor_of(out: TextIO) -> int | None:
    """Return what can be asked whether it has room; null for what is no file, and where there is no asking."""
    try:
        return out.fileno() if hasattr(select, "poll") else None
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None
