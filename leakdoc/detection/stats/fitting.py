"""Every shape against every degree of autocorrelation, as projections that share their products.

The confounders are projected out once per autocorrelation; what is left of all columns makes one Gram matrix, and a
shape is a handful of its rows. Weights are those of Bayesian model averaging under Zellner's g-prior with g = n, the
unit-information prior behind the BIC, marginal over the autocorrelation (Zellner 1986; Liang et al., JASA 103, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.whitening import RHOS, Whitener, whitener_of

_COLLINEAR = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Products:
    """What every fit is made of; r is the number of autocorrelations, c of columns.

    Args:
        unit: shape (r, n, c), the columns without the confounders, each scaled to length one.
        towards: shape (r, c), the columns times the values.
        total: shape (r,), sum of squares that the confounders leave, with the floor of the source's resolution.
        base: shape (r,), log-likelihood of the confounders alone, marginal over their size.
        scales: shape (r, c), what each column was divided by.
        usable: shape (c,), false where nothing of a column is left.
        degrees: of freedom that the confounders leave.
    """

    unit: FloatArray
    towards: FloatArray
    total: FloatArray
    base: FloatArray
    scales: FloatArray
    usable: Mask
    degrees: int
    count: int

    def crossed(self, left: IntArray, right: IntArray) -> FloatArray:
        """Return the products of pairs of columns, shape (r, k); what is multiplied stays small, hence quick."""
        lefts, at = np.unique(left, return_inverse=True)
        rights, to = np.unique(right, return_inverse=True)
        block = np.swapaxes(self.unit[:, :, lefts], 1, 2) @ self.unit[:, :, rights]
        return np.asarray(block[:, at, to])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fits:
    """Autocorrelations by candidates.

    Args:
        log_weight: shape (r, k), minus infinity where a candidate cannot be fitted.
        slope: shape (r, k), at the end of the data, per second.
        error: shape (r, k), its standard error.
    """

    log_weight: FloatArray
    slope: FloatArray
    error: FloatArray


def products_of(bins: Bins, basis: Basis, columns: FloatArray, *, white: Whitener | None = None) -> Products:
    """Whiten, project the confounders out and multiply."""
    white = white or whitener_of(bins)
    n, b = basis.columns.shape
    everything = white(np.hstack([basis.columns, columns, bins.y[:, None]]))
    q, r = np.linalg.qr(everything[:, :, :b])
    rest = everything[:, :, b:] - q @ (np.swapaxes(q, 1, 2) @ everything[:, :, b:])
    y = rest[:, :, -1]
    length = np.sqrt(np.sum(rest[:, :, :-1] ** 2, axis=1))
    before = np.sqrt(np.sum(everything[:, :, b:-1] ** 2, axis=1))
    usable = np.all(length > 1e-5 * np.maximum(before, 1e-300), axis=0)
    scales = np.where(length > 0.0, length, 1.0)
    unit = rest[:, :, :-1] / scales[:, None, :]
    floor = (n - b) * bins.resolution**2 / 12.0 * (1.0 + RHOS**2)  # rounding is white, and whitening makes it grow
    total = np.sum(y * y, axis=1) + floor + 1e-24
    log_size = np.sum(np.log(np.abs(np.diagonal(r, axis1=1, axis2=2)) + 1e-300), axis=1)
    return Products(
        unit=unit, towards=(y[:, None, :] @ unit)[:, 0], total=total,
        base=white.log_det - log_size - 0.5 * (n - b) * np.log(total), scales=scales, usable=usable,
        degrees=n - b, count=n,
    )  # fmt: skip


def fit(products: Products, members: IntArray, end_slope: FloatArray) -> Fits:
    """Fit candidates that have the same number of columns, by the normal equations.

    Args:
        members: shape (k, p), the columns of each candidate, p from 1 to 3.
        end_slope: shape (c,), slope at the end per unit of each column.
    """
    towards, contrast = products.towards[:, members], (end_slope / products.scales)[:, members]
    explained, slope, spread, sound = _SOLVERS[members.shape[1]](products, members, towards, contrast)
    left = np.maximum(products.total[:, None] - explained, 1e-12 * products.total[:, None])
    degrees = max(products.degrees - members.shape[1], 1)
    g = float(products.count)
    evidence = 0.5 * (products.degrees - members.shape[1]) * np.log1p(g) + products.base[:, None]
    evidence = evidence - 0.5 * products.degrees * np.log1p(g * left / products.total[:, None])
    return Fits(
        log_weight=np.where(sound & np.all(products.usable[members], axis=1), evidence, -np.inf),
        slope=slope, error=np.sqrt(np.maximum(spread, 0.0) * left / degrees),
    )  # fmt: skip


_Solved = tuple[FloatArray, FloatArray, FloatArray, Mask]


def _one(_: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    h, c = towards[:, :, 0], contrast[:, :, 0]
    return h * h, c * h, c * c, np.ones((1, len(members)), dtype=bool)


def _two(products: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    off = products.crossed(members[:, 0], members[:, 1])
    sound = 1.0 - off * off > _COLLINEAR
    room = np.where(sound, 1.0 - off * off, 1.0)
    h1, h2, c1, c2 = towards[:, :, 0], towards[:, :, 1], contrast[:, :, 0], contrast[:, :, 1]
    size1, size2 = (h1 - off * h2) / room, (h2 - off * h1) / room
    spread = (c1 * c1 - 2.0 * off * c1 * c2 + c2 * c2) / room
    return np.maximum(size1 * h1 + size2 * h2, 0.0), c1 * size1 + c2 * size2, spread, sound


def _three(products: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    p = members.shape[1]
    crossed = products.crossed(np.repeat(members, p, axis=1).ravel(), np.tile(members, p).ravel())
    gram = crossed.reshape(-1, len(members), p, p)
    sound = np.linalg.det(gram) > _COLLINEAR
    inverse = np.linalg.inv(np.where(sound[:, :, None, None], gram, np.eye(p)))
    size = (inverse @ towards[..., None])[..., 0]
    spread = np.sum(contrast * (inverse @ contrast[..., None])[..., 0], axis=2)
    return np.maximum(np.sum(size * towards, axis=2), 0.0), np.sum(contrast * size, axis=2), spread, sound


_SOLVERS: Final = {1: _one, 2: _two, 3: _three}
