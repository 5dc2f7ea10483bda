"""Matrix products in pieces so small that the linear algebra library keeps to one thread.

A verdict must not depend on the number of threads, and threads that wait for each other cost more than they save here.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_SMALL: Final = 260_000  # multiplications; OpenBLAS starts threads from 262,144 on
_ROWS: Final = 64


def product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left @ right for stacks of matrices of shape (..., m, k) and (..., k, n)."""
    (m, k), n = left.shape[-2:], right.shape[-1]
    if m * k * n <= _SMALL:
        return np.asarray(left @ right)
    high = max(min(m, _ROWS, _SMALL // (8 * k)), 1)
    wide = max(_SMALL // (high * k), 1)
    out = np.empty((*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), m, n))
    for row in range(0, m, high):
        for column in range(0, n, wide):
            part = (..., slice(row, row + high), slice(column, column + wide))
            np.matmul(left[..., row : row + high, :], right[..., column : column + wide], out=out[part])
    return out
