"""Which combinations of columns are tried: single shapes first, then pairs that the singles suggest, then triples."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from leakdoc.detection.stats.fitting import AnyFloats, Block, Columns, Fitter, Values
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.pairs import Pairs
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX
from leakdoc.detection.stats.stage import Stage
from leakdoc.detection.stats.whitening import RHOS

_APART: Final = 2
_MANY: Final = 24  # series, for which reckoning all pairs once costs less than those that each of them asks for
_SLOWING: Final = {"slow saturation": "slow", "logarithmic": "log"}
_GROWING: Final = {"linear": "linear", "accelerating": "power", "knee": "knee"}
_SETTLING: Final = {"saturating": "quick", "step": "step", "filled": "filled", "sigmoid": "sigmoid"}
_BESIDE: Final = {"linear + knee": "knee", "linear + saturating": "quick", "linear + step": "step"}
_WITH_PEAKS: Final = ("slow saturation", "logarithmic", "saturating", "filled")
_CURVES: Final = ("filled", "sigmoid")

Places = dict[str, IntArray]


def blocks_of(values: Values, stage: Stage, policy: GrowthPolicy) -> tuple[list[Block], list[FloatArray]]:
    """Fit every family on every axis; returned with them, for each axis, the columns times the values."""
    towards = [product(values.rest, np.swapaxes(products.unit, 1, 2)) for products in stage.products]
    blocks = [_flat(values)]
    for axis, library in enumerate(stage.libraries):
        blocks.extend(_on_axis(library.at, _fitter(values, stage, axis, towards[axis], policy)))
    return blocks, towards


def _flat(values: Values) -> Block:
    """The confounders and nothing else."""
    family = np.asarray([INDEX["constant"]])
    constant = values.ground.constant[:, None, None] + np.log(FAMILIES[0].prior)
    logs = values.log_weight(np.zeros((*values.total.shape, 1)), constant)
    return Block(family=family, axis=0, log_weight=logs, members=np.zeros((1, 1, 0), dtype=np.intp))


def _fitter(values: Values, stage: Stage, axis: int, towards: FloatArray, policy: GrowthPolicy) -> Fitter:
    products, linear = stage.products[axis], int(stage.libraries[axis].at["linear"][0])
    held = -policy.step_distrust * np.log(np.maximum((1.0 - policy.step_persistence) / (1.0 - RHOS), 1.0))
    return Fitter(
        values=values, products=products, towards=towards, linear=linear, with_line=products.with_one(linear),
        base=values.ground.constant, held=held, per_second=stage.axes[axis].per_second,
        penalty=0.5 * float(np.log(stage.count)), axis=axis, axes=len(stage.axes),
    )  # fmt: skip


def _on_axis(at: Places, fitter: Fitter) -> list[Block]:
    slowing, growing, settling, beside = (_columns(at, each) for each in (_SLOWING, _GROWING, _SETTLING, _BESIDE))
    settled = fitter.alone(settling, moves=False)
    best = {
        kind: at[kind][_two_best(settled.log_weight[:, :, settling.parts[family]])]
        for family, kind in _SETTLING.items() if len(at[kind])
    }  # fmt: skip
    firsts = np.concatenate([best["step"], best["quick"]], axis=1)
    paired, pairs = _paired(fitter, at, firsts)
    return [
        fitter.alone(slowing, moves=True), fitter.alone(growing, moves=True), fitter.beside(beside),
        *_over(fitter, at, best, firsts, paired, pairs), settled, paired, *_daily(fitter, at["day"]),
    ]  # fmt: skip


def _columns(at: Places, wanted: dict[str, str]) -> Columns:
    """The columns of some families, each of one kind; the kinds lie side by side in the library, in this order."""
    used = ((family, at[kind]) for family, kind in wanted.items() if len(at[kind]))
    return _side_by_side(tuple((family, int(own[0]), len(own)) for family, own in used))


@lru_cache(maxsize=64)
def _side_by_side(families: tuple[tuple[str, int, int], ...]) -> Columns:
    """Lay out families by their names, the first of their columns, and how many they have."""
    start, sizes = families[0][1], [size for _, _, size in families]
    return Columns(
        at=slice(start, start + sum(sizes)), family=np.repeat([INDEX[family] for family, _, _ in families], sizes),
        out_of=np.repeat(sizes, sizes), peaks=tuple(family for family, _, _ in families if family in _WITH_PEAKS),
        parts={family: slice(first - start, first - start + size) for family, first, size in families},
    )  # fmt: skip


def _paired(fitter: Fitter, at: Places, firsts: IntArray) -> tuple[Block, Pairs]:
    """Two steps, and a step beside a rise that levels off: firsts of shape (s, 4), each with every step."""
    steps, products = at["step"], fitter.products
    if len(firsts) < _MANY:
        pairs = products.pairs(np.unique(firsts), steps)
    else:
        pairs = products.all_pairs(np.concatenate([at["quick"], steps]), steps)
    family = np.repeat([INDEX["two steps"], INDEX["saturating + step"]], firsts.shape[1] // 2)
    out_of = np.repeat([_two_of(steps), len(at["quick"]) * len(steps)], firsts.shape[1] // 2)
    return fitter.settled_pairs(pairs, firsts, family, out_of), pairs


def _two_of(steps: IntArray) -> int:
    return len(steps) * (len(steps) - 1) // 2 or 1


def _daily(fitter: Fitter, day: IntArray) -> list[Block]:
    """A wave of any phase: its column with that of a quarter of a day later."""
    if not len(day):
        return []
    firsts, family = np.full((len(fitter.towards[0]), 1), day[0]), np.asarray([INDEX["part of a day"]])
    return [fitter.settled_pairs(fitter.products.pairs(day[:1], day[1:]), firsts, family, np.ones(1, dtype=np.intp))]


def _over(
    fitter: Fitter, at: Places, best: dict[str, IntArray], firsts: IntArray, paired: Block, pairs: Pairs
) -> list[Block]:
    """A straight line over what settles and explains most: two of each kind of pairs, and two of each curve."""
    heavy = _two_heaviest_of_each_half(paired)
    first, second = np.divmod(heavy, len(pairs.seconds))
    chosen = np.searchsorted(pairs.firsts, np.take_along_axis(firsts, first, axis=1))
    two = np.take_along_axis(paired.members, heavy[:, :, None], axis=1)
    one = [np.repeat(best[kind][:, :, None], 2, axis=2) for kind in _CURVES if kind in best]
    members = np.concatenate([two, *one], axis=1)
    twice = np.arange(members.shape[1]) < two.shape[1]
    between = np.ones((len(fitter.base), *members.shape[:2]))
    between[:, :, twice] = pairs.shared[:, chosen, second]
    out_of = np.where(twice, _two_of(at["step"]), sum(len(at[kind]) for kind in _SETTLING.values()))
    return fitter.over(members, twice, between, INDEX["linear + settled"], out_of)


def _two_best(log_weight: AnyFloats) -> IntArray:
    """Where the heaviest column of each series is, and the heaviest that is not its neighbour: shape (s, 2)."""
    logs = log_weight.max(axis=0)
    first = np.argmax(logs, axis=1)
    away = np.abs(np.arange(logs.shape[1]) - first[:, None]) > _APART
    second = np.argmax(np.where(away, logs, -np.inf), axis=1)
    return np.stack([first, second], axis=1).astype(np.intp)


def _two_heaviest_of_each_half(block: Block) -> IntArray:
    """Where the two heaviest candidates are of each half of them: shape (s, 4)."""
    logs = block.log_weight.max(axis=0)
    halves = logs.reshape(len(logs), 2, -1)
    first = halves.argmax(axis=2)
    np.put_along_axis(halves, first[:, :, None], -np.inf, axis=2)
    second = halves.argmax(axis=2)
    within = np.stack([first, second], axis=2)
    within[:, 1] += halves.shape[2]
    return within.reshape(len(logs), 4)
