"""Whether growth falls off with the work that is done, as that of a cache does while hits take the place of misses.

A request of a leak costs as many bytes late as early; one of a cache that fills costs less and less. On the clock that
shows only where requests come evenly: a busy machine or a load that ramps bends either's curve. So growth is held
against the processor time that the process has had. That is no count of requests, and what each part of it brought
scatters; a fall must stand out of the scatter, and go on to the end. And the requests of some leaks get slower as what
they walk through gets longer: what has grown evenly by the clock all the while is not held against its processor time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray

_PARTS: Final = 9
_EARLY: Final = 3  # parts: a warm-up may fill them, and says nothing of how it goes on
_TICK_S: Final = 0.01  # what the kernel counts processor time in
_TICKS: Final = 1.5  # a part; fewer, and nobody knows how long it was


@dataclass(frozen=True, slots=True, kw_only=True)
class PerEffort:
    """How much a second of processor time brought: at first, and lately."""

    first: float
    last: float


def falls_off(t: FloatArray, effort: FloatArray, y: FloatArray, policy: GrowthPolicy) -> PerEffort | None:
    """Return how growth fell with the effort, or null where it did not, or nobody can say.

    Args:
        t: shape (n,), ascending seconds since growth began, of one life.
        effort: shape (n,), seconds of processor time up to then, never falling.
        y: shape (n,), the values.
    """
    if len(t) == 0 or t[-1] <= t[0] or effort[-1] - effort[0] < _PARTS * _TICKS * _TICK_S:
        return None
    brought = _brought(effort, y)
    late = brought[_EARLY:]
    falls = _tau(brought) <= -policy.effort_falls and _tau(late) < 0.0
    if not falls or _kept(brought) > policy.effort_kept or _kept(late) > policy.effort_late:
        return None
    if _is_even(_brought(t, y), policy):
        return None
    return PerEffort(first=float(np.mean(brought[:_EARLY])), last=max(float(np.mean(brought[-_EARLY:])), 0.0))


def _is_even(brought: FloatArray, policy: GrowthPolicy) -> bool:
    """Whether growth went on as fast by the clock."""
    return min(_kept(brought), _kept(brought[_EARLY:])) > policy.effort_even


def _brought(axis: FloatArray, y: FloatArray) -> FloatArray:
    """How much came per unit in equal parts of an axis, shape (parts,); readings at one place of it count as one."""
    places, at = np.unique(axis, return_inverse=True)
    values = np.bincount(at, y) / np.bincount(at)
    edges = np.linspace(places[0], places[-1], _PARTS + 1)
    return np.asarray(np.diff(np.interp(edges, places, values)) / np.diff(edges))


def _kept(brought: FloatArray) -> float:
    """What is left at the end of what there was at the beginning, by a straight line through all parts."""
    at = np.arange(len(brought)) - 0.5 * (len(brought) - 1)
    half = float(at @ brought) / float(at @ at) * at[-1]
    first, last = float(brought.mean()) - half, float(brought.mean()) + half
    return last / first if first > 0.0 else np.inf


def _tau(brought: FloatArray) -> float:
    """Of all pairs of parts, how many rise less how many fall, as a fraction (Kendall 1938): deaf to one large part."""
    later, earlier = np.tril_indices(len(brought), -1)
    return float(np.mean(np.sign(brought[later] - brought[earlier])))
