"""Series that stand still between jumps: memory that an allocator maps by the arena, descriptors, threads."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.tidying import Rows

_MOST_OF_THE_RISE: Final = 0.8


def rises_of(rows: Rows) -> int | None:
    """Return how many jumps make up most of the net rise; null where the series does not stand still in between.

    A series stands still when more than half of its differences are zero. Falls and lives count: only what is never
    given back afterwards (the minimum of all that follows) is a rise.
    """
    if len(rows) < 3 or float(np.median(np.abs(np.diff(rows.y)))) > 0.0:
        return None
    jumps: list[float] = []
    for life in range(int(rows.life[-1]) + 1):
        kept = np.minimum.accumulate(rows.y[rows.life == life][::-1])[::-1]
        jumps.extend(np.diff(kept).tolist())
    ordered = np.sort(np.asarray(jumps))[::-1]
    total = float(np.sum(ordered))
    if total <= 0.0:
        return 0
    return int(np.searchsorted(np.cumsum(ordered), _MOST_OF_THE_RISE * total - 1e-12) + 1)
