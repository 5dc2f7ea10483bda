"""Restarts that nobody recorded, told by the drop they leave behind."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.tidying import Rows

_DEVIATIONS: Final = 10.0
_NEARLY: Final = 0.9  # of the least fall that counts: what comes as near is looked at with more care
_AT_ONCE: Final = 0.5
_SELDOM: Final = 0.25
_BRIEF: Final = 0.05
_LEAST_POINTS: Final = 3
_MOST_LIVES: Final = 64  # what a fit costs grows with their number to the power of three
_AT_THE_END: Final = 0.02  # of the window: who was read so lately is there


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


def latest_lives(rows: Rows) -> Rows:
    """Return the rows of the latest 64 lives, and of all that are there at the end: a crash loop has thousands."""
    if rows.lives <= _MOST_LIVES:
        return rows
    ends = rows.t[np.flatnonzero(np.append(np.diff(rows.life) > 0, True))]
    kept = ends >= np.max(ends) - _AT_THE_END * np.ptp(rows.t)
    kept[np.argsort(ends, kind="stable")[-_MOST_LIVES:]] = True
    latest = rows.keep(kept[rows.life], older_lives=int(np.sum(~kept)))
    first = float(np.min(latest.t))
    return replace(latest, t=latest.t - first, started=latest.started - first, origin_s=latest.origin_s + first)


def has_drops(
    y: FloatArray, steps: FloatArray, typical: FloatArray, resolution: FloatArray, policy: GrowthPolicy
) -> Mask:
    """Say of each series, shape (s, n), whether it may have been restarted, by its steps and its median step.

    Only what falls out of its noise is asked for its range too.
    """
    fall, least = -np.min(steps, axis=1), np.maximum(_DEVIATIONS * 1.4826 * typical, 4.0 * resolution)
    found = fall > _NEARLY * least
    far = np.flatnonzero(found)
    ordered, n = np.sort(y[far], axis=1), y.shape[1]
    spread = ordered[:, min(int(0.98 * (n - 1)) + 1, n - 1)] - ordered[:, int(0.02 * (n - 1))]
    spread = np.where(spread > 0.0, spread, ordered[:, -1] - ordered[:, 0])
    found[far] = fall[far] > _NEARLY * policy.drop_fraction * spread
    return np.asarray(found)


def _drops(rows: Rows, policy: GrowthPolicy) -> IntArray:
    """Rows that open a new life: far below the row before, and not because a burst ended there."""
    fall = -np.diff(rows.y)
    spread = float(np.quantile(rows.y, 0.98) - np.quantile(rows.y, 0.02)) or float(np.ptp(rows.y))
    noise = 1.4826 * float(np.median(np.abs(np.diff(rows.y))))
    least = max(policy.drop_fraction * spread, _DEVIATIONS * noise, 4.0 * rows.resolution)
    within = np.diff(rows.life) == 0
    falls = np.flatnonzero((fall > least) & within) + 1
    return falls[~_end_bursts(rows.y, falls)]


def _end_bursts(y: FloatArray, falls: IntArray) -> Mask:
    """Which falls only give back what had come at once: a restart takes what a whole life had built up.

    Before the end of a burst the values had been as low, and left by one jump of half the fall or more. What is up
    there for more than a quarter of the time, or for a twentieth at once, is no burst, but a level that it holds.
    """
    ends, lasted = np.zeros(len(falls), dtype=bool), 0
    for number, at in enumerate(falls.tolist()):
        size = float(y[at - 1] - y[at])
        low = np.flatnonzero(y[falls[number - 1] if number else 0 : at] <= y[at] + (1.0 - _AT_ONCE) * size)
        since = int(low[-1]) + int(falls[number - 1] if number else 0) if len(low) else None
        brief = since is not None and at - since <= _BRIEF * len(y)
        if brief and float(np.max(np.diff(y[since:at]), initial=0.0)) >= _AT_ONCE * size:
            ends[number] = True
            lasted += at - since - 1
    return ends if lasted <= _SELDOM * len(y) else np.zeros(len(falls), dtype=bool)


def present_rate(t: FloatArray, y: FloatArray, life: IntArray, noise: float) -> float | None:
    """How fast the last life rose at most, from the medians of its first and last third; null where it is too short.

    Args:
        t: shape (n,), seconds.
        y: shape (n,).
        life: shape (n,), ascending.
        noise: standard deviation of one of the values.
    """
    last = life == life[-1]
    third = int(np.sum(last)) // 3
    if third < _LEAST_POINTS:
        return None
    first, second = (slice(third), slice(-third, None))
    rose = float(np.median(y[last][second]) - np.median(y[last][first])) + 2.0 * noise / math.sqrt(third)
    return rose / float(np.median(t[last][second]) - np.median(t[last][first]))
