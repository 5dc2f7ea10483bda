"""How many descriptors are open, and how many may be."""

from __future__ import annotations

from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, parse_open_files_limit

METRICS: Final = ("open_fds",)
_OPEN: Final = Column("open_fds")


class DescriptorsProbe:
    """The number of open descriptors.

    From kernel 6.2 on the size of `/proc/PID/fd` is that number, for anyone to see (fs/proc/fd.c,
    `proc_readfd_count`); before, it is zero, and the directory is listed, which only its user may.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self, reading: Reading) -> None:
        """Put the number; a size of zero is believed only after a listing."""
        count = self._directory.size("fd") or len(self._directory.names("fd"))
        if not count:
            self._directory.require_main_thread()
        reading.values[_OPEN] = float(count)


class OpenFilesLimitProbe:
    """The soft limit of open descriptors, which a process may change while it runs."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self, reading: Reading) -> None:
        """Note the limit."""
        reading.standing.open_files_limit = parse_open_files_limit(self._directory.text("limits"))
