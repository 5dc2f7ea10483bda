"""When a watch looks at its growing trace, and how much of the error rate each look may spend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FIRST_LOOK: Final = 30  # samples: the growth judge asks for as many
LOOK_FACTOR: Final = 1.12  # between looks, in samples: a verdict is at most an eighth later than it could have been
LEAST_BETWEEN: Final = 5  # samples: looks closer than that see nearly the same data


class LookSchedule:
    """Looks at growing numbers of samples, in a fixed ratio, so that a long watch does not look more and more often.

    Args:
        most_samples: how many samples the watch will see at most; null for no end.
        overall: the two-sided error rate of all looks together.
    """

    def __init__(self, most_samples: int | None = None, overall: float = 0.05) -> None:
        self._times = look_times()
        self._next = next(self._times)
        self._taken = 0
        self._overall = overall
        self._most_looks = None if most_samples is None else looks_within(most_samples)

    def is_due(self, samples: int) -> bool:
        """Say whether the trace has grown enough since the last look; if so, the next one is set."""
        if samples < self._next:
            return False
        while self._next <= samples:
            self._next = next(self._times)
        return True

    def spend(self) -> float:
        """Return the two-sided error rate of the look that is being taken."""
        from leakdoc.detection.stats.spending import spend

        self._taken += 1
        return spend(self._taken, self._most_looks, overall=self._overall)


def look_times() -> Iterator[int]:
    """Yield the numbers of samples at which a watch looks, without end."""
    samples = FIRST_LOOK
    while True:
        yield samples
        samples = max(samples + LEAST_BETWEEN, round(samples * LOOK_FACTOR))


def looks_within(most_samples: int) -> int:
    """Return how many looks a watch of so many samples takes, the one at its end included."""
    times = look_times()
    looks = 1
    while next(times) <= most_samples:
        looks += 1
    return looks
