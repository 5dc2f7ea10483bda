"""How many children a process has, none of which is looked at."""

from __future__ import annotations

from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory

METRICS: Final = ("children",)
_CHILDREN: Final = Column("children")


class ChildrenProbe:
    """The number of children of all threads (`/proc/PID/task/TID/children`, CONFIG_PROC_CHILDREN)."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self, reading: Reading) -> None:
        """Put the number, and say that the children's own memory is not seen."""
        count = sum(self._of_thread(thread) for thread in self._directory.names("task"))
        reading.values[_CHILDREN] = float(count)
        if count:
            reading.standing.blind_spots["children"] = f"children: {count} not looked at"
        else:
            reading.standing.blind_spots.pop("children", None)

    def _of_thread(self, thread: str) -> int:
        try:
            return len(self._directory.text(f"task/{thread}/children").split())
        except ProcessLookupError:
            return 0  # this thread ended since its name was listed
