"""One channel in three windows: its baseline, the incident, and after; how much of the excess is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leakdoc.detection.stats.quantiles import t_quantile
from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.verification.recovery.channels import medians
from leakdoc.verification.recovery.policy import RecoveryPolicy

_MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A channel's level in one window.

    Args:
        level: median over all of it; of its later half, for an incident that builds up.
        error: half the 95 % interval of the mean of its medians, as autocorrelated as they are.
        scatter: robust standard deviation of its readings.
        peak: the highest, lone spikes aside.
    """

    readings: int
    level: float
    error: float
    scatter: float
    peak: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that the incident lifted.

    Args:
        after: null where there are too few readings.
        end: the level of the last part of after.
        spikes: share of the readings after that stand where only those of the incident did.
    """

    column: Column
    baseline: Level
    incident: Level
    after: Level | None
    end: float | None
    spikes: float

    @property
    def excess(self) -> float:
        """How far the incident lifted it."""
        return self.incident.level - self.baseline.level

    @property
    def left(self) -> float | None:
        """How much of the excess is left, as a share."""
        return None if self.after is None else (self.after.level - self.baseline.level) / self.excess

    @property
    def most_left(self) -> float | None:
        """How much of it may be left, at 95 %."""
        if self.after is None:
            return None
        error = math.hypot(self.after.error, self.baseline.error)
        return (self.after.level + error - self.baseline.level) / self.excess


def level_of(times: FloatArray, values: FloatArray, policy: RecoveryPolicy) -> Level | None:
    """Measure one window; null where readings are too few to tell their scatter."""
    told = values[np.isfinite(values)]
    binned = medians(times, values, policy.most_bins)
    if len(told) < policy.least_readings or len(binned) < policy.least_bins:
        return None
    middle = float(np.median(told))
    return Level(
        readings=len(told),
        level=middle,
        error=_error(binned),
        scatter=_MAD_TO_SD * float(np.median(np.abs(told - middle))),
        peak=float(np.quantile(told, policy.peak_quantile)),
    )


def _error(binned: FloatArray) -> float:
    """Half a 95 % interval of the mean of medians that follow each other, by their effective number."""
    n = len(binned)
    centred = binned - binned.mean()
    power = float(centred @ centred)
    if power <= 0.0:
        return 0.0
    rho = float(centred[1:] @ centred[:-1]) / power
    rho = min(max(rho + (1.0 + 4.0 * rho) / n, 0.0), 0.97)  # small-sample correction (Kendall 1954)
    effective = max(n * (1.0 - rho) / (1.0 + rho), 2.0)
    return t_quantile(0.975, effective - 1.0) * math.sqrt(power / (n - 1) / effective)


def channel_of(column: Column, before: Trace, after: Trace, policy: RecoveryPolicy) -> Channel | None:
    """Measure a channel in its three windows; null where the incident did not lift it, or it cannot be told."""
    values, begun = before.columns[column], before.times >= policy.incident_at
    baseline = level_of(before.times[~begun], values[~begun], policy)
    incident = level_of(*_later_half(before.times[begun], values[begun]), policy)
    if baseline is None or incident is None or not _stands_out(column, baseline, incident, policy):
        return None
    found = after.columns.get(column)
    now = None if found is None else level_of(after.times, found, policy)
    if found is None or now is None:
        return Channel(column=column, baseline=baseline, incident=incident, after=None, end=None, spikes=0.0)
    line = baseline.level + max(0.5 * (incident.level - baseline.level), baseline.peak - baseline.level)
    told, last = found[np.isfinite(found)], after.times >= _at(after.times, 1.0 - policy.last_part)
    return Channel(
        column=column, baseline=baseline, incident=incident, after=now, end=_median(found[last]),
        spikes=float(np.mean(told > line)),
    )  # fmt: skip


def _later_half(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """An incident builds up: its level is that of its later half, where it has enough readings."""
    later = times >= (_at(times, 0.5) if len(times) else 0.0)
    return times[later], values[later]


def _stands_out(column: Column, baseline: Level, incident: Level, policy: RecoveryPolicy) -> bool:
    least = max(policy.deviations * baseline.scatter, policy.least_share * abs(baseline.level))
    if metric(column.metric).unit == "count" and baseline.level.is_integer() and incident.level.is_integer():
        least = max(least, policy.least_count)
    return incident.level - baseline.level > max(least, 1e-12)


def _at(times: FloatArray, share: float) -> float:
    return float(np.min(times) + share * np.ptp(times))


def _median(values: FloatArray) -> float | None:
    told = values[np.isfinite(values)]
    return float(np.median(told)) if len(told) else None
