"""The instants of samples: the wall clock's, as long as it goes on; never back, whatever is done to the clock."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from leakdoc.sampling.clock import Clock
from leakdoc.units import format_duration

# Between two readings NTP slews a clock by at most 500 ppm, and a busy machine reads the two clocks some milliseconds
# apart; what is more was set by somebody, or is a machine that slept.
JUMP_S: Final = 1.0


class Instant(NamedTuple):
    """One instant.

    Args:
        at: seconds since the epoch, UTC; later than that of any instant before.
        monotonic_s: the same on the monotonic clock, for intervals.
    """

    at: float
    monotonic_s: float


class Timeline:
    """Tells instants that only go forward, so that a clock that is set back does not put samples out of order.

    After a step back times go on as if the clock had not been touched; a step forward is followed, as it looks the
    same as a machine that slept.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: Instant | None = None
        self._behind_s = 0.0
        self._ahead_s = 0.0

    def now(self) -> Instant:
        """Return this instant."""
        monotonic_s, wall = self._clock.monotonic(), self._clock.now() + self._behind_s
        if self._last is None:
            self._last = Instant(wall, monotonic_s)
            return self._last
        off = wall - (self._last.at + monotonic_s - self._last.monotonic_s)
        if abs(off) > JUMP_S:
            wall -= self._jumped(off)
        self._last = Instant(max(wall, math.nextafter(self._last.at, math.inf)), monotonic_s)
        return self._last

    def notes(self) -> list[str]:
        """Say in words what the clock did."""
        notes = []
        if self._behind_s:
            notes.append(
                f"the system's clock was set back by {format_duration(self._behind_s)}; times went on as before"
            )
        if self._ahead_s:
            notes.append(f"the system's clock was set forward, or the machine slept: {format_duration(self._ahead_s)}")
        return notes

    def _jumped(self, off: float) -> float:
        """Take note of a jump; return how much of it the times of samples do not follow."""
        kept = off if off < 0 else min(off, self._behind_s)  # forward again, to where it was before
        self._behind_s -= kept
        self._ahead_s += max(off - kept, 0.0)
        return kept
