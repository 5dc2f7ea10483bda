"""Every shape against every degree of autocorrelation, as projections that share their products.

The confounders are projected out once per autocorrelation; what is left of all columns makes one Gram matrix, and a
shape is a handful of its rows. Weights are those of Bayesian model averaging under Zellner's g-prior with g = n, the
unit-information prior behind the BIC, marginal over the autocorrelation (Zellner 1986; Liang et al., JASA 103, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

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
        gram: shape (r, c, c), of the columns without the confounders, each scaled to length one.
        towards: shape (r, c), the columns times the values.
        total: shape (r,), sum of squares that the confounders leave, with the floor of the source's resolution.
        base: shape (r,), log-likelihood of the confounders alone, marginal over their size.
        scales: shape (r, c), what each column was divided by.
        usable: shape (c,), false where nothing of a column is left.
        degrees: of freedom that the confounders leave.
    """

    gram: FloatArray
    towards: FloatArray
    total: FloatArray
    base: FloatArray
    scales: FloatArray
    usable: Mask
    degrees: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fits:
    """Candidates by autocorrelations.

    Args:
        log_weight: shape (k, r).
        slope: shape (k, r), at the end of the data, per second.
        error: shape (k, r), its standard error.
        first: shape (k, r), the coefficient of the candidate's first column, and its standard error in `first_error`.
    """

    log_weight: FloatArray
    slope: FloatArray
    error: FloatArray
    first: FloatArray


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
        gram=np.swapaxes(unit, 1, 2) @ unit, towards=np.einsum("rnc,rn->rc", unit, y), total=total,
        base=white.log_det - log_size - 0.5 * (n - b) * np.log(total), scales=scales, usable=usable,
        degrees=n - b, count=n,
    )  # fmt: skip


def fit(products: Products, members: IntArray, end_slope: FloatArray) -> Fits:
    """Fit candidates that have the same number of columns.

    Args:
        members: shape (k, p), the columns of each candidate.
        end_slope: shape (c,), slope at the end per unit of each column.
    """
    p = members.shape[1]
    gram = products.gram[:, members[:, :, None], members[:, None, :]].swapaxes(0, 1)
    towards = products.towards[:, members].swapaxes(0, 1)
    contrast = (end_slope / products.scales)[:, members].swapaxes(0, 1)
    inverse, sound = _inverse(gram)
    size = np.einsum("krij,krj->kri", inverse, towards)
    explained = np.clip(np.einsum("kri,kri->kr", size, towards), 0.0, None)
    left = np.maximum(products.total - explained, 1e-12 * products.total)
    degrees = max(products.degrees - p, 1)
    spread = np.sqrt(np.clip(np.einsum("kri,krij,krj->kr", contrast, inverse, contrast), 0.0, None))
    g = float(products.count)
    evidence = products.base + 0.5 * (products.degrees - p) * np.log1p(g)
    evidence = evidence - 0.5 * products.degrees * np.log1p(g * left / products.total)
    sound = sound & np.all(products.usable[members], axis=1)[:, None]
    return Fits(
        log_weight=np.where(sound, evidence, -np.inf), slope=np.einsum("kri,kri->kr", contrast, size),
        error=spread * np.sqrt(left / degrees), first=size[:, :, 0] / products.scales[:, members[:, 0]].T,
    )  # fmt: skip


def _inverse(gram: FloatArray) -> tuple[FloatArray, Mask]:
    """Invert small correlation matrices; say which of them could be."""
    if gram.shape[-1] == 1:
        return np.ones_like(gram), np.ones(gram.shape[:2], dtype=bool)
    if gram.shape[-1] == 2:
        off = gram[:, :, 0, 1]
        room = 1.0 - off * off
        sound = room > _COLLINEAR
        inverse = np.empty_like(gram)
        inverse[:, :, 0, 0] = inverse[:, :, 1, 1] = 1.0
        inverse[:, :, 0, 1] = inverse[:, :, 1, 0] = -off
        return inverse / np.where(sound, room, 1.0)[:, :, None, None], sound
    sound = np.linalg.det(gram) > _COLLINEAR
    safe = np.where(sound[:, :, None, None], gram, np.eye(gram.shape[-1]))
    return np.linalg.inv(safe), sound


def distrusting(fits: Fits, persistence: float, distrust: float) -> Fits:
    """Hold against a fit what it leaves over, where that wanders more than `persistence`."""
    held = distrust * np.log(np.maximum((1.0 - persistence) / (1.0 - RHOS), 1.0))
    return Fits(log_weight=fits.log_weight - held, slope=fits.slope, error=fits.error, first=fits.first)
