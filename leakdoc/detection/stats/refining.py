"""The one time constant, or bend, that suits the data best: grids are too coarse where the noise is small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_POINTS: Final = 16
_ZOOMS: Final = 3
_TINY: Final = 1e-9


def best_parameter(
    columns_of: Callable[[FloatArray], FloatArray], low: float, high: float, *, beside: FloatArray, y: FloatArray
) -> float:
    """Return the parameter whose column, with others beside it, leaves the least squares; by zooming into a grid.

    Args:
        columns_of: k parameters to columns of shape (n, k).
        low: the smallest parameter, positive; the grid is geometric.
        high: the greatest.
        beside: shape (n, b), columns that are fitted along.
        y: shape (n,).
    """
    q = np.linalg.qr(beside)[0]
    rest = y - q @ (q.T @ y)
    for _ in range(_ZOOMS):
        grid = np.geomspace(low, high, _POINTS)
        columns = columns_of(grid)
        columns = columns - q @ (q.T @ columns)
        length = np.sum(columns * columns, axis=0)
        explained = np.square(rest @ columns) / np.maximum(length, _TINY * float(length.max()) + 1e-300)
        at = int(np.argmax(explained))
        low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, _POINTS - 1)])
    return float(grid[at])
