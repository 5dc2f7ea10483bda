"""How many children a process has, and how many of them are not looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory

METRICS: Final = ("children",)
_CHILDREN: Final = Column("children")


class ChildrenProbe:
    """The number of children of all threads (`/proc/PID/task/TID/children`, CONFIG_PROC_CHILDREN).

    Args:
        looked_at: tells the pids of all that are looked at.
    """

    def __init__(self, directory: ProcessDirectory, looked_at: Callable[[], Collection[int]] = tuple) -> None:
        self._directory = directory
        self._looked_at = looked_at

    def read(self, reading: Reading) -> None:
        """Put the number, and say of how many the memory is not seen."""
        children = [child for thread in self._directory.names("task") for child in self._of_thread(thread)]
        reading.values[_CHILDREN] = float(len(children))
        unseen = len(set(children) - {str(pid) for pid in self._looked_at()}) if children else 0
        if unseen:
            reading.standing.blind_spots["children"] = f"children: {unseen} not looked at"
        else:
            reading.standing.blind_spots.pop("children", None)

    def _of_thread(self, thread: str) -> list[str]:
        try:
            return self._directory.text(f"task/{thread}/children").split()
        except ProcessLookupError:
            return []  # this thread ended since its name was listed
