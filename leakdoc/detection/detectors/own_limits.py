"""Processes that have a limit each, as pods and heaps have: the one that stands nearest to its own is killed first.

Their sum says nothing: of two pods one may stand at its limit while the other has all its room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.metrics import HEAP_LIMIT, HEAPS
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

_LATEST: Final = 5  # readings whose median is the level at the end
_ALIVE: Final = 5.0  # usual pauses without a reading, after which a process is taken to have ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The process with the least room.

    Args:
        limit_bytes: its own limit.
        level: where it stands.
        levels: where every process that is there at the end stands.
        in_all: their limits added up; null where one has none.
    """

    limit_bytes: float
    level: float
    levels: tuple[float, ...]
    in_all: float | None = None

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


def limits_of(trace: Trace, column: Column) -> list[float | None]:
    """Return what each process may not pass: a heap its runtime's own limit, where that was read."""
    told = trace.column(HEAP_LIMIT) if column.metric in HEAPS else None
    if told is None:
        return [life.limit_bytes for life in trace.lives]
    positive = (told[life.rows][told[life.rows] > 0.0] for life in trace.lives)
    own = [float(each[-1]) if len(each) else None for each in positive]
    return [life.limit_bytes if limit is None else limit for life, limit in zip(trace.lives, own, strict=True)]


def nearest_to_its_limit(trace: Trace, column: Column) -> Nearest | None:
    """Return the process with the least room of those that are there at the end; null where none has a limit."""
    limits = limits_of(trace, column)
    if all(limit is None for limit in limits):
        return None
    there = list(_at_end(trace, column, limits))
    rooms = [(limit - level, order) for order, (limit, level) in enumerate(there) if limit]
    if not rooms:
        return None
    limit, level = there[min(rooms)[1]]
    assert limit is not None
    every = [each for each, _ in there if each]
    return Nearest(
        limit_bytes=limit, level=level, levels=tuple(each for _, each in there),
        in_all=sum(every) if len(every) == len(there) else None,
    )  # fmt: skip


def _at_end(trace: Trace, column: Column, limits: Sequence[float | None]) -> Iterator[tuple[float | None, float]]:
    """The processes that are there at the end, each by its limit and its level."""
    values = trace.columns[column]
    end = float(np.max(trace.times))
    for life, limit in zip(trace.lives, limits, strict=True):
        times, told = trace.times[life.rows], values[life.rows]
        read = np.flatnonzero(np.isfinite(told))
        if len(read) < 2:
            continue
        usual = float(np.median(np.diff(times[read[-4 * _LATEST :]])))
        if times[read[-1]] >= end - _ALIVE * usual:
            yield limit, float(np.median(told[read[-_LATEST:]]))
