"""From raw rows to rows that can be fitted: sorted, finite, without duplicates and lone spikes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import median
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask, Series
from leakdoc.units import Unit

FARTHEST_S = 1e15
_NEIGHBOURS = 3
_MAD_TO_SD = 1.4826
RESOLUTION: Final[dict[Unit, float]] = {"bytes": 4_096.0, "count": 1.0, "seconds": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Finite readings, grouped by life and ascending in time.

    Args:
        t: shape (n,), seconds since the first reading.
        y: shape (n,), values in units of `scale`.
        life: shape (n,), consecutive from 0.
        started: shape (lives,), on the axis of `t`; NaN when unknown.
        load: shape (n,), cumulative requests since the first row of the life, never falling; null without load.
        origin_s: what was taken off the times.
        scale: what the values were divided by, so that no arithmetic overflows.
        resolution: the smallest step that the source can show, in units of `scale`.
        missing: readings that were not finite.
        duplicates: readings that a later one at the same time replaced.
        spikes: readings taken for errors and left out.
        older_lives: lives left out because there were too many since.
    """

    t: FloatArray
    y: FloatArray
    life: IntArray
    started: FloatArray
    load: FloatArray | None
    origin_s: float
    scale: float
    resolution: float
    missing: int = 0
    duplicates: int = 0
    spikes: int = 0
    older_lives: int = 0

    def __len__(self) -> int:
        return len(self.t)

    @property
    def lives(self) -> int:
        """How many lives there are."""
        return int(self.life[-1]) + 1 if len(self.life) else 0

    def without_largest_jump(self) -> Rows:
        """Return the same rows with the largest difference between neighbours taken out."""
        steps = np.diff(self.y, prepend=self.y[:1])
        steps[np.argmax(np.abs(steps))] = 0.0
        return replace(self, y=self.y[0] + np.cumsum(steps))

    def keep(self, rows: Mask, *, spikes: int = 0, older_lives: int = 0) -> Rows:
        """Return only some rows; lives that lose all of theirs are dropped."""
        if self.lives == 1:
            kept, life = np.zeros(1, dtype=np.intp), self.life[rows]
        else:
            kept, life = np.unique(self.life[rows], return_inverse=True)
        return Rows(
            t=self.t[rows], y=self.y[rows], life=life.astype(np.intp), started=self.started[kept],
            load=None if self.load is None else self.load[rows], origin_s=self.origin_s, scale=self.scale,
            resolution=self.resolution, missing=self.missing, duplicates=self.duplicates, spikes=self.spikes + spikes,
            older_lives=self.older_lives + older_lives,
        )  # fmt: skip


def tidy(series: Series) -> Rows:
    """Sort by life and time, drop what is not finite, let the last of duplicates win, and scale to order one."""
    usable = np.isfinite(series.values) & np.isfinite(series.times_s) & (np.abs(series.times_s) < FARTHEST_S)
    order = np.flatnonzero(usable)
    order = order[np.lexsort((series.times_s[order], series.life[order]))]
    last = np.append((np.diff(series.times_s[order]) != 0) | (np.diff(series.life[order]) != 0), True)[: len(order)]
    kept = order[last]
    values = series.values[kept]
    scale = float(np.max(np.abs(values))) if len(kept) and np.any(values) else 1.0
    origin = float(np.min(series.times_s[kept])) if len(kept) else 0.0
    lives, life = np.unique(series.life[kept], return_inverse=True)
    return Rows(
        t=series.times_s[kept] - origin, y=values / scale, life=life.astype(np.intp),
        started=series.life_started_s[lives] - origin, load=_work(series, kept, life),
        origin_s=origin, scale=scale, resolution=_resolution(values / scale, RESOLUTION[series.unit] / scale),
        missing=len(usable) - len(order), duplicates=len(order) - len(kept),
    )  # fmt: skip


def _resolution(scaled: FloatArray, usual: float) -> float:
    """The smallest difference seen, or the unit's own where that is smaller or nothing differs; at most one."""
    distinct = np.unique(scaled)
    gap = float(np.min(np.diff(distinct))) if len(distinct) > 1 else usual
    return min(gap, usual if usual > 0.0 else gap, 1.0)


def _work(series: Series, kept: IntArray, life: IntArray) -> FloatArray | None:
    """Requests done since each life's first row: falls (resets) count as nothing, missing cells are bridged."""
    if series.load is None or len(kept) == 0:
        return None
    counter = series.load[kept].copy()
    known = np.flatnonzero(np.isfinite(counter))
    if len(known) < 2:
        return None
    work = np.zeros(len(counter))
    for one in range(int(life[-1]) + 1):
        rows = np.flatnonzero(life == one)
        told = rows[np.isfinite(counter[rows])]
        if len(told) >= 2:
            done = np.append(0.0, np.cumsum(np.maximum(np.diff(counter[told]), 0.0)))
            work[rows] = np.interp(series.times_s[kept][rows], series.times_s[kept][told], done)
    return work if np.any(work > 0) else None


def without_spikes(rows: Rows, policy: GrowthPolicy) -> Rows:
    """Leave out lone readings far from their neighbours (Hampel 1974), unless they are so many that they are real."""
    if len(rows) < policy.min_samples:
        return rows
    steps = np.abs(np.diff(rows.y))
    limit = spike_limit(
        np.asarray([median(steps)]), np.asarray([median(rows.y)]), np.asarray([rows.resolution]), policy
    )
    spike = spikes(rows.y[None], steps[None], limit, policy)[0]
    return rows.keep(~spike, spikes=int(np.sum(spike))) if np.any(spike) else rows


def spike_limit(typical: FloatArray, level: FloatArray, resolution: FloatArray, policy: GrowthPolicy) -> FloatArray:
    """Return how far from its neighbours a reading must be, shape (s,), by the median step between neighbours."""
    noise = _MAD_TO_SD * typical / np.sqrt(2.0)
    return np.asarray(np.maximum(policy.spike_deviations * noise, np.maximum(0.01 * np.abs(level), 2.0 * resolution)))


def spikes(y: FloatArray, steps: FloatArray, limit: FloatArray, policy: GrowthPolicy) -> Mask:
    """Return which readings are lone spikes, shape (s, n): far from the median of their neighbours, and from one next.

    Args:
        y: shape (s, n).
        steps: shape (s, n - 1), absolute differences between neighbours.
        limit: shape (s,).
    """
    found = np.zeros(y.shape, dtype=bool)
    if y.shape[1] < 2:
        return found
    row, before = np.divmod(np.flatnonzero(steps > 0.5 * limit[:, None]), steps.shape[1])
    row, at = np.concatenate([row, row]), np.concatenate([before, before + 1])
    lone = _stand_out(y, row, at) > limit[row]
    row, at = row[lone], at[lone]
    around = np.clip(at[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1), 0, y.shape[1] - 1)
    far = np.abs(y[row, at] - np.sort(y[row[:, None], around], axis=1)[:, _NEIGHBOURS]) > limit[row]
    found[row[far], at[far]] = True
    some = np.unique(row[far])
    found[some[np.mean(found[some], axis=1) >= policy.spike_fraction]] = False
    return found


def _stand_out(y: FloatArray, row: IntArray, at: IntArray) -> FloatArray:
    """How far readings are from one of three neighbours: of those six one is, from two at most, nearer than the median.

    What is far from the median of seven, itself among them, is as far from four of the six others.
    """
    n, flat, own = y.shape[1], y.ravel(), row * y.shape[1]
    value, most = flat[own + at], np.zeros(len(at))
    for step in (-2, -1, 1):
        np.maximum(most, np.abs(value - flat[own + np.clip(at + step, 0, n - 1)]), out=most)
    return most
