"""Whether a window ends higher than all that came before: a leak that has just begun again, which no line shows yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.verification.policy import VerificationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the process that rose most at its end did so.

    Args:
        rise: its last readings, above the highest before the end, in the channel's unit; negative where they are lower.
        lasts_s: how long the part is that counts as the end.
    """

    rise: float
    lasts_s: float


def end_of(trace: Trace, column: Column, policy: VerificationPolicy) -> End | None:
    """Look at the ends of the processes that live on to the end; null where readings are too few."""
    if not len(trace):
        return None
    alive_from = float(trace.times.max() - policy.end_part * np.ptp(trace.times))
    ends = []
    for life in trace.lives:
        read = np.isfinite(trace.columns[column][life.rows])
        times, values = trace.times[life.rows][read], trace.columns[column][life.rows][read]
        if len(times) and times[-1] >= alive_from:
            ends.append(_end(times, values, policy))
    return max((each for each in ends if each is not None), key=lambda each: each.rise, default=None)


def _end(times: FloatArray, values: FloatArray, policy: VerificationPolicy) -> End | None:
    lasts_s = policy.end_part * float(np.ptp(times))
    before = values[times < times[-1] - lasts_s]
    last = values[-policy.end_readings :]
    if len(before) < policy.end_least_before or len(values) - len(before) < policy.end_readings:
        return None
    return End(rise=float(np.median(last) - np.quantile(before, policy.peak_quantile)), lasts_s=lasts_s)
