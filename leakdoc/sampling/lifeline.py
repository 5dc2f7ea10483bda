"""Whether a process still lives, and how it ended."""

from __future__ import annotations

import os
import select
from typing import Protocol

from leakdoc.sampling.exit_status import ExitStatus, exit_status_of, from_wait_status
from leakdoc.sampling.process import Target, gone
from leakdoc.sampling.procfs import ProcessDirectory, Stat


class Lifeline(Protocol):
    """Knows whether one process still lives."""

    @property
    def descriptor(self) -> int | None:
        """A descriptor that becomes readable when the process ends; null where there is none."""

    def has_ended(self) -> bool:
        """Say whether the process has ended; a zombie has."""

    def exit_status(self) -> ExitStatus | None:
        """Return how it ended; null while nobody can tell us."""


class LinuxLifeline:
    """A process held by its open directory in /proc and, where the kernel has them, by a pidfd.

    Neither can come to mean another process that is given the same pid.

    Raises:
        TargetGone: the process has ended, and its pid may be another's by now.
    """

    def __init__(self, target: Target, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._last: Stat | None = None
        self._pidfd = _open_pidfd(target.pid)
        try:
            self._last = directory.stat()
        except (ProcessLookupError, FileNotFoundError):
            raise gone(target.pid) from None
        if self._last.start_ticks != target.identity.start_ticks:
            raise gone(target.pid)

    def __del__(self) -> None:
        fd, self._pidfd = getattr(self, "_pidfd", None), None
        if fd is not None:
            os.close(fd)

    @property
    def descriptor(self) -> int | None:
        """The pidfd (pidfd_open(2), Linux 5.3); null on older kernels."""
        return self._pidfd

    def has_ended(self) -> bool:
        """Say whether the process has ended; a zombie has."""
        if self._pidfd is not None:
            return _is_readable(self._pidfd)
        try:
            self._last = self._directory.stat()
        except (ProcessLookupError, FileNotFoundError):
            return True
        return self._last.is_dead and self._last.threads <= 1

    def exit_status(self) -> ExitStatus | None:
        """Return how it ended, from whichever source may tell us; it is not collected from its parent."""
        try:
            self._last = self._directory.stat()
        except (ProcessLookupError, FileNotFoundError):
            return exit_status_of(self._pidfd)
        if self._last.is_dead and self._last.exit_code:
            return from_wait_status(self._last.exit_code)
        return exit_status_of(self._pidfd)


def _open_pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


def _is_readable(fd: int) -> bool:
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(0))
