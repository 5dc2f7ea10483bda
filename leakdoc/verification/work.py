"""How much a subject had to do: requests, or CPU time where requests are not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.model.trace import FloatArray, Trace
from leakdoc.verification.windows import longest_life_s

REQUESTS: Final = "requests_total"
CPU: Final = "cpu_seconds_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a counter counted.

    Args:
        total: over all lives.
        longest: in the life that did the most.
        per_s: over the time from first to last sample.
    """

    total: float
    longest: float
    per_s: float


def work_of(trace: Trace, metric: str) -> Work | None:
    """Add up a counter, life by life; resets count as nothing. Null where it was never read twice in a life."""
    values = trace.column(metric)
    if values is None:
        return None
    done = [each for life in trace.lives if (each := _counted(values[life.rows])) is not None]
    span = float(np.ptp(trace.times)) if len(trace) else 0.0
    if not done or span <= 0.0:
        return None
    return Work(total=sum(done), longest=max(done), per_s=sum(done) / span)


def _counted(values: FloatArray) -> float | None:
    told = values[np.isfinite(values)]
    return float(np.sum(np.maximum(np.diff(told), 0.0))) if len(told) > 1 else None


def exposure_of(trace: Trace) -> tuple[float, float | None]:
    """Return the seconds and the requests in which one process could have shown its leak."""
    work = work_of(trace, REQUESTS)
    return longest_life_s(trace), None if work is None else work.longest
