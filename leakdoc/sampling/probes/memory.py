"""Resident, shared and private memory from `/proc/PID/statm`, and what only `/proc/PID/status` tells."""

from __future__ import annotations

import os
from typing import Final

from leakdoc.model.sample import Column, Reason
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory, UnexpectedText, parse_status

RSS: Final = Column("rss_bytes")
SHARED: Final = Column("shared_bytes")
PRIVATE: Final = Column("private_bytes")
STATM_METRICS: Final = ("rss_bytes", "shared_bytes", "private_bytes")

_STATUS_FIELDS: Final = (
    ("RssAnon", Column("anon_bytes")),
    ("RssFile", Column("file_bytes")),
    ("RssShmem", Column("shmem_bytes")),
    ("VmSwap", Column("swap_bytes")),
    ("VmHWM", Column("rss_peak_bytes")),
)
STATUS_METRICS: Final = tuple(column.metric for _, column in _STATUS_FIELDS)
_KIB: Final = 1_024


class StatmProbe:
    """Resident memory in one system call, which takes no lock of the target.

    `private_bytes` is resident less shared: the anonymous part (fs/proc/task_mmu.c, `task_statm`).
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._file = KeptFile(directory, "statm")
        self._page = os.sysconf("SC_PAGE_SIZE")

    def resident_bytes(self) -> int:
        """Return the resident memory alone, at twice what the kernel takes for it.

        Raises:
            ProcessLookupError: the process has ended.
        """
        return int(os.pread(self._file.fd, 128, 0).split(b" ", 2)[1]) * self._page

    def read(self, reading: Reading) -> None:
        """Put the three sizes."""
        resident, shared = parse_statm(self._file.start(256))
        if resident == 0:
            raise ProcessLookupError("the main thread has ended, and what it had is all that this file shows")
        reading.values[RSS] = float(resident * self._page)
        reading.values[SHARED] = float(shared * self._page)
        reading.values[PRIVATE] = float((resident - shared) * self._page)


class StatusProbe:
    """How resident memory is made up, how high it has been, and what was swapped out."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._file = KeptFile(directory, "status")

    def read(self, reading: Reading) -> None:
        """Put what the kernel tells; older ones, and some sandboxes, lack some of the lines."""
        numbers = parse_status(self._file.start().decode("utf-8", "replace"))
        for name, column in _STATUS_FIELDS:
            if name in numbers:
                reading.values[column] = float(numbers[name] * _KIB)
            else:
                reading.unavailable[column.metric] = Reason.UNSUPPORTED


def parse_statm(text: bytes) -> tuple[int, int]:
    """Read `/proc/PID/statm`.

    Returns:
        Resident and shared pages.

    Raises:
        UnexpectedText: it is not of that format.
    """
    fields = text.split()
    try:
        resident, shared = int(fields[1]), int(fields[2])
    except (IndexError, ValueError):
        raise UnexpectedText("/proc/PID/statm does not read as pages") from None
    return resident, min(shared, resident)
