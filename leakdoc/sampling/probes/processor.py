"""Threads, processor time and page faults from `/proc/PID/stat`."""

from __future__ import annotations

from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory, clock_ticks_per_s, parse_stat

METRICS: Final = ("threads", "cpu_seconds_total", "page_faults_total")
_THREADS: Final = Column("threads")
_CPU: Final = Column("cpu_seconds_total")
_MINOR: Final = Column.of("page_faults_total", kind="minor")
_MAJOR: Final = Column.of("page_faults_total", kind="major")


class ProcessorProbe:
    """How many threads there are, how much processor time they have had, and how often they met an absent page.

    A minor fault maps a page that is in memory, or makes a new one; a major one waits for a disk.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._file = KeptFile(directory, "stat")
        self._ticks_per_s = clock_ticks_per_s()

    def read(self, reading: Reading) -> None:
        """Put all four."""
        stat = parse_stat(self._file.start().decode("utf-8", "replace"))
        reading.values[_THREADS] = float(stat.threads)
        reading.values[_CPU] = stat.cpu_ticks / self._ticks_per_s
        reading.values[_MINOR] = float(stat.minor_faults)
        reading.values[_MAJOR] = float(stat.major_faults)
