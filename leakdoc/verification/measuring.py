"""One channel of one side, in numbers: how fast it grows, how high it stands, how long it could be seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.detection.detectors.growth import asked_of, series_of
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.rising_end import End, end_of
from leakdoc.verification.windows import Rows, keep, oldest_s, without_start
from leakdoc.verification.work import exposure_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One channel of one side. Rates and levels are those of one process; seconds and the channel's unit throughout.

    Args:
        cut: share of every life that was cut off its start.
        growth: the judge's word, on all processes together.
        rate_per_s: the best estimate; null where nothing could be fitted.
        upper_per_s: the fastest growth that may still hide.
        error_per_s: half the width of the rate's 95 % interval.
        falls_per_s: how fast it falls at least; 0 where it may not.
        noise: standard deviation of what the best shape leaves; null where nothing was fitted.
        load_effect: how far the load moves the values.
        level: median of the last part.
        first_level: median of the first part, as long as the last.
        peak: the highest values, lone spikes aside.
        end: how its last readings stand to all before; null where readings are too few.
        exposure_s: seconds from first to last reading of the longest life.
        requests: of the life with most; null where they are not known.
        age_s: how old its oldest process is at its last sample; its exposure where starts are not known.
    """

    cut: float
    growth: Growth
    rate_per_s: float | None
    upper_per_s: float | None
    error_per_s: float | None
    falls_per_s: float
    noise: float | None
    load_effect: float
    level: float | None
    first_level: float | None
    peak: float | None
    end: End | None
    exposure_s: float
    requests: float | None
    age_s: float


def measure(
    trace: Trace, column: Column, growth_policy: GrowthPolicy, policy: VerificationPolicy, *, cut: float = 0.0
) -> Measured:
    """Measure one channel of a trace, the start of every life cut off.

    Looks after the first share its error rate, so that trying several cuts does not raise false alarms.
    """
    part = without_start(trace, cut)
    alpha = growth_policy.alpha if cut <= 0.0 else growth_policy.alpha / len(policy.cuts)
    growth = judge(series_of(part, column), asked_of(part, column, growth_policy), alpha=alpha)
    processes = (_number(growth.evidence.get("processes_at_end")) or 1.0) / _that_leak(growth)
    slope = growth.slope_per_s
    low, high = (None, None) if slope is None else (slope.low, slope.high)
    widening = 1.0 if cut <= 0.0 else policy.retry_widening
    upper = None if slope is None or high is None else slope.estimate + widening * (high - slope.estimate)
    part = keep(part, np.isfinite(part.columns[column]))
    times, values = part.times, part.columns[column]
    exposure_s, requests = exposure_of(part)
    return Measured(
        cut=cut,
        growth=growth,
        rate_per_s=None if slope is None else slope.estimate / processes,
        upper_per_s=None if upper is None else max(upper, 0.0) / processes,
        error_per_s=None if low is None or high is None else 0.5 * (high - low) / processes,
        falls_per_s=0.0 if high is None else max(-high, 0.0) / processes,
        noise=_number(growth.evidence.get("noise")),
        load_effect=_number(growth.evidence.get("load_effect")) or 0.0,
        level=_median(values, times >= _at(times, 1.0 - policy.level_part)),
        first_level=_median(values, times <= _at(times, policy.level_part)),
        peak=float(np.quantile(values, policy.peak_quantile)) if len(values) else None,
        end=end_of(part, column, policy),
        exposure_s=exposure_s,
        requests=requests,
        age_s=oldest_s(part) or exposure_s / (1.0 - cut),
    )


def _that_leak(growth: Growth) -> float:
    """Of how many processes the slope is that of one alone; 1 where it is that of all together."""
    return _number(growth.evidence.get("processes_that_leak")) or 1.0


def _at(times: FloatArray, share: float) -> float:
    return float(np.min(times) + share * np.ptp(times)) if len(times) else 0.0


def _median(values: FloatArray, rows: Rows) -> float | None:
    return float(np.median(values[rows])) if np.any(rows) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
