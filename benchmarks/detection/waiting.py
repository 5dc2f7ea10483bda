"""Whether "needs N more" is kept: data is added until the verdict is decided, and the wait compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np

from benchmarks.detection.looks import prefixes
from benchmarks.detection.scene import Labelled
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series
from leakdoc.model.decision import Decision

_STEPS = 40


def waits(traces: Iterable[Labelled]) -> list[float]:
    """Return, for each trace that was first left open with a wait that its data covers, the true wait by the stated."""
    return [ratio for one in traces if (ratio := _ratio(one.series)) is not None]


def _ratio(series: Series) -> float | None:
    parts = list(islice(prefixes(series, _STEPS), _STEPS))
    whole = float(np.ptp(series.times_s))
    first = 8
    found = judge(replace(parts[first - 1]))
    if found.decision is not Decision.INCONCLUSIVE or found.needs_more_s is None:
        return None
    if found.needs_more_s > whole * (1.0 - first / _STEPS):
        return None
    for step in range(first + 1, _STEPS + 1):
        if judge(parts[step - 1]).decision is not Decision.INCONCLUSIVE:
            return whole * (step - first) / _STEPS / found.needs_more_s
    return float("inf")
