"""Matrix products in pieces so small that the linear algebra library keeps to one thread.

A verdict must not depend on the number of threads, and threads that wait for each other cost more than they save here.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_SMALL: Final = 200_000  # multiplications; OpenBLAS starts threads from 262,144 on


def product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left @ right for stacks of matrices of shape (..., m, k) and (..., k, n)."""
    m, k = left.shape[-2:]
    width = max(_SMALL // max(m * k, 1), 8)
    n = right.shape[-1]
    if n <= width:
        return np.asarray(left @ right)
    return np.concatenate([left @ right[..., at : at + width] for at in range(0, n, width)], axis=-1)
