"""All that is known of a time axis before any values: every shape under every autocorrelation, and their products.

A stage is what many series on one axis share, and what a single series of a common axis finds in the cache. The
confounders are projected out once per autocorrelation; what is left of all columns makes one Gram matrix.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.pairs import Pairs, pairs_of
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import Axis, Library, axes_of, library_of
from leakdoc.detection.stats.whitening import Whitener, whitener_of

_KEPT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The confounders under every autocorrelation; r is the number of autocorrelations, n of points.

    Args:
        white: the transform that takes the autocorrelation out.
        q: shape (r, n, b), an orthonormal basis of the whitened confounders.
        back: shape (r, b, b), from coordinates in that basis to the confounders' coefficients.
        constant: shape (r,), the part of the log-likelihood that does not depend on the values.
        degrees: of freedom that the confounders leave.
    """

    white: Whitener
    q: FloatArray
    back: FloatArray
    constant: FloatArray
    degrees: int

    def rest(self, columns: FloatArray) -> FloatArray:
        """Return what is left of columns, shape (n, c), without autocorrelation and confounders: (r, n, c)."""
        white = self.white(columns)
        return white - product(self.q, product(np.swapaxes(self.q, 1, 2), white))

    def coefficients(self, rho: IntArray, values: FloatArray) -> FloatArray:
        """Return the confounders' coefficients, shape (s, b), in values of shape (s, n), each under its own rho."""
        within = np.einsum("snb,sn->sb", self.q[rho], self.white.rows(rho, values))
        return np.asarray(np.einsum("scb,sb->sc", self.back[rho], within))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Products:
    """The columns of one axis; c is their number.

    Args:
        unit: shape (r, c, n), what the confounders leave of them, each scaled to length one.
        log_size: shape (r, c), twice the logarithm of what each was divided by, less that of the first r.
        contrast: shape (r, c), slope at the end per unit of each, per unit of the axis.
        scales: shape (r, c), what each was divided by.
        usable: shape (c,), false where nothing of a column is left.
        kept: pairs, once many series have asked for all of them.
    """

    unit: FloatArray
    log_size: FloatArray
    contrast: FloatArray
    scales: FloatArray
    usable: Mask
    kept: list[Pairs] = field(default_factory=list)

    def with_one(self, one: int) -> FloatArray:
        """Return the products of one column with all, shape (r, c)."""
        return np.asarray(product(self.unit, self.unit[:, one, :, None])[:, :, 0])

    def pairs(self, firsts: IntArray, seconds: IntArray) -> Pairs:
        """Return what pairs of columns have in common, each of some with each of others."""
        return pairs_of(self.unit, self.log_size, self.usable, firsts, seconds)

    def all_pairs(self, firsts: IntArray, seconds: IntArray) -> Pairs:
        """Return the same, and keep it for the next series: the columns must be the same in every call."""
        if not self.kept:
            self.kept.append(self.pairs(firsts, seconds))
        return self.kept[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One time axis, or two where there are requests, with the confounders."""

    ground: Ground
    axes: tuple[Axis, ...]
    libraries: tuple[Library, ...]
    products: tuple[Products, ...]
    count: int


_CACHE: OrderedDict[tuple[bytes, ...], Stage] = OrderedDict()


def stage_of(bins: Bins, basis: Basis) -> Stage:
    """Return the stage of these bins; axes that differ by origin and scale alone share one.

    What is shared is built of its rounded key, so that no verdict depends on which series was judged before.
    """
    axes = axes_of(bins)
    if len(axes) > 1 or basis.load_at is not None or bins.lives > 1:
        return _build(bins, basis.columns, axes)
    u, columns, days = np.round(axes[0].u, 6), np.round(basis.columns, 6), round(axes[0].days, 5)
    key = (u.tobytes(), columns.tobytes(), repr(days).encode())
    if key not in _CACHE:
        axis = replace(axes[0], u=u, along=u, per_second=1.0, along_per_second=1.0, days=days)
        _CACHE[key] = _build(replace(bins, t=u, age=u), columns, (axis,))
        while len(_CACHE) > _KEPT:
            _CACHE.popitem(last=False)
    return replace(_CACHE[key], axes=axes)  # these axes go at their own pace


def forget_stages() -> None:
    """Let go of the stages that are kept for other series on the same axes."""
    _CACHE.clear()


def ground_of(bins: Bins, columns: FloatArray) -> Ground:
    """Whiten and orthogonalize confounders of shape (n, b)."""
    white = whitener_of(bins)
    whitened = white(columns)
    q, r = np.linalg.qr(whitened)
    size = np.abs(np.diagonal(r, axis1=1, axis2=2))
    return Ground(
        white=white, q=q, back=np.linalg.pinv(r),
        constant=white.log_det - np.sum(np.log(size + 1e-300), axis=1), degrees=columns.shape[0] - columns.shape[1],
    )  # fmt: skip


def products_of(ground: Ground, columns: FloatArray, end_slope: FloatArray) -> Products:
    """Project the confounders out of columns of shape (n, c)."""
    white = ground.white(columns)
    before = np.sqrt(np.einsum("rnc,rnc->rc", white, white))
    white -= product(ground.q, product(np.swapaxes(ground.q, 1, 2), white))
    length = np.sqrt(np.einsum("rnc,rnc->rc", white, white))
    scales = np.where(length > 0.0, length, 1.0)
    white /= scales[:, None, :]
    log_size = 2.0 * np.log(scales)
    return Products(
        unit=np.ascontiguousarray(np.swapaxes(white, 1, 2)), log_size=log_size - log_size[:1],
        contrast=end_slope / scales, scales=scales,
        usable=np.all(length > 1e-5 * np.maximum(before, 1e-300), axis=0),
    )  # fmt: skip


def _build(bins: Bins, columns: FloatArray, axes: tuple[Axis, ...]) -> Stage:
    ground = ground_of(bins, columns)
    libraries = tuple(library_of(axis, first=axis is axes[0]) for axis in axes)
    products = tuple(products_of(ground, library.columns, library.end_slope) for library in libraries)
    return Stage(ground=ground, axes=axes, libraries=libraries, products=products, count=len(bins))
