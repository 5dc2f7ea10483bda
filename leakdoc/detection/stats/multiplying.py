"""Matrix products in pieces so small that the linear algebra library keeps to one thread.

A verdict must not depend on the number of threads, and threads that wait for each other cost more than they save here.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_SMALL: Final = 260_000  # multiplications; OpenBLAS starts threads from 262,144 on


def product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left @ right for stacks of matrices of shape (..., m, k) and (..., k, n)."""
    m, k = left.shape[-2:]
    width = max(_SMALL // max(m * k, 1), 8)
    n = right.shape[-1]
    if n <= width:
        return np.asarray(left @ right)
    out = np.empty((*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), m, n))
    for at in range(0, n, width):
        np.matmul(left, right[..., at : at + width], out=out[..., at : at + width])
    return out
