"""Figures without any model, for whoever wants to check them with a dozen lines: floors, and a line through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.windows import longest_life_s, without_start


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainFigures:
    """Slopes in the channel's unit a second, levels in its unit; `expected` is what the old slope would have added."""

    slope_before_per_s: float
    slope_after_per_s: float
    level_before: float
    level_after: float
    expected: float


def plain_figures(
    before: Trace, after: Trace, column: Column, cut: float, policy: VerificationPolicy
) -> PlainFigures | None:
    """Lay a line through the floors of each side; null where a side has too few readings."""
    part = without_start(after, cut)
    old, new = floor_slope(before, column, policy.plain_bins), floor_slope(part, column, policy.plain_bins)
    if old is None or new is None:
        return None
    return PlainFigures(
        slope_before_per_s=old,
        slope_after_per_s=new,
        level_before=_level(before, column, policy.level_part),
        level_after=_level(part, column, policy.level_part),
        expected=old * longest_life_s(part),
    )


def floor_slope(trace: Trace, column: Column, bins: int) -> float | None:
    """Return the least-squares slope through the floors of equally many readings, one level for each life."""
    parts = [each for life in trace.lives if (each := _moments(trace, life, column, bins)) is not None]
    under = sum(squares for _, squares in parts)
    return sum(over for over, _ in parts) / under if under > 0.0 else None


def slope_of_life(trace: Trace, life: Life, column: Column, bins: int) -> float | None:
    """Return the same of one process; null where readings are too few."""
    found = _moments(trace, life, column, bins)
    return None if found is None or found[1] <= 0.0 else found[0] / found[1]


def _moments(trace: Trace, life: Life, column: Column, bins: int) -> tuple[float, float] | None:
    """The sums of which a least-squares slope is the quotient."""
    t, y = _floors(trace.times[life.rows], trace.columns[column][life.rows], bins)
    if len(t) < 3:
        return None
    centred = t - t.mean()
    return float(centred @ (y - y.mean())), float(centred @ centred)


def _floors(times: FloatArray, values: FloatArray, bins: int) -> tuple[FloatArray, FloatArray]:
    present = np.isfinite(values)
    parts = np.array_split(np.flatnonzero(present), min(bins, int(np.count_nonzero(present)) or 1))
    parts = [part for part in parts if len(part)]
    return (
        np.asarray([np.mean(times[part]) for part in parts]),
        np.asarray([np.min(values[part]) for part in parts]),
    )


def _level(trace: Trace, column: Column, part: float) -> float:
    present = np.isfinite(trace.columns[column])
    times, values = trace.times[present], trace.columns[column][present]
    return float(np.median(values[times >= times.min() + (1.0 - part) * np.ptp(times)]))
