"""Does a count grow, round after round? A sequential test that goes on until it knows."""

from __future__ import annotations

import math
from array import array
from enum import StrEnum
from statistics import median
from typing import ClassVar, Final

GROWS_SHARE: Final = 0.95  # of the rounds in which something that leaks goes up, at least
FLAT_SHARE: Final = 0.5  # of the rounds in which something that does not leak goes up, at most
FALSE_ALARM: Final = 1e-4  # of tests of sound code that may fail: one in ten thousand
MISSED: Final = 1e-3
NOTHING_IN: Final = 20  # rounds whose changes add up to nothing: it goes up and down
LEVELS_OFF: Final = 0.5  # a cache that fills: the last changes are less than half of the first


class Verdict(StrEnum):
    """What is known so far."""

    GROWS = "grows"
    KEEPS_NOTHING = "keeps nothing"
    UNDECIDED = "undecided"


class Growing:
    """The sequential probability ratio test of Wald (1945) on whether a count went up in each round."""

    UP: ClassVar[float] = math.log(GROWS_SHARE / FLAT_SHARE)
    DOWN: ClassVar[float] = math.log((1 - GROWS_SHARE) / (1 - FLAT_SHARE))
    DECIDED: ClassVar[float] = math.log((1 - MISSED) / FALSE_ALARM)
    CLEARED: ClassVar[float] = math.log(MISSED / (1 - FALSE_ALARM))

    def __init__(self) -> None:
        self._changes = array("d")  # a list of floats would itself be memory that grows at every round
        self._evidence = 0.0
        self._cleared = False

    def add(self, change: float) -> None:
        """Note by how much it changed in a round, a call."""
        self._changes.append(change)
        self._evidence += self.UP if change > 0 else self.DOWN
        if self._evidence <= self.CLEARED or self._came_to_nothing():
            self._cleared = True
        if self._evidence >= self.DECIDED and self._levels_off():
            self._changes, self._evidence = array("d"), 0.0  # it was filling up: begin anew

    def verdict(self) -> Verdict:
        """Return what is known."""
        if self._cleared:
            return Verdict.KEEPS_NOTHING
        return Verdict.GROWS if self._evidence >= self.DECIDED else Verdict.UNDECIDED

    @property
    def is_suspected(self) -> bool:
        """Whether there is some evidence that it grows, and it is not decided yet."""
        return not self._cleared and self._evidence > self.DECIDED / 3

    @property
    def per_call(self) -> float:
        """The median change a call."""
        return float(median(self._changes)) if self._changes else 0.0

    @property
    def rounds(self) -> int:
        """How many rounds this rests on."""
        return len(self._changes)

    def _came_to_nothing(self) -> bool:
        return len(self._changes) >= NOTHING_IN and sum(self._changes[-NOTHING_IN:]) <= 0

    def _levels_off(self) -> bool:
        third = max(len(self._changes) // 3, 1)
        return median(self._changes[-third:]) < LEVELS_OFF * median(self._changes[:third])
