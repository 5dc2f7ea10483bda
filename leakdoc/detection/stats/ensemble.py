"""All shapes together, each with the weight that the data give it, for many series at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from leakdoc.detection.stats.fitting import AnyFloats, Block
from leakdoc.detection.stats.mixtures import mixture_quantiles, t_table_cdf
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.picking import each_at
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Fate

_HEAVIEST: Final = 24
_TINY: Final = 1e-300
_LEAST_LOG: Final = -600.0  # what weighs even less cannot be told, and numbers that small are slow to reckon with
_FAMILIES: Final = len(FAMILIES)
_OF_ONE: Final = np.eye(len(FAMILIES))
_PROVES: Final = np.asarray([family.proves for family in FAMILIES])
_FASTER: Final = 1.0 / np.asarray([family.prior if family.name == "accelerating" else 1.0 for family in FAMILIES])
_FATES: Final = np.asarray([family.fate for family in FAMILIES])

Choice = tuple[IntArray, IntArray, IntArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """The candidates of s series; f is the number of families, m of the heaviest candidates that grow.

    Args:
        families: shape (s, f), the weight of each family, adding up to one.
        rises: shape (s, f), the part of it that rises at the end; zero for families that settle.
        growing: shape (s, f), the weight of families that grow, relative to each other.
        weight: shape (s, m), of the heaviest growing candidates, relative to each other.
        family: shape (s, m), index into `FAMILIES`.
        slope: shape (s, m), at the end, per second.
        error: shape (s, m), its standard error.
        best: for each series the autocorrelation, the block and the candidate in it that weigh most.
        grower: the same of those that grow.
        degrees: of freedom of the errors.
    """

    families: FloatArray
    rises: FloatArray
    growing: FloatArray
    weight: FloatArray
    family: IntArray
    slope: FloatArray
    error: FloatArray
    best: Choice
    grower: Choice
    degrees: float

    def rising(self, fate: Fate, *, proving: bool = True) -> FloatArray:
        """Return the probability that each series has this fate and rises at its end, shape (s,).

        Args:
            proving: count only shapes that are simple enough to prove it, or only those that are not.
        """
        return np.asarray(self.rises[:, (fate == _FATES) & (proving == _PROVES)].sum(axis=1))

    def of(self, *names: str) -> FloatArray:
        """Return the weight of families by name, shape (s,)."""
        return np.asarray(self.families[:, [INDEX[name] for name in names]].sum(axis=1))

    def slope_quantiles(
        self, likely: tuple[float, ...], sure: tuple[float, ...], *, widths: FloatArray, share: float, line: float,
        doubt: float,
    ) -> FloatArray:  # fmt: skip
        """Return quantiles of the slope at the end, shape (likely and sure, s), among the growing candidates.

        That few leaks gather speed tells how likely growth is. Of growth there is, the end of a curve is steeper than
        any line or bend laid over it, so that a curve has its say with even odds.

        Args:
            likely: probabilities among the likely candidates.
            sure: probabilities among all of them, whatever they weigh.
            widths: shape (s,), what each standard error is multiplied by.
            share: leaves out families that weigh less than this share of the heaviest (Occam's window; Madigan and
                Raftery, JASA 89, 1994).
            line: a straight line that has more of the weight than this speaks alone.
            doubt: the part of a slope that no data tell, as nothing grows along an exact curve.
        """
        growing, weight = self.growing * _FASTER, self.weight * _FASTER[self.family]
        counts = growing >= share * growing.max(axis=1, keepdims=True)
        straight = self.growing[:, INDEX["linear"]] > line * self.growing.sum(axis=1)
        counts[straight] = np.arange(_FAMILIES) == INDEX["linear"]
        weights = [_summing_to_one(each) for each in (weight * each_at(counts, self.family), self.weight)]
        error = np.maximum(widths[:, None] * self.error, _TINY)
        scales = [np.hypot(error, doubt * self.slope), error]
        own = [0] * len(likely) + [1] * len(sure)
        return mixture_quantiles(
            (*likely, *sure), weights=np.asarray(weights)[own], centres=self.slope, scales=np.asarray(scales)[own],
            degrees=self.degrees,
        )  # fmt: skip


def _summing_to_one(weight: FloatArray) -> FloatArray:
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), _TINY))


def weigh(blocks: Sequence[Block], degrees: int) -> Ensemble:
    """Turn the blocks' logarithms into weights."""
    tops = np.stack([block.log_weight.max(axis=2) for block in blocks])
    top, freedom = tops.max(axis=(0, 1)), float(max(degrees - 2, 1))
    families, rises = np.zeros((len(top), _FAMILIES)), np.zeros((len(top), _FAMILIES))
    for block in blocks:
        if _fate(block) is Fate.GROWS:
            continue
        weight = _weights(block.log_weight, top)
        families += _by_family(weight.sum(axis=0).astype(float), block.family)
        if block.slope is not None and block.error is not None:
            rises += _by_family(_rising(weight, block.slope, block.error, freedom), block.family)
    grows = np.asarray([_fate(block) is Fate.GROWS for block in blocks])
    growing = _growing([blocks[at] for at in np.flatnonzero(grows).tolist()], tops[grows].max(axis=(0, 1)), freedom)
    share = np.exp(growing.top - top)[:, None]
    families += share * growing.families
    rises += share * growing.rises
    total = families.sum(axis=1, keepdims=True)
    return Ensemble(
        families=families / total, rises=rises / total, growing=growing.families, degrees=freedom,
        best=_best(blocks, tops), **_heaviest(growing, blocks, np.flatnonzero(grows)),
    )  # fmt: skip


def _best(blocks: Sequence[Block], tops: FloatArray) -> Choice:
    """For each series the autocorrelation, the block and the candidate in it that weigh most."""
    rho, series = tops.max(axis=0).argmax(axis=0), np.arange(tops.shape[2])
    which = tops[:, rho, series].argmax(axis=0)
    place = np.zeros(len(series), dtype=np.intp)
    for number in np.unique(which):
        mine = series[which == number]
        place[mine] = blocks[number].log_weight[rho[mine], mine].argmax(axis=1)
    return rho, which, place


def _fate(block: Block) -> Fate:
    """That of its families, which is one."""
    return FAMILIES[int(block.family[0])].fate


def _weights(logs: AnyFloats, top: FloatArray) -> AnyFloats:
    """Weights beside the heaviest, whose logarithm has the shape (s,): in single precision, for sums need no more."""
    weight = np.empty(logs.shape, dtype=np.float32)
    np.subtract(logs, top[:, None], out=weight, casting="same_kind")
    return np.exp(weight, out=weight)


def _by_family(each: FloatArray, family: IntArray) -> FloatArray:
    """Add up candidates, shape (s, k), by their family: shape (s, f)."""
    opens = np.flatnonzero(np.diff(family, prepend=-1))
    return product(np.add.reduceat(each, opens, axis=1), _OF_ONE[family[opens]])


def _rising(weight: AnyFloats, slope: AnyFloats, error: AnyFloats, degrees: float) -> FloatArray:
    """The weight of candidates, shape (r, s, k), that rise at the end: (s, k); to single precision, as weights are."""
    chance = t_table_cdf(slope, np.maximum(error, _TINY), degrees, single=True)
    chance *= weight.astype(np.float32, copy=False)
    return np.asarray(chance.sum(axis=0), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Growing:
    """All candidates that grow, weighed against each other, however little they may weigh beside what settles.

    Args:
        top: shape (s,), the largest logarithm of their weights.
        families: shape (s, f), the weight of each family, beside that one.
        rises: shape (s, f), the part of it that rises at the end.
        weight: shape (r, s, k), of each candidate; the straight line's is divided as if it were exact.
        slope: shape (r, s, k).
        error: shape (r, s, k); zero where a candidate cannot be fitted.
        family: shape (k,).
    """

    top: FloatArray
    families: FloatArray
    rises: FloatArray
    weight: AnyFloats
    slope: AnyFloats
    error: AnyFloats
    family: IntArray


def _growing(blocks: list[Block], top: FloatArray, degrees: float) -> _Growing:
    logs = np.concatenate([block.log_weight for block in blocks], axis=2)
    slope = np.concatenate([block.slope for block in blocks if block.slope is not None], axis=2)
    error = np.concatenate([block.error for block in blocks if block.error is not None], axis=2)
    family = np.concatenate([block.family for block in blocks])
    logs -= np.where(np.isfinite(top), top, 0.0)[:, None]
    weight = np.exp(np.maximum(logs, _LEAST_LOG, out=logs), out=logs)
    weight *= error > 0.0
    rises, by_candidate, start = _by_family(_rising(weight, slope, error, degrees), family), weight.sum(axis=0), 0
    for block in blocks:
        if block.exact is not None:
            line = start + int(np.flatnonzero(block.family == INDEX["linear"])[0])
            _divide(weight[:, :, line], by_candidate[:, line], block.exact)
        start += len(block.family)
    return _Growing(
        top=top, families=_by_family(by_candidate, family), rises=rises, weight=weight, slope=slope, error=error,
        family=family,
    )  # fmt: skip


def _heaviest(growing: _Growing, blocks: Sequence[Block], which: IntArray) -> dict[str, Any]:
    """The heaviest that grow, under whatever autocorrelation; see `Ensemble`.

    Args:
        which: the blocks that grow.
    """
    rhos, many, k = growing.weight.shape
    side_by_side = np.negative(np.swapaxes(growing.weight, 0, 1), order="C").reshape(many, rhos * k)
    most = min(_HEAVIEST, rhos * k)
    at = np.argpartition(side_by_side, most - 1, axis=1)[:, :most]
    rho, own = np.divmod(at, k)
    place = (rho * many + np.arange(many)[:, None]) * k + own
    weight, series = growing.weight.ravel()[place], np.arange(many)
    first = weight.argmax(axis=1)
    ends = np.cumsum([len(blocks[at].family) for at in which.tolist()])
    block = np.searchsorted(ends, own[series, first], side="right")
    within = own[series, first] - np.append(0, ends)[block]
    return {
        "weight": weight, "family": growing.family[own], "slope": growing.slope.ravel()[place],
        "error": np.maximum(growing.error.ravel()[place], _TINY),
        "grower": (rho[series, first], which[block], within),
    }  # fmt: skip


def _divide(weight: AnyFloats, total: AnyFloats, logs: AnyFloats) -> None:
    """Divide the weight of the straight line anew, in place, among its autocorrelations, as if it were exact.

    Args:
        weight: shape (r, s).
        total: shape (s,).
        logs: shape (r, s).
    """
    exact = np.exp(logs - np.maximum(logs.max(axis=0), _LEAST_LOG))
    exact *= weight > 0.0
    exact *= total / np.maximum(exact.sum(axis=0), _TINY)
    weight[:] = exact
