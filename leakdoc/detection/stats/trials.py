"""Which combinations of columns are tried: single shapes first, then pairs that the singles suggest, then triples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.fitting import Fits, Products, fit
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Library
from leakdoc.detection.stats.whitening import RHOS

_LIKELIEST: Final = 3
_BESIDE: Final = 6
_SETTLED_SINGLES: Final = ("step", "saturating", "filled", "sigmoid")
_SETTLED_PAIRS: Final = ("two steps", "saturating + step")
_PERSISTENT: Final = np.asarray([family.persistent for family in FAMILIES])

Spec = tuple[str, IntArray, int]
"""A family, the columns of its candidates, and how many candidates there would be if all were tried."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Candidates with the same number of columns.

    Args:
        family: shape (k,), index into `FAMILIES`.
        members: shape (k, p).
        log_prior: shape (k,), a family's prior divided among its candidates.
    """

    family: IntArray
    members: IntArray
    log_prior: FloatArray
    fits: Fits

    def heaviest(self, names: tuple[str, ...], most: int) -> IntArray:
        """Return the members of the heaviest candidates of some families, shape (up to most, p)."""
        mine = np.flatnonzero(np.isin(self.family, [INDEX[name] for name in names]))
        logs = self.fits.log_weight[:, mine].max(axis=0) + self.log_prior[mine]
        return np.asarray(self.members[mine[np.argsort(-logs, kind="stable")[:most]]])


def flat(products: Products) -> Batch:
    """The confounders and nothing else."""
    zero = np.zeros((len(products.base), 1))
    return Batch(
        family=np.zeros(1, dtype=np.intp), members=np.zeros((1, 0), dtype=np.intp),
        log_prior=np.log([FAMILIES[0].prior]),
        fits=Fits(log_weight=products.base[:, None], slope=zero, error=zero),
    )  # fmt: skip


def batches_of(products: Products, library: Library, axes: int, policy: GrowthPolicy) -> list[Batch]:
    """Fit every family on one axis."""

    def tried(*specs: Spec) -> Batch:
        return _tried(products, library, axes, policy, specs)

    at, linear, steps = library.at, library.at["linear"], library.at["step"]
    names = {"step": "step", "saturating": "quick", "filled": "filled", "sigmoid": "sigmoid", "linear": "linear",
             "slow saturation": "slow", "logarithmic": "log", "knee": "knee"}  # fmt: skip
    singles = tried(*((name, at[kind][:, None], len(at[kind])) for name, kind in names.items()))
    jumps, taus = singles.heaviest(("step",), _LIKELIEST)[:, 0], singles.heaviest(("saturating",), _LIKELIEST)[:, 0]
    beside = singles.heaviest(_SETTLED_SINGLES, _BESIDE)
    settled = sum(len(at[names[name]]) for name in _SETTLED_SINGLES)
    two = len(steps) * (len(steps) - 1) // 2 or 1
    pairs = tried(
        ("two steps", _distinct(jumps, steps), two),
        ("saturating + step", _pairs(taus, steps), len(at["quick"]) * len(steps)),
        ("linear + saturating", _pairs(linear, at["quick"]), len(at["quick"])),
        ("linear + knee", _pairs(linear, at["knee"]), len(at["knee"])),
        ("linear + step", _pairs(linear, steps), len(steps)),
        ("linear + settled", _with(linear, beside), settled),
    )
    triples = tried(("linear + settled", _with(linear, pairs.heaviest(_SETTLED_PAIRS, _BESIDE)), two))
    return [singles, pairs, triples]


def _tried(products: Products, library: Library, axes: int, policy: GrowthPolicy, specs: tuple[Spec, ...]) -> Batch:
    members = np.concatenate([columns for _, columns, _ in specs])
    family = np.repeat([INDEX[name] for name, _, _ in specs], [len(columns) for _, columns, _ in specs])
    prior = [FAMILIES[INDEX[name]].prior / axes / out_of for name, _, out_of in specs]
    fits = fit(products, members, library.end_slope)
    held = policy.step_distrust * np.log(np.maximum((1.0 - policy.step_persistence) / (1.0 - RHOS), 1.0))
    logs = fits.log_weight - np.where(_PERSISTENT[family], 0.0, held[:, None])
    return Batch(
        family=family, members=members, fits=Fits(log_weight=logs, slope=fits.slope, error=fits.error),
        log_prior=np.repeat(np.log(prior), [len(columns) for _, columns, _ in specs]),
    )  # fmt: skip


def _pairs(left: IntArray, right: IntArray) -> IntArray:
    return np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1)


def _with(linear: IntArray, members: IntArray) -> IntArray:
    """A straight line beside each of the likeliest shapes that settle: what could still hide behind them."""
    return np.hstack([np.broadcast_to(linear, (len(members), 1)), members])


def _distinct(firsts: IntArray, seconds: IntArray) -> IntArray:
    """Each of a few with every other one, no pair twice."""
    others = [np.setdiff1d(seconds, firsts[: at + 1]) for at in range(len(firsts))]
    return np.concatenate([_pairs(firsts[at : at + 1], rest) for at, rest in enumerate(others)])
