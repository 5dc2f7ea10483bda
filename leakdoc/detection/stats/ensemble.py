"""All shapes together, each with the weight that the data give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.fitting import products_of
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import mixture_quantiles, t_cdf
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Axis, Fate, Library, axes_of, library_of
from leakdoc.detection.stats.trials import Batch, batches_of, flat
from leakdoc.detection.stats.whitening import whitener_of

_HEAVIEST: Final = 60
_NEGLIGIBLE: Final = -12.0
_LEAST_LOG: Final = -600.0

_PROVES = np.asarray([family.proves for family in FAMILIES])
_FATES = np.asarray([family.fate for family in FAMILIES])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """Every candidate that is not negligible.

    Args:
        weight: shape (m,), adding up to one.
        family: shape (m,), index into `FAMILIES`.
        slope: shape (m,), at the end, per second.
        error: shape (m,), its standard error.
        rho: shape (m,), index into `RHOS`.
        axis: shape (m,), index into `axes`.
        members: shape (m, 3), positions in the axis's library; -1 where there are fewer.
        degrees: of freedom of the errors.
    """

    weight: FloatArray
    family: IntArray
    slope: FloatArray
    error: FloatArray
    rho: IntArray
    axis: IntArray
    members: IntArray
    degrees: float
    axes: tuple[Axis, ...]
    libraries: tuple[Library, ...]

    @property
    def best(self) -> int:
        """The heaviest candidate."""
        return int(np.argmax(self.weight))

    def of(self, *names: str) -> float:
        """Return the weight of families by name."""
        return float(sum(self.weight[self.family == INDEX[name]].sum() for name in names))

    def of_fate(self, fate: Fate) -> Mask:
        """Return a mask of the candidates with this fate, shape (m,)."""
        return np.asarray(_FATES[self.family] == fate)

    def rising(self, fate: Fate, *, proving: bool = True) -> float:
        """Return the probability that the series has this fate and rises at its end.

        Args:
            proving: count only shapes that are simple enough to prove it, or only those that are not.
        """
        mask = self.of_fate(fate) & (_PROVES[self.family] == proving)
        ratio = self.slope[mask] / np.maximum(self.error[mask], 1e-300)
        return float(self.weight[mask] @ t_cdf(ratio, self.degrees))

    def window(self, mask: Mask, share: float) -> Mask:
        """Narrow a mask to the families that weigh at least a share of the heaviest (Occam's window).

        Source: Madigan and Raftery, JASA 89 (1994).
        """
        totals = np.bincount(self.family[mask], weights=self.weight[mask], minlength=len(FAMILIES))
        return np.asarray(mask & (totals[self.family] >= share * totals.max()))

    def slope_quantiles(self, probabilities: tuple[float, ...], mask: Mask) -> tuple[float, ...]:
        """Return quantiles of the slope at the end among some candidates, the heaviest of them."""
        weight = self.weight[mask]
        heavy = np.argsort(-weight, kind="stable")[:_HEAVIEST]
        return mixture_quantiles(
            probabilities, weights=weight[heavy] / weight[heavy].sum(), centres=self.slope[mask][heavy],
            scales=np.maximum(self.error[mask][heavy], 1e-300), degrees=self.degrees,
        )  # fmt: skip


def weigh(bins: Bins, basis: Basis, policy: GrowthPolicy) -> Ensemble:
    """Fit every shape on every axis and weigh them."""
    axes = axes_of(bins)
    libraries = tuple(library_of(axis, basis.columns, bins.y) for axis in axes)
    white = whitener_of(bins)
    batches: list[tuple[int, Batch]] = []
    for at, library in enumerate(libraries):
        products = products_of(bins, basis, library.columns, doubt=policy.shape_doubt, white=white)
        if at == 0:
            batches.append((0, flat(products)))
        batches.extend((at, batch) for batch in batches_of(products, library, len(axes), policy))
    return _collect(batches, axes, libraries, float(max(products.degrees - 2, 1)))


def _collect(
    batches: list[tuple[int, Batch]], axes: tuple[Axis, ...], libraries: tuple[Library, ...], degrees: float
) -> Ensemble:
    logs = np.hstack([batch.fits.log_weight + batch.log_prior for _, batch in batches])
    family = np.concatenate([batch.family for _, batch in batches])
    growing = logs[:, _FATES[family] == Fate.GROWS]
    bar = np.where(_FATES[family] == Fate.GROWS, np.max(growing), np.max(logs)) + _NEGLIGIBLE
    rho, at = np.nonzero(logs > np.minimum(bar, np.max(logs) + _NEGLIGIBLE))
    weight = np.exp(np.maximum(logs[rho, at] - np.max(logs), _LEAST_LOG))
    members = [
        np.pad(batch.members, ((0, 0), (0, 3 - batch.members.shape[1])), constant_values=-1) for _, batch in batches
    ]
    axis = np.repeat([axis for axis, _ in batches], [len(batch.family) for _, batch in batches])
    return Ensemble(
        weight=weight / weight.sum(), family=family[at], axis=axis[at], rho=rho.astype(np.intp),
        slope=np.hstack([batch.fits.slope for _, batch in batches])[rho, at],
        error=np.hstack([batch.fits.error for _, batch in batches])[rho, at],
        members=np.concatenate(members)[at], degrees=degrees, axes=axes, libraries=libraries,
    )  # fmt: skip
