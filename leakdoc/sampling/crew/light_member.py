"""One of many processes, read as cheaply as the kernel allows: memory and descriptors, nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Final

from leakdoc.errors import TargetGone
from leakdoc.model.facts import Ending
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity
from leakdoc.sampling.ending import ending_of
from leakdoc.sampling.linux_target import identity_of
from leakdoc.sampling.probes.memory import PRIVATE, RSS, SHARED
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory
from leakdoc.sampling.timeline import Instant

METRICS: Final = ("rss_bytes", "shared_bytes", "private_bytes", "open_fds")
_OPEN: Final = Column("open_fds")
_NOTHING: Final[dict[str, str]] = {}  # shared by all samples: nobody changes a sample
_AT, _PROCESS, _VALUES, _UNAVAILABLE = (vars(Sample)[each.name].__set__ for each in fields(Sample))
_LONGEST: Final = 128  # seven numbers of 64 bits


def _sample(
    at: float,
    process: ProcessIdentity,
    values: dict[Column, float],
    new: Callable[[type[Sample]], Sample] = object.__new__,
) -> Sample:
    """Return a sample, its slots filled directly: the way in for frozen values takes a tenth of a tick longer."""
    sample = new(Sample)
    _AT(sample, at)
    _PROCESS(sample, process)
    _VALUES(sample, values)
    _UNAVAILABLE(sample, _NOTHING)
    return sample


class LightMember:
    """A process held by its open `statm`, which answers ESRCH once it has ended, whoever has its pid by then.

    Both descriptors stay open: asking by path would cost twice as much.

    Raises:
        OSError: it has ended, or is not shown to us, or we have too many files open.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._statm = KeptFile(directory := ProcessDirectory(pid), "statm")
        self._open = KeptFile(directory, "fd", os.O_PATH | os.O_DIRECTORY)  # others' may be counted, not listed
        self.identity = identity_of(pid, directory.stat())
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._statm_fd, self._open_fd = self._statm.fd, self._open.fd
        self._before, self._count = b"", 0
        self._values: dict[Column, float] = {}
        self._ended_at = 0.0

    def sample(self, now: Instant) -> Sample:
        """Read memory and descriptors.

        Raises:
            TargetGone: the process has ended.
        """
        try:
            count = os.fstat(self._open_fd).st_size
            text = os.pread(self._statm_fd, _LONGEST, 0)
        except (ProcessLookupError, FileNotFoundError):
            raise self._gone(now) from None
        if text != self._before or count != self._count:
            self._read(text, count, now)
        return _sample(now.at, self.identity, self._values)

    def ending(self) -> Ending:
        """Return how it ended, which nobody tells of one that is watched so lightly."""
        return ending_of(self._ended_at, None, oom_killed=False)

    def _read(self, text: bytes, count: int, now: Instant) -> None:
        _, resident, shared, _ = text.split(b" ", 3)
        pages, of_files = int(resident), int(shared)
        if not pages:
            raise self._gone(now)
        of_files = min(of_files, pages)
        values = {
            RSS: float(pages * self._page),
            SHARED: float(of_files * self._page),
            PRIVATE: float((pages - of_files) * self._page),
        }
        if count:  # zero before kernel 6.2, which does not tell
            values[_OPEN] = float(count)
        self._before, self._count, self._values = text, count, values

    def _gone(self, now: Instant) -> TargetGone:
        self._ended_at = now.at
        return TargetGone(f"process {self.pid} has ended")
