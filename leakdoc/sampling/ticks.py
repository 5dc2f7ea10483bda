"""The beat of a sampler: absolute deadlines, so that nothing drifts, and a count of those that were missed."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

from leakdoc.sampling.clock import Clock


class Ticks:
    """Multiples of an interval from a start on.

    When a tick is still busy as the next comes due, that one is missed, not late: `missed` counts them.
    """

    def __init__(self, clock: Clock) -> None:
        self.missed = 0
        self._clock = clock

    def run(
        self, interval_s: float, stop: threading.Event, *, for_s: float | None = None, readable: int | None = None
    ) -> Iterator[None]:
        """Come back now and at each multiple of the interval from now on, until `stop` is set or time is up.

        Args:
            for_s: how long; the last tick is when it is up, be that before the next multiple. Null for no end.
            readable: a descriptor that cuts a pause short once it is readable; null for none.
        """
        started = begun = self._clock.monotonic()
        ends = math.inf if for_s is None else started + for_s
        tick = 0
        while not stop.is_set():
            yield
            if begun >= ends:
                return
            tick = self._after(tick, self._clock.monotonic() - started, interval_s)
            due = min(started + tick * interval_s, ends)
            self._clock.wait(due - self._clock.monotonic(), stop, readable=readable)
            begun = self._clock.monotonic()

    def notes(self) -> list[str]:
        """Say in words what was missed."""
        if not self.missed:
            return []
        return [f"{self.missed} samples were missed: the one before was not dealt with in time"]

    def _after(self, tick: int, elapsed_s: float, interval_s: float) -> int:
        if interval_s <= 0:
            return tick
        due = max(tick + 1, math.ceil(elapsed_s / interval_s))
        self.missed += due - tick - 1
        return due
