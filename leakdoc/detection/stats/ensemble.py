"""All shapes together, each with the weight that the data give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.fitting import Fits, Products, distrusting, fit, products_of
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import mixture_quantile, t_cdf
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Axis, Fate, Library, axes_of, library_of

_LIKELIEST = 3
_BESIDE = 6
_NEGLIGIBLE = -12.0
_LEAST_LOG = -600.0

_FATES = np.asarray([family.fate for family in FAMILIES])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """Every candidate that is not negligible.

    Args:
        weight: shape (m,), adding up to one.
        family: shape (m,), index into `FAMILIES`.
        slope: shape (m,), at the end, per second.
        error: shape (m,), its standard error.
        first: shape (m,), the coefficient of the candidate's first column.
        rho: shape (m,), index into `RHOS`.
        axis: shape (m,), index into `axes`.
        members: shape (m, 3), positions in the axis's library; -1 where there are fewer.
        degrees: of freedom of the errors.
    """

    weight: FloatArray
    family: IntArray
    slope: FloatArray
    error: FloatArray
    first: FloatArray
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

    def rising(self, fate: Fate) -> float:
        """Return the probability that the series has this fate and rises at its end."""
        mask = self.of_fate(fate)
        ratio = self.slope[mask] / np.maximum(self.error[mask], 1e-300)
        return float(self.weight[mask] @ t_cdf(ratio, self.degrees))

    def slope_quantile(self, probability: float, mask: Mask) -> float:
        """Return a quantile of the slope at the end among some candidates."""
        weight = self.weight[mask] / self.weight[mask].sum()
        heavy = weight > 1e-4 * weight.max()
        return mixture_quantile(
            probability, weights=weight[heavy] / weight[heavy].sum(), centres=self.slope[mask][heavy],
            scales=np.maximum(self.error[mask][heavy], 1e-300), degrees=self.degrees,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    family: int
    axis: int
    members: IntArray
    fits: Fits
    log_prior: float


def weigh(bins: Bins, basis: Basis, policy: GrowthPolicy) -> Ensemble:
    """Fit every shape on every axis and weigh them."""
    axes = axes_of(bins)
    libraries = tuple(library_of(axis) for axis in axes)
    trials: list[_Trial] = []
    for at, library in enumerate(libraries):
        products = products_of(bins, basis, library.columns)
        trials.extend(_trials(products, library, at, len(axes), policy))
        if at == 0:
            trials.append(_constant(products))
    return _collect(trials, axes, libraries, float(max(products.degrees - 2, 1)))


def _constant(products: Products) -> _Trial:
    zero = np.zeros((1, len(products.base)))
    fits = Fits(log_weight=products.base[None], slope=zero, error=zero, first=zero)
    none = np.zeros((1, 0), dtype=np.intp)
    return _Trial(family=0, axis=0, members=none, fits=fits, log_prior=float(np.log(FAMILIES[0].prior)))


def _trials(products: Products, library: Library, axis: int, axes: int, policy: GrowthPolicy) -> Iterator[_Trial]:
    """Yield the fits of each family; steps are tried in pairs only where one of them is among the likeliest."""

    def tried(name: str, members: IntArray, out_of: int | None = None) -> _Trial:
        family = FAMILIES[INDEX[name]]
        fits = fit(products, members, library.end_slope)
        if not family.persistent:
            fits = distrusting(fits, policy.step_persistence, policy.step_distrust)
        prior = np.log(family.prior / axes / (out_of or len(members)))
        return _Trial(family=INDEX[name], axis=axis, members=members, fits=fits, log_prior=float(prior))

    at = library.at
    linear, steps, count = at["linear"], at["step"], len(at["step"])
    single = tried("step", steps[:, None])
    saturating = tried("saturating", at["quick"][:, None])
    likeliest, taus = _likeliest(single), _likeliest(saturating)
    pairs = _distinct(_pairs(likeliest, steps))
    settled = [
        single,
        saturating,
        tried("filled", at["filled"][:, None]),
        tried("sigmoid", at["sigmoid"][:, None]),
        tried("two steps", pairs, count * (count - 1) // 2 or 1),
        tried("saturating + step", _pairs(taus, steps), len(at["quick"]) * count),
    ]
    yield from settled
    yield tried("linear", linear[:, None])
    yield tried("slow saturation", at["slow"][:, None])
    yield tried("logarithmic", at["log"][:, None])
    yield tried("linear + saturating", _pairs(linear, at["quick"]))
    yield tried("knee", at["knee"][:, None])
    yield tried("linear + knee", _pairs(linear, at["knee"]))
    yield tried("linear + step", _pairs(linear, steps))
    for width in (1, 2):
        yield _beside(linear, [one for one in settled if one.members.shape[1] == width], tried)


def _likeliest(trial: _Trial) -> IntArray:
    """The columns of the few heaviest candidates with one column."""
    order = np.argsort(-trial.fits.log_weight.max(axis=1), kind="stable")
    return np.asarray(trial.members[order[:_LIKELIEST], 0])


def _beside(linear: IntArray, settled: list[_Trial], tried: Callable[[str, IntArray, int], _Trial]) -> _Trial:
    """A slope beside each of the likeliest shapes that settle: what could still hide behind them."""
    logs = np.concatenate([trial.fits.log_weight.max(axis=1) + trial.log_prior for trial in settled])
    members = np.concatenate([trial.members for trial in settled])
    kept = members[np.argsort(-logs, kind="stable")[:_BESIDE]]
    together = np.hstack([np.broadcast_to(linear, (len(kept), 1)), kept])
    return tried("linear + settled", together, len(members))


def _pairs(left: IntArray, right: IntArray) -> IntArray:
    return np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1)


def _distinct(pairs: IntArray) -> IntArray:
    ordered = np.unique(np.sort(pairs, axis=1), axis=0)
    different = ordered[ordered[:, 0] != ordered[:, 1]]
    return different if len(different) else ordered[:1]


def _collect(trials: list[_Trial], axes: tuple[Axis, ...], libraries: tuple[Library, ...], degrees: float) -> Ensemble:
    count = [trial.fits.log_weight.size for trial in trials]
    lag = np.concatenate([np.tile(np.arange(trial.fits.log_weight.shape[1]), len(trial.members)) for trial in trials])
    logs = np.concatenate([(trial.fits.log_weight + trial.log_prior).ravel() for trial in trials])
    family = np.repeat([trial.family for trial in trials], count)
    grows = np.where(_FATES[family] == Fate.GROWS, logs, -np.inf)
    kept = (logs > np.max(logs) + _NEGLIGIBLE) | (grows > np.max(grows) + _NEGLIGIBLE)
    logs = np.where(kept, logs, -np.inf)
    weight = np.exp(np.maximum(logs - np.max(logs), _LEAST_LOG))
    members = [np.pad(trial.members, ((0, 0), (0, 3 - trial.members.shape[1])), constant_values=-1) for trial in trials]
    repeated = [
        np.repeat(one, trial.fits.log_weight.shape[1], axis=0) for one, trial in zip(members, trials, strict=True)
    ]
    return Ensemble(
        weight=weight[kept] / weight[kept].sum(),
        family=family[kept],
        axis=np.repeat([trial.axis for trial in trials], count)[kept],
        slope=np.concatenate([trial.fits.slope.ravel() for trial in trials])[kept],
        error=np.concatenate([trial.fits.error.ravel() for trial in trials])[kept],
        first=np.concatenate([trial.fits.first.ravel() for trial in trials])[kept],
        rho=lag[kept], members=np.concatenate(repeated)[kept], degrees=degrees, axes=axes, libraries=libraries,
    )  # fmt: skip
