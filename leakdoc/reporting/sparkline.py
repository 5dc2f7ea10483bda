"""A metric over time as one line of text."""

from __future__ import annotations

import numpy as np

from leakdoc.model.trace import FloatArray
from leakdoc.reporting.chart_path import drawable

BARS = "▁▂▃▄▅▆▇█"
MISSING = "·"


def sparkline(times: FloatArray, values: FloatArray, *, low: float, high: float, width: int = 32) -> str:
    """Draw the medians of `width` equal spans of time; a span without a reading is a dot.

    Args:
        times: shape (n,), in any order; values: shape (n,), NaN is missing.
        low: the value of the lowest bar; high: that of the highest.
    """
    values = drawable(values)
    if np.isnan(values).all():
        return ""
    start, end = float(np.min(times)), float(np.max(times))
    place = np.minimum((times - start) / ((end - start) or 1.0) * width, width - 1).astype(np.intp)
    return "".join(_bar(values[place == each], low, high) for each in range(width))


def _bar(values: FloatArray, low: float, high: float) -> str:
    present = values[~np.isnan(values)]
    if not len(present):
        return MISSING
    share = (float(np.median(present)) - low) / ((high - low) or 1.0)
    return BARS[int(min(max(share, 0.0), 1.0) * (len(BARS) - 1) + 0.5)]
