"""How often a probe is read: at its beat, and less often once its own cost passes its budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOWEST_S: Final = 300.0  # a source that is read less often than every five minutes says little in a 15-minute watch
_EARLY: Final = 0.05  # a tick that comes this share of the period too soon still counts as on the beat


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """How often a probe is read, and what it may cost.

    Args:
        every_s: seconds between readings; 0 for each sample.
        budget: the share of one core that it may take; past it the probe is read less often.
    """

    every_s: float
    budget: float


class Pace:
    """Keeps one probe to its beat and to its budget; `is_slowed` once its cost has kept it from its beat."""

    def __init__(self, beat: Beat) -> None:
        self.beat = beat
        self.is_slowed = False
        self._costs_s = (0.0, 0.0)
        self._last_s: float | None = None

    @property
    def period_s(self) -> float:
        """Seconds between two readings at the present cost.

        That is the cheaper of the last two: one reading may have had to look something up for good.
        """
        affordable = min(self._costs_s) / self.beat.budget
        return min(max(self.beat.every_s, affordable), max(SLOWEST_S, self.beat.every_s))

    def is_due(self, now_s: float) -> bool:
        """Say whether it is time to read, `now_s` being on the monotonic clock."""
        if self._last_s is None:
            return True
        waited = (now_s - self._last_s) / (1.0 - _EARLY)
        due = waited >= self.period_s
        self.is_slowed = self.is_slowed or (waited >= self.beat.every_s and not due)
        return due

    def spent(self, now_s: float, cost_s: float) -> None:
        """Note a reading that began at `now_s` and cost so many seconds of processor time."""
        self._last_s = now_s
        self._costs_s = (self._costs_s[-1], cost_s)
