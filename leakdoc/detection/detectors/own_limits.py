"""Processes that have a limit each, as pods have: the one that stands nearest to its own is killed first.

Their sum says nothing: of two pods one may stand at its limit while the other has all its room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace

_LATEST: Final = 5  # readings whose median is the level at the end
_ALIVE: Final = 5.0  # usual pauses without a reading, after which a process is taken to have ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The process with the least room.

    Args:
        limit_bytes: its own limit.
        level: where it stands.
        levels: where every process that is there at the end stands.
    """

    limit_bytes: float
    level: float
    levels: tuple[float, ...]

    @property
    def room(self) -> float:
        """What it may still grow by; zero at its limit."""
        return max(self.limit_bytes - self.level, 0.0)

    @property
    def together(self) -> float:
        """The limit of all of them together at which each has the room of the nearest, as they grow alike."""
        if len(self.levels) == 1:
            return self.limit_bytes
        return sum(self.levels) + len(self.levels) * self.room


def nearest_to_its_limit(trace: Trace, column: Column) -> Nearest | None:
    """Return the process with the least room of those that are there at the end; null where none has a limit."""
    if all(life.limit_bytes is None for life in trace.lives):
        return None
    there = list(_at_end(trace, column))
    rooms = [(life.limit_bytes - level, order) for order, (life, level) in enumerate(there) if life.limit_bytes]
    if not rooms:
        return None
    life, level = there[min(rooms)[1]]
    assert life.limit_bytes is not None
    return Nearest(limit_bytes=life.limit_bytes, level=level, levels=tuple(each for _, each in there))


def _at_end(trace: Trace, column: Column) -> Iterator[tuple[Life, float]]:
    """The processes that are there at the end, each with its level."""
    values = trace.columns[column]
    end = float(np.max(trace.times))
    for life in trace.lives:
        times, told = trace.times[life.rows], values[life.rows]
        read = np.flatnonzero(np.isfinite(told))
        if len(read) < 2:
            continue
        usual = float(np.median(np.diff(times[read[-4 * _LATEST :]])))
        if times[read[-1]] >= end - _ALIVE * usual:
            yield life, float(np.median(told[read[-_LATEST:]]))
