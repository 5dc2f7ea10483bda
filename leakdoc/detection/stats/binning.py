"""Few medians in place of many readings, life by life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.tidying import Rows

_LEAST_PER_LIFE = 3
_READINGS_PER_BIN = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """Medians of consecutive readings.

    Args:
        t: shape (n,), mean time of each bin, seconds since the first reading.
        age: shape (n,), seconds since the start of the bin's life, or since its first reading.
        y: shape (n,), medians.
        life: shape (n,), consecutive from 0, ascending.
        work: shape (n,), requests since the life's first row; null without load.
        rate: shape (n,), requests a second in the bin; null without load.
        resolution: the smallest step that the source can show.
    """

    t: FloatArray
    age: FloatArray
    y: FloatArray
    life: IntArray
    work: FloatArray | None
    rate: FloatArray | None
    resolution: float

    def __len__(self) -> int:
        return len(self.t)

    def part(self, rows: Mask) -> Bins:
        """Return only some bins; lives that lose all of theirs are dropped."""
        return Bins(
            t=self.t[rows], age=self.age[rows], y=self.y[rows],
            life=np.unique(self.life[rows], return_inverse=True)[1].astype(np.intp),
            work=None if self.work is None else self.work[rows], rate=None if self.rate is None else self.rate[rows],
            resolution=self.resolution,
        )  # fmt: skip

    @property
    def lives(self) -> int:
        """How many lives there are."""
        return int(self.life[-1]) + 1 if len(self.life) else 0

    @property
    def longest_life(self) -> float:
        """Seconds from the first to the last bin of the longest life."""
        first = np.flatnonzero(np.append(True, np.diff(self.life) > 0))
        return float(np.max(self.t[np.append(first[1:], len(self)) - 1] - self.t[first]))

    @property
    def span(self) -> float:
        """Seconds from the first to the last bin."""
        return float(np.max(self.t) - np.min(self.t)) if len(self.t) else 0.0


def bin_rows(rows: Rows, policy: GrowthPolicy, *, raw: bool = False) -> Bins:
    """Take medians of about `bins` bins, at least three a life, each of equally many readings; `raw` keeps all rows."""
    index = np.arange(len(rows)) if raw else shares_of(rows.life, policy)
    first = np.flatnonzero(np.append(True, np.diff(index) > 0))
    count = np.diff(np.append(first, len(rows)))
    t = np.add.reduceat(rows.t, first) / count
    life = rows.life[first]
    born = _born(rows)[life]
    work = None if rows.load is None else np.add.reduceat(rows.load, first) / count
    return Bins(
        t=t, age=t - born, y=_medians(rows.y, index, first, count), life=life, work=work,
        rate=None if work is None else _rates(rows, first), resolution=rows.resolution,
    )  # fmt: skip


def shares_of(life: IntArray, policy: GrowthPolicy) -> IntArray:
    """Return the bin of each row: bins go to lives, shape (n,), by their number of readings."""
    sizes, n = np.bincount(life), len(life)
    total = min(policy.bins, max(n // _READINGS_PER_BIN, policy.min_samples), n)
    share = np.maximum(np.round(sizes * total / max(n, 1)), _LEAST_PER_LIFE)
    share = np.minimum(share, sizes).astype(np.intp)
    within = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    opens = np.repeat(np.cumsum(share) - share, sizes)
    return np.asarray(opens + (within * np.repeat(share, sizes)) // np.repeat(sizes, sizes), dtype=np.intp)


def _medians(y: FloatArray, index: IntArray, first: IntArray, count: IntArray) -> FloatArray:
    ordered = y[np.lexsort((y, index))]
    return np.asarray(0.5 * (ordered[first + (count - 1) // 2] + ordered[first + count // 2]))


def _born(rows: Rows) -> FloatArray:
    """Each life's start: as told, unless that is unknown or after its first reading."""
    first = rows.t[np.flatnonzero(np.append(True, np.diff(rows.life) > 0))]
    return np.where(rows.started <= first, rows.started, first)


def _rates(rows: Rows, first: IntArray) -> FloatArray:
    """Requests a second between the ends of each bin, from the increments of all rows in it."""
    assert rows.load is not None
    inside = np.append(False, np.diff(rows.life) == 0)
    done = np.where(inside, np.diff(rows.load, prepend=0.0), 0.0)
    took = np.where(inside, np.diff(rows.t, prepend=0.0), 0.0)
    done_in, took_in = np.add.reduceat(done, first), np.add.reduceat(took, first)
    rate = np.divide(done_in, took_in, out=np.full(len(first), np.nan), where=took_in > 0)
    known = np.isfinite(rate)
    return (
        np.interp(np.arange(len(first)), np.flatnonzero(known), rate[known]) if np.any(known) else np.zeros(len(first))
    )
