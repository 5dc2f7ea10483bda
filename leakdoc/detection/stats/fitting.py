"""Every shape against every degree of autocorrelation, as projections that share their products.

The confounders are projected out once per autocorrelation; what is left of all columns makes one Gram matrix, and a
shape is a handful of its rows. Weights are those of Bayesian model averaging with the unit-information prior behind the
BIC (Kass and Wasserman, JASA 90, 1995), marginal over the autocorrelation with the determinant that restricted maximum
likelihood adds (Patterson and Thompson, Biometrika 58, 1971), so that the trend does not pass for a lack of memory.
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
        count: how many points there are.
        doubt: the part of what a shape explains that counts as its misfit, for no shape is exact.
    """

    unit: FloatArray
    towards: FloatArray
    total: FloatArray
    base: FloatArray
    scales: FloatArray
    usable: Mask
    degrees: int
    count: int
    doubt: float

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


def products_of(
    bins: Bins, basis: Basis, columns: FloatArray, *, doubt: float, white: Whitener | None = None
) -> Products:
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
    floor = (n - b) * basis.floor * (1.0 + RHOS**2)  # rounding is white, and whitening makes it grow
    total = np.sum(y * y, axis=1) + floor + 1e-24
    log_size = np.sum(np.log(np.abs(np.diagonal(r, axis1=1, axis2=2)) + 1e-300), axis=1)
    return Products(
        unit=unit, towards=(y[:, None, :] @ unit)[:, 0], total=total,
        base=white.log_det - log_size - 0.5 * (n - b) * np.log(total), scales=scales, usable=usable,
        degrees=n - b, count=n, doubt=doubt,
    )  # fmt: skip


def fit(products: Products, members: IntArray, end_slope: FloatArray) -> Fits:
    """Fit candidates that have the same number of columns, by the normal equations.

    Args:
        members: shape (k, p), the columns of each candidate, p from 1 to 3.
        end_slope: shape (c,), slope at the end per unit of each column.
    """
    towards, contrast = products.towards[:, members], (end_slope / products.scales)[:, members]
    explained, slope, spread, room = _SOLVERS[members.shape[1]](products, members, towards, contrast)
    left = np.maximum(products.total[:, None] - explained, 1e-12 * products.total[:, None])
    degrees = max(products.degrees - members.shape[1], 1)
    size = np.log(room) + 2.0 * np.sum(np.log(products.scales[:, members]), axis=2)
    doubted = left + products.doubt * explained
    evidence = 0.5 * products.degrees * np.log(products.total[:, None] / doubted) + products.base[:, None]
    evidence = evidence - 0.5 * members.shape[1] * np.log(products.count) - 0.5 * (size - size[:1])
    sound = np.all(products.usable[members], axis=1) & np.all(room > _COLLINEAR, axis=0)
    return Fits(
        log_weight=np.where(sound, evidence, -np.inf),
        slope=slope, error=np.sqrt(np.maximum(spread, 0.0) * left / degrees),
    )  # fmt: skip


_Solved = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _one(products: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    h, c = towards[:, :, 0], contrast[:, :, 0]
    return h * h, c * h, c * c, np.ones((len(products.total), len(members)))


def _two(products: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    off = products.crossed(members[:, 0], members[:, 1])
    room = np.maximum(1.0 - off * off, 0.1 * _COLLINEAR)
    h1, h2, c1, c2 = towards[:, :, 0], towards[:, :, 1], contrast[:, :, 0], contrast[:, :, 1]
    size1, size2 = (h1 - off * h2) / room, (h2 - off * h1) / room
    spread = (c1 * c1 - 2.0 * off * c1 * c2 + c2 * c2) / room
    return np.maximum(size1 * h1 + size2 * h2, 0.0), c1 * size1 + c2 * size2, spread, room


def _three(products: Products, members: IntArray, towards: FloatArray, contrast: FloatArray) -> _Solved:
    p = members.shape[1]
    crossed = products.crossed(np.repeat(members, p, axis=1).ravel(), np.tile(members, p).ravel())
    gram = crossed.reshape(-1, len(members), p, p)
    room = np.maximum(np.linalg.det(gram), 0.1 * _COLLINEAR)
    inverse = np.linalg.inv(np.where((room > _COLLINEAR)[:, :, None, None], gram, np.eye(p)))
    size = (inverse @ towards[..., None])[..., 0]
    spread = np.sum(contrast * (inverse @ contrast[..., None])[..., 0], axis=2)
    return np.maximum(np.sum(size * towards, axis=2), 0.0), np.sum(contrast * size, axis=2), spread, room


_SOLVERS: Final = {1: _one, 2: _two, 3: _three}
