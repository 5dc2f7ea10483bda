"""Children that have ended and whose status nobody collects."""

from __future__ import annotations

from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText

METRICS: Final = ("zombies",)
_ZOMBIES: Final = Column("zombies")


class ZombiesProbe:
    """The number of children of all threads that are zombies."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self, reading: Reading) -> None:
        """Put the number."""
        children = [child for thread in self._directory.names("task") for child in self._children(thread)]
        reading.values[_ZOMBIES] = float(sum(_is_zombie(child) for child in children))

    def _children(self, thread: str) -> list[int]:
        try:
            return [int(word) for word in self._directory.text(f"task/{thread}/children").split()]
        except ProcessLookupError:
            return []  # this thread ended since its name was listed


def _is_zombie(pid: int) -> bool:
    try:
        return ProcessDirectory(pid).stat().is_dead
    except (OSError, UnexpectedText):
        return False
