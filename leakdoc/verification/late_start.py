"""When in a process's life the old leak began, where before was first sampled later than that.

A leak that starts an hour after start-up shows nothing in a new process that is forty minutes old. Where before was
recorded from its start, its quiet time is a pause like any other; where it was not, how far it had come by its first
sample tells how long it had been growing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

_READINGS: Final = 5  # their median is the level at which a life was first seen


def late_start_s(before: Trace, column: Column, rate_per_s: float, base: float, share: float) -> float:
    """Return the age at which the old leak began, as far as the first samples tell.

    Args:
        rate_per_s: the old growth of one process.
        base: where a process stands that does not leak: the level of after.
        share: of the age at the first sample that must have passed quietly; less is the load that changes.

    Returns:
        Seconds since the process started; 0 where starts are not known, or the leak began with the process.
    """
    found = [
        _began_s(before, life.first, life.stop, life.started_at, column, rate_per_s, base)
        for life in before.lives
        if life.started_at is not None
    ]
    late = [began for age, began in found if began > share * age]
    return min(late) if found and len(late) == len(found) else 0.0


def _began_s(
    trace: Trace, first: int, stop: int, started_at: float, column: Column, rate_per_s: float, base: float
) -> tuple[float, float]:
    """Return the age at the first sample, and the age at which growth at the old rate would have begun."""
    values = trace.columns[column][first:stop]
    read = np.flatnonzero(np.isfinite(values))[:_READINGS]
    if not len(read) or rate_per_s <= 0.0:
        return 0.0, 0.0
    age = float(trace.times[first + read[0]]) - started_at
    grown = float(np.median(values[read])) - base
    return age, min(max(age - grown / rate_per_s, 0.0), age)
