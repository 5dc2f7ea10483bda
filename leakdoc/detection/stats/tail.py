"""Whether the last part of a series still grows, asked of that part alone."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.fitting import values_of
from leakdoc.detection.stats.mixtures import t_table_cdf
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import Axis
from leakdoc.detection.stats.stage import Ground, Products, ground_of, products_of

_CONFIDENCE: Final = 0.975
_MOST_LIVES: Final = 2
_KEPT: Final = 12


def tails_still_grow(
    bins: Bins, basis: Basis, y: FloatArray, slope: FloatArray, axes: tuple[Axis, ...], axis: IntArray,
    policy: GrowthPolicy, floor: FloatArray,
) -> Mask:  # fmt: skip
    """Whether the last part alone allows for a good part of the whole slope; where it is too short to say, it does.

    Args:
        y: shape (s, n).
        slope: shape (s,), of the whole, per second.
        axis: shape (s,), which axis each series goes along.
        floor: shape (s,), see `values_of`.
    """
    grows = np.ones(len(y), dtype=bool)
    rows = bins.t >= np.max(bins.t) - policy.tail_fraction * bins.span
    if bins.lives > _MOST_LIVES or np.sum(rows) < policy.min_bins:
        return grows
    part, beside = bins.part(rows), basis.part(rows)
    if len(part) - beside.columns.shape[1] < 2:
        return grows
    for number in np.unique(axis):
        mine = axis == number
        least = policy.tail_slope * slope[mine]
        grows[mine] = ~_are_below(least, part, beside, y[mine][:, rows], axes[number], rows, policy, floor[mine])
    return grows


def tail_exposure(bins: Bins, axis: Axis, policy: GrowthPolicy) -> float:
    """Return how much of an axis was done in the last part, beside an even share: near zero once requests cease."""
    rows = np.flatnonzero(bins.t >= np.max(bins.t) - policy.tail_fraction * bins.span)
    if bins.lives > 1 or axis.name == "time" or not len(rows):
        return 1.0
    whole = float(axis.u[-1] - axis.u[0]) * policy.tail_fraction
    return float(axis.u[-1] - axis.u[rows[0]]) / whole if whole > 0.0 else 1.0


_CACHE: OrderedDict[tuple[bytes, ...], tuple[Ground, Products]] = OrderedDict()


def forget_tails() -> None:
    """Let go of what is kept for the last parts of other series on the same axes."""
    _CACHE.clear()


def _line_on(bins: Bins, basis: Basis, u: FloatArray) -> tuple[Ground, Products]:
    """A straight line on the last part of an axis, with its confounders: kept for the next series on just this axis."""
    key = tuple(part.tobytes() for part in (bins.t, bins.life, basis.columns, u))
    found = _CACHE.get(key)
    if found is None:
        ground = ground_of(bins, basis.columns)
        found = _CACHE[key] = ground, products_of(ground, u[:, None], np.ones(1))
        while len(_CACHE) > _KEPT:
            _CACHE.popitem(last=False)
    return found


def _are_below(
    least: FloatArray, bins: Bins, basis: Basis, y: FloatArray, axis: Axis, rows: Mask, policy: GrowthPolicy,
    floor: FloatArray,
) -> Mask:  # fmt: skip
    """Whether the upper end of a straight line's slope is below some, shape (s,); no where no line can be laid."""
    ground, products = _line_on(bins, basis, axis.u[rows])
    values = values_of(ground, y, floor, policy.shape_doubt)
    h = product(values.rest, np.swapaxes(products.unit, 1, 2))
    contrast = axis.per_second * products.contrast[:, None]
    slopes, errors = (contrast * h)[:, :, 0].T, values.error(h * h, contrast * contrast, 1)[:, :, 0].T
    constant = np.where(products.usable, ground.constant[:, None] - 0.5 * products.log_size, -np.inf)
    logs = values.log_weight(h * h, constant[:, None])[:, :, 0].T
    sound = np.all(np.isfinite(logs), axis=1) & np.any(errors > 0.0, axis=1)
    logs = np.where(sound[:, None], logs, 0.0)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    below = t_table_cdf(least[:, None] - slopes, np.maximum(errors, 1e-300), float(max(ground.degrees - 1, 1)))
    return np.asarray(sound & ((weights * below).sum(axis=1) > _CONFIDENCE * weights.sum(axis=1)))
