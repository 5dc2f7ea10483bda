"""When a watch looks at its growing trace, and how much of the error rate each look may spend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FIRST_LOOK: Final = 30  # samples: the growth judge asks for as many
LOOK_FACTOR: Final = 1.12  # between looks, in samples: a verdict is at most an eighth later than it could have been
_LEAST_RATE: Final = 1e-9
LEAST_BETWEEN: Final = 5  # samples: looks closer than that see nearly the same data


class LookSchedule:
    """Looks at growing numbers of samples, in a fixed ratio, so that a long watch does not look more and more often.

    Args:
        planned_samples: how many samples the watch was to see; null where only its last look counts.
        overall: the two-sided error rate of all looks together.
        endless: whether the watch may go on for longer than planned.
    """

    def __init__(self, planned_samples: float | None = None, overall: float = 0.05, *, endless: bool = False) -> None:
        self._times = look_times()
        self._next = next(self._times)
        self._planned = planned_samples
        self._overall, self._endless = overall, endless
        self._seen = 0
        self._spent = 0.0
        self._rate = overall

    def is_due(self, samples: int) -> bool:
        """Say whether the trace has grown enough since the last look; if so, the next one is set."""
        if samples < self._next:
            return False
        while self._next <= samples:
            self._next = next(self._times)
        return True

    def spend(self, samples: int) -> float:
        """Return the two-sided error rate of a look at so many samples; looking again at the same costs nothing."""
        from leakdoc.detection.stats.spending import spent

        if self._planned is not None and samples > self._seen:
            share = samples / max(self._planned, 1.0)
            now = spent(share, overall=self._overall, endless=self._endless)
            self._seen, self._rate, self._spent = samples, max(now - self._spent, _LEAST_RATE), now
        return self._rate


def look_times() -> Iterator[int]:
    """Yield the numbers of samples at which a watch looks, without end."""
    samples = FIRST_LOOK
    while True:
        yield samples
        samples = max(samples + LEAST_BETWEEN, round(samples * LOOK_FACTOR))
