"""When to capture what can be had of a process: close to its limit, or shortly before it is foreseen to get there."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final, Protocol

from leakdoc.errors import UsageError
from leakdoc.units import format_duration, parse_duration

_SHARE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")
_FORECAST: Final = "forecast:"
# A line through the last minutes: shorter, and a burst is a forecast; longer, and a leak that sets in late is averaged.
_WINDOW_S: Final = 300.0
_FEWEST: Final = 10
_SPACING_S: Final = 1.0


class Trigger(Protocol):
    """Tells when it is time."""

    def reason(self, monotonic_s: float, used: float, limit: float) -> str | None:
        """Take one reading in, bytes; return why it is time, or null."""


@dataclass(frozen=True, slots=True)
class AtShare:
    """So much of the limit is used."""

    share: float

    def reason(self, monotonic_s: float, used: float, limit: float) -> str | None:  # noqa: ARG002 - it needs no time
        """Say so, once it is used."""
        return f"{used / limit:.1%} of the limit is used" if used >= self.share * limit else None


class AtForecast:
    """The limit is foreseen to be reached within some time, by the slope of the last minutes.

    The slope is the median of those between the two halves of the window, point by point, which a few spikes or falls
    do not move (the repeated-halves form of Theil and Sen's estimator).
    """

    def __init__(self, within_s: float) -> None:
        self.within_s = within_s
        self._points: deque[tuple[float, float]] = deque()

    def reason(self, monotonic_s: float, used: float, limit: float) -> str | None:
        """Say so, once it is foreseen."""
        if not self._points or monotonic_s - self._points[-1][0] >= _SPACING_S:
            self._points.append((monotonic_s, used))
        while monotonic_s - self._points[0][0] > _WINDOW_S:
            self._points.popleft()
        slope = self._slope()
        if slope <= 0:
            return None
        left_s = max(limit - used, 0.0) / slope
        return f"the limit is foreseen in {format_duration(left_s)}" if left_s <= self.within_s else None

    def _slope(self) -> float:
        points = list(self._points)
        if len(points) < _FEWEST:
            return 0.0
        half = len(points) // 2
        pairs = zip(points[:half], points[-half:], strict=True)
        return median((after - before) / (later - earlier) for (earlier, before), (later, after) in pairs)


def parse_trigger(text: str) -> Trigger:
    """Read ``85%`` or ``forecast:10m``.

    Raises:
        UsageError: it is neither.
    """
    share = _SHARE.fullmatch(text.strip())
    if share and 0 < float(share[1]) <= 100:
        return AtShare(float(share[1]) / 100)
    if text.strip().startswith(_FORECAST):
        within_s = parse_duration(text.strip().removeprefix(_FORECAST))
        if within_s > 0:
            return AtForecast(within_s)
    raise UsageError(f"not a point to capture at: {text!r}", help="Write it like 85% or forecast:10m.")
