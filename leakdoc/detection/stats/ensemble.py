"""All shapes together, each with the weight that the data give it, for many series at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.fitting import AnyFloats, Block
from leakdoc.detection.stats.mixtures import mixture_quantiles, t_table_cdf
from leakdoc.detection.stats.picking import each_at
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Fate

_HEAVIEST: Final = 24
_TINY: Final = 1e-300
_LEAST_LOG: Final = -600.0
_FAMILIES: Final = len(FAMILIES)
_PROVES: Final = np.asarray([family.proves for family in FAMILIES])
_FATES: Final = np.asarray([family.fate for family in FAMILIES])


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
        degrees: of freedom of the errors.
    """

    families: FloatArray
    rises: FloatArray
    growing: FloatArray
    weight: FloatArray
    family: IntArray
    slope: FloatArray
    error: FloatArray
    best: tuple[IntArray, IntArray, IntArray]
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
        self, likely: tuple[float, ...], sure: tuple[float, ...], *, share: float, line: float, doubt: float
    ) -> FloatArray:
        """Return quantiles of the slope at the end, shape (likely and sure, s), among the growing candidates.

        Args:
            likely: probabilities among the likely candidates.
            sure: probabilities among all of them, whatever they weigh.
            share: leaves out families that weigh less than this share of the heaviest (Occam's window; Madigan and
                Raftery, JASA 89, 1994).
            line: a straight line that has more of the weight than this speaks alone.
            doubt: the part of a slope that no data tell, as nothing grows along an exact curve.
        """
        counts = self.growing >= share * self.growing.max(axis=1, keepdims=True)
        straight = self.growing[:, INDEX["linear"]] > line * self.growing.sum(axis=1)
        counts[straight] = np.arange(_FAMILIES) == INDEX["linear"]
        weights = [_summing_to_one(each) for each in (self.weight * each_at(counts, self.family), self.weight)]
        scales = [np.hypot(self.error, doubt * self.slope), self.error]
        own = [0] * len(likely) + [1] * len(sure)
        return mixture_quantiles(
            (*likely, *sure), weights=np.asarray(weights)[own], centres=self.slope, scales=np.asarray(scales)[own],
            degrees=self.degrees,
        )  # fmt: skip


def _summing_to_one(weight: FloatArray) -> FloatArray:
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), _TINY))


def weigh(blocks: Sequence[Block], degrees: int) -> Ensemble:
    """Turn the blocks' logarithms into weights."""
    logs = np.concatenate([block.log_weight for block in blocks], axis=2, dtype=np.float32, casting="same_kind")
    starts = np.cumsum([0, *(block.log_weight.shape[2] for block in blocks)])
    tops = logs.max(axis=2)
    rho = np.argmax(tops, axis=0)
    series = np.arange(logs.shape[1])
    at = np.argmax(logs[rho, series], axis=1)
    which = np.searchsorted(starts, at, side="right") - 1
    freedom = float(max(degrees - 2, 1))
    logs -= tops.max(axis=0)[None, :, None]
    weight = np.exp(logs, out=logs)
    by_block = np.add.reduceat(weight.sum(axis=0, dtype=np.float64), starts[:-1], axis=1)
    total = by_block.sum(axis=1, keepdims=True)
    moving = [(number, block) for number, block in enumerate(blocks) if block.slope is not None]
    rises = _per_family([_rising(weight, starts, number, block, freedom) for number, block in moving], moving)
    growing, share, family, slope, error = _heaviest_growing(
        [block for _, block in moving if _fate(block) is Fate.GROWS]
    )
    return Ensemble(
        families=_per_family(list(by_block.T), list(enumerate(blocks))) / total, rises=rises / total,
        growing=growing, weight=share, family=family, slope=slope, error=error, degrees=freedom,
        best=(rho.astype(np.intp), which.astype(np.intp), (at - starts[which]).astype(np.intp)),
    )  # fmt: skip


def _fate(block: Block) -> Fate:
    return FAMILIES[INDEX[block.family]].fate


def _rising(weight: FloatArray, starts: IntArray, number: int, block: Block, degrees: float) -> FloatArray:
    """The weight of one block's candidates that rise at the end, shape (s,)."""
    assert block.slope is not None and block.error is not None
    chance = t_table_cdf(block.slope / np.maximum(block.error, _TINY), degrees)
    return np.asarray(np.einsum("rsk,rsk->s", weight[:, :, starts[number] : starts[number + 1]], chance))


def _per_family(parts: list[FloatArray], blocks: list[tuple[int, Block]]) -> FloatArray:
    out = np.zeros((len(parts[0]), _FAMILIES))
    for part, (_, block) in zip(parts, blocks, strict=True):
        out[:, INDEX[block.family]] += part
    return out


def _heaviest_growing(blocks: list[Block]) -> tuple[FloatArray, FloatArray, IntArray, FloatArray, FloatArray]:
    """Weights of families that grow, relative to each other, and of the heaviest candidates that grow.

    Returns:
        The families' weights, shape (s, f), and the candidates' weight, family, slope and error, each of shape (s, m).
        Weights are relative to the heaviest that grows, however little that may weigh beside what settles.
    """
    logs = np.concatenate([block.log_weight for block in blocks], axis=2)
    error = np.concatenate([block.error for block in blocks if block.error is not None], axis=2)
    top = logs.max(axis=(0, 2))
    logs -= np.where(np.isfinite(top), top, 0.0)[None, :, None]
    weight = np.where(error > 0.0, np.exp(np.maximum(logs, _LEAST_LOG)), 0.0)
    weight[logs == -np.inf] = 0.0
    starts = np.cumsum([0, *(block.log_weight.shape[2] for block in blocks)])
    by_block = np.add.reduceat(weight.sum(axis=0), starts[:-1], axis=1)
    families = _per_family(list(by_block.T), list(enumerate(blocks)))
    for number, block in enumerate(blocks):
        if block.exact is not None:
            _divide(weight[:, :, starts[number] : starts[number + 1]], by_block[:, number], block.exact)
    slope = np.concatenate([block.slope for block in blocks if block.slope is not None], axis=2)
    own = np.repeat([INDEX[block.family] for block in blocks], np.diff(starts))
    mine, family = _by_series(weight), np.tile(own, weight.shape[0])
    most = min(_HEAVIEST, mine.shape[1])
    at = np.argpartition(-mine, most - 1, axis=1)[:, :most]
    return (
        families, each_at(mine, at), family[at].astype(np.intp),
        each_at(_by_series(slope), at),
        np.maximum(each_at(_by_series(error), at), _TINY),
    )  # fmt: skip


def _divide(weight: FloatArray, total: FloatArray, logs: AnyFloats) -> None:
    """Divide the weight of a block anew, in place, among its autocorrelations, as if its shape were exact."""
    exact = np.exp(logs - np.maximum(logs.max(axis=(0, 2)), _LEAST_LOG)[None, :, None], dtype=np.float64)
    exact *= weight > 0.0
    exact *= (total / np.maximum(exact.sum(axis=(0, 2)), _TINY))[None, :, None]
    weight[:] = exact


def _by_series(joined: FloatArray) -> FloatArray:
    """Lay the autocorrelations side by side: shape (s, r k)."""
    return np.ascontiguousarray(np.swapaxes(joined, 0, 1)).reshape(joined.shape[1], -1)
