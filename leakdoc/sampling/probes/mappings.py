"""How much heap is mapped, seen from outside: the heap and the anonymous mappings in `/proc/PID/maps`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText

METRICS: Final = ("heap_mapped_bytes",)
_MAPPED: Final = Column("heap_mapped_bytes")


class MappingsProbe:
    """The address space that allocators have taken, touched or not; the stacks of threads look the same and count too.

    The kernel writes a page of text at a time and lets go of the target's mappings in between, which `smaps_rollup`
    does not: that one walks every page under the lock.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self, reading: Reading) -> None:
        """Put the sum."""
        text = self._directory.text("maps")
        if not text:
            self._directory.require_main_thread()
        reading.values[_MAPPED] = float(heap_mapped(text.split("\n")))


def heap_mapped(lines: Iterable[str]) -> int:
    """Add up the writable private mappings of `/proc/PID/maps` that no file is behind (proc_pid_maps(5)).

    Returns:
        Bytes.

    Raises:
        UnexpectedText: a line is not of that format.
    """
    return sum(_size(line) for line in lines if line)


def _size(line: str) -> int:
    fields = line.split(maxsplit=5)
    if len(fields) < 5:
        raise UnexpectedText("a line of /proc/PID/maps is cut short")
    if fields[1][1:2] != "w" or fields[1][3:4] != "p" or fields[4] != "0":
        return 0
    if len(fields) == 6 and not _is_heap(fields[5]):
        return 0
    start, _, end = fields[0].partition("-")
    try:
        return int(end, 16) - int(start, 16)
    except ValueError:
        raise UnexpectedText("a line of /proc/PID/maps has no addresses") from None


def _is_heap(name: str) -> bool:
    """Say whether a name of no file means memory that an allocator took (``[anon:…]`` is named by prctl(2))."""
    return name == "[heap]" or name.startswith("[anon:")
