"""Kills by the out-of-memory killer while a subject was watched, told from the counter of its control group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leakdoc.model.sample import Column, Sample

OOM_KILLS: Final = Column("oom_kills_total")


class OomKills:
    """Compares the counter with what it was when each process was first seen.

    The counter does not name its victims: they may be any process of the group.
    """

    def __init__(self) -> None:
        self._first: dict[int, float] = {}
        self.seen = 0

    def look(self, samples: Sequence[Sample]) -> None:
        """Take the readings of one instant in."""
        for sample in samples:
            kills = sample.values.get(OOM_KILLS)
            if kills is not None:
                first = self._first.setdefault(sample.process.pid, kills)
                self.seen = max(self.seen, int(kills - first))

    def notes(self) -> list[str]:
        """Say how many were killed."""
        if not self.seen:
            return []
        what = "a process" if self.seen == 1 else f"{self.seen} processes"
        return [f"the out-of-memory killer took {what} of the control group while it was watched (oom_kill counter)"]
