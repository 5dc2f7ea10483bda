"""A window cut into spans that a server answers whole."""

from __future__ import annotations

from collections.abc import Iterator


def spans_of(start: float, end: float, step: float, points: int) -> Iterator[tuple[float, float]]:
    """Yield the first and last instant of consecutive spans of at most `points` steps, on one grid from `start` on.

    >>> list(spans_of(0.0, 50.0, 10.0, 3))
    [(0.0, 20.0), (30.0, 50.0)]
    """
    steps = int((end - start) / step + 1e-9) + 1
    for first in range(0, steps, points):
        last = min(first + points, steps) - 1
        yield start + first * step, start + last * step
