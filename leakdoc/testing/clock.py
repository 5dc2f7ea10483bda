"""A clock that a test owns."""

from __future__ import annotations

import threading


class FakeClock:
    """Time that passes only when somebody waits, or when the test says so.

    >>> clock = FakeClock(at=1_000.0)
    >>> clock.wait(2.5, threading.Event())
    False
    >>> clock.now()
    1002.5

    Args:
        at: the first instant, seconds since the epoch.
    """

    def __init__(self, at: float = 1_763_953_920.0) -> None:
        self._epoch = at
        self._passed_s = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._epoch + self._passed_s

    def monotonic(self) -> float:
        """Return seconds that have passed since the clock was made."""
        return self._passed_s

    def wait(self, seconds: float, wake: threading.Event, *, readable: int | None = None) -> bool:  # noqa: ARG002
        """Let the time pass at once, unless `wake` is set; what was waited for is kept in `waits`."""
        if not wake.is_set():
            self.waits.append(max(seconds, 0.0))
            self.advance(max(seconds, 0.0))
        return wake.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed_s += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP does; the monotonic clock does not move."""
        self._epoch += seconds
