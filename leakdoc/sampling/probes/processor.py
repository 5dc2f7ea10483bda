"""Threads and processor time from `/proc/PID/stat`."""

from __future__ import annotations

from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory, clock_ticks_per_s, parse_stat

METRICS: Final = ("threads", "cpu_seconds_total")
_THREADS: Final = Column("threads")
_CPU: Final = Column("cpu_seconds_total")


class ProcessorProbe:
    """How many threads there are, and how much processor time they have had."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._file = KeptFile(directory, "stat")
        self._ticks_per_s = clock_ticks_per_s()

    def read(self, reading: Reading) -> None:
        """Put both."""
        stat = parse_stat(self._file.start().decode("utf-8", "replace"))
        reading.values[_THREADS] = float(stat.threads)
        reading.values[_CPU] = stat.cpu_ticks / self._ticks_per_s
