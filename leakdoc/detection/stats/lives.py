"""Restarts that nobody recorded, told by the drop they leave behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.tidying import Rows

_DEVIATIONS = 10.0


def split_at_drops(rows: Rows, policy: GrowthPolicy) -> Rows:
    """Start a new life after every fall that is too large for noise; the row's own life index is kept apart."""
    cuts = _drops(rows, policy)
    if len(cuts) == 0:
        return rows
    bump = np.zeros(len(rows), dtype=np.intp)
    bump[cuts] = 1
    changes = np.append(0, np.diff(rows.life)) > 0
    life = np.cumsum(bump.astype(bool) | changes).astype(np.intp)
    first = np.flatnonzero(np.append(True, np.diff(life) > 0))
    inferred = np.isin(first, cuts)
    started = np.where(inferred, rows.t[first], rows.started[rows.life[first]])
    return replace(rows, life=life, started=started)


def has_drops(
    steps: FloatArray, ordered: FloatArray, typical: FloatArray, resolution: FloatArray, policy: GrowthPolicy
) -> Mask:
    """Say of each series whether it may have been restarted, by its steps, its sorted values and its median step."""
    n = ordered.shape[1]
    spread = ordered[:, min(int(0.98 * (n - 1)) + 1, n - 1)] - ordered[:, int(0.02 * (n - 1))]
    spread = np.where(spread > 0.0, spread, ordered[:, -1] - ordered[:, 0])
    least = np.maximum(policy.drop_fraction * spread, np.maximum(_DEVIATIONS * 1.4826 * typical, 4.0 * resolution))
    return np.asarray(-np.min(steps, axis=1) > 0.9 * least)


def _drops(rows: Rows, policy: GrowthPolicy) -> IntArray:
    """Rows that open a new life: far below the row before, and it stays there."""
    fall = -np.diff(rows.y)
    spread = float(np.quantile(rows.y, 0.98) - np.quantile(rows.y, 0.02)) or float(np.ptp(rows.y))
    noise = 1.4826 * float(np.median(np.abs(np.diff(rows.y))))
    least = max(policy.drop_fraction * spread, _DEVIATIONS * noise, 4.0 * rows.resolution)
    within = np.diff(rows.life) == 0
    return np.flatnonzero((fall > least) & within) + 1
