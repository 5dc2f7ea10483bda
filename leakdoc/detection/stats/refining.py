"""The one time constant, or bend, that suits the data best: grids are too coarse where the noise is small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_SHARES: Final = np.linspace(0.0, 1.0, 16)
_TINY: Final = 1e-9


class Rest:
    """What some columns leave of the data.

    Args:
        beside: shape (n, b), columns that are fitted along with the one that is sought.
        y: shape (n,).
    """

    def __init__(self, beside: FloatArray, y: FloatArray) -> None:
        self._q = np.linalg.qr(beside)[0]
        self._y = y - self._q @ (self._q.T @ y)

    def best_parameter(
        self, columns_of: Callable[[FloatArray], FloatArray], low: float, high: float, *, zooms: int
    ) -> float:
        """Return the parameter whose column leaves the least squares, by zooming into a geometric grid.

        Args:
            columns_of: k parameters to columns of shape (n, k).
            low: the smallest parameter, positive.
            high: the greatest.
            zooms: how often the grid is laid.
        """
        for _ in range(zooms):
            grid = low * np.exp(np.log(high / low) * _SHARES)
            columns = columns_of(grid)
            towards, beside = self._y @ columns, self._q.T @ columns
            length = np.einsum("nk,nk->k", columns, columns) - np.einsum("bk,bk->k", beside, beside)
            explained = towards * towards / np.maximum(length, _TINY * float(length.max()) + 1e-300)
            at = int(explained.argmax())
            low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, len(grid) - 1)])
        return float(grid[at])
