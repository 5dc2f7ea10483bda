"""Samples thinned: of each process one in each stretch of time, with the mean, the minimum and the maximum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.sampling.recording_block import Piece, pack_thinned, unpack_block

_WORTH_IT: Final = 0.5  # of the samples may be left at most
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thinned:
    """Some blocks' samples, thinned.

    Args:
        at, process: shape (n,), ascending in time.
        metrics: ids, ascending.
        columns: mean, minimum and maximum of each, each of shape (n,); NaN where there was no reading.
        first_at, last_at: of the samples before.
    """

    at: Floats
    process: npt.NDArray[np.int64]
    metrics: tuple[int, ...]
    columns: Sequence[tuple[Floats, Floats, Floats]]
    first_at: float
    last_at: float

    def packed(self, layout: int) -> bytes:
        """Return them as a block's data."""
        lists = [tuple(each.tolist() for each in column) for column in self.columns]
        return pack_thinned(self.at.tolist(), self.process.tolist(), layout, lists)


def thinned(
    cells: Sequence[bytes], layouts: Mapping[int, Sequence[int]], every_s: float, *, were_thinned: bool
) -> Thinned | None:
    """Return the samples of some blocks, thinned; null where hardly fewer would be left."""
    pieces = [unpack_block(data, layouts, thinned=were_thinned) for data in cells]
    at = np.concatenate([each.at for each in pieces])
    process = np.concatenate([each.process for each in pieces])
    keys, stretch = np.unique(
        np.stack([np.floor(at / every_s), process.astype(np.float64)]), axis=1, return_inverse=True
    )
    stretch = stretch.ravel()
    count = keys.shape[1]
    if count > _WORTH_IT * len(at):
        return None
    metrics = tuple(sorted({metric for each in pieces for metric, _ in each.readings}))
    starts = np.cumsum([0, *(len(each.at) for each in pieces)])
    return Thinned(
        at=np.bincount(stretch, weights=at, minlength=count) / np.bincount(stretch, minlength=count),
        process=keys[1].astype(np.int64),
        metrics=metrics,
        columns=[_column(metric, pieces, starts, stretch, count) for metric in metrics],
        first_at=float(at.min()),
        last_at=float(at.max()),
    )


def _column(
    metric: int, pieces: Sequence[Piece], starts: npt.NDArray[np.int64], stretch: npt.NDArray[np.intp], count: int
) -> tuple[Floats, Floats, Floats]:
    means, into = _gathered(metric, "", pieces, starts, stretch)
    total, readings = np.bincount(into, weights=means, minlength=count), np.bincount(into, minlength=count)
    mean = np.divide(total, readings, out=np.full(count, np.nan), where=readings > 0)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    for statistic, extreme, choose in (("min", low, np.minimum), ("max", high, np.maximum)):
        values, places = _gathered(metric, statistic, pieces, starts, stretch)
        choose.at(extreme, places, values)
        extreme[readings == 0] = np.nan
    return mean, low, high


def _gathered(
    metric: int,
    statistic: str,
    pieces: Sequence[Piece],
    starts: npt.NDArray[np.int64],
    stretch: npt.NDArray[np.intp],
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return all readings of a metric, and the stretch that each falls into; a whole sample is its own extreme."""
    found: list[tuple[Floats, npt.NDArray[np.intp]]] = []
    for piece, start in zip(pieces, starts.tolist(), strict=False):
        rows, values = piece.readings.get((metric, statistic)) or piece.readings.get((metric, "")) or (None, None)
        if rows is not None and values is not None:
            there = ~np.isnan(values)
            found.append((values[there], stretch[start + rows[there]]))
    if not found:
        return np.zeros(0), np.zeros(0, dtype=np.intp)
    return np.concatenate([values for values, _ in found]), np.concatenate([places for _, places in found])
