"""Which combinations of columns are tried: single shapes first, then pairs that the singles suggest, then triples."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.fitting import Block, Fitter, Single, Values
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Fate
from leakdoc.detection.stats.stage import Stage
from leakdoc.detection.stats.whitening import RHOS

_APART: Final = 2
_SINGLES: Final = (
    ("step", "step", False), ("saturating", "quick", True), ("filled", "filled", True), ("sigmoid", "sigmoid", False),
    ("linear", "linear", False), ("slow saturation", "slow", True), ("logarithmic", "log", True),
    ("knee", "knee", False), ("accelerating", "power", False),
)  # fmt: skip


def blocks_of(values: Values, stage: Stage, policy: GrowthPolicy) -> tuple[list[Block], list[FloatArray]]:
    """Fit every family on every axis; returned with them, for each axis, the columns times the values."""
    towards = [product(values.rest, np.swapaxes(products.unit, 1, 2)) for products in stage.products]
    blocks = [_flat(values)]
    for axis in range(len(stage.axes)):
        blocks.extend(_on_axis(values, stage, axis, towards[axis], policy))
    return blocks, towards


def _flat(values: Values) -> Block:
    """The confounders and nothing else."""
    constant = values.ground.constant[:, None, None] + np.log(FAMILIES[0].prior)
    logs = values.log_weight(np.zeros((*values.total.shape, 1)), constant)
    return Block(family="constant", axis=0, log_weight=logs, members=np.zeros((1, 1, 0), dtype=np.intp))


def _on_axis(values: Values, stage: Stage, axis: int, towards: FloatArray, policy: GrowthPolicy) -> list[Block]:
    at, fitters = stage.libraries[axis].at, _fitters(values, stage, axis, towards, policy)
    steps, linear = at["step"], int(at["linear"][0])

    def fitter(family: str) -> Fitter:
        return fitters[FAMILIES[INDEX[family]].persistent]

    def prior(family: str, out_of: int) -> FloatArray:
        return np.asarray(np.log(FAMILIES[INDEX[family]].prior / len(stage.axes) / out_of))

    def single(family: str, kind: str, peak: bool) -> Single:
        grows = FAMILIES[INDEX[family]].fate is not Fate.SETTLES
        return Single(
            family=family, at=at[kind], log_prior=float(prior(family, len(at[kind]))), grows=grows, peak=peak
        )  # fmt: skip

    wanted = [single(*each) for each in _SINGLES if len(at[each[1]])]
    singles: dict[str, Block] = {}
    for one in fitters:
        mine = [each for each in wanted if fitter(each.family) is one]
        singles |= one.each_alone(mine) if mine else {}

    def beside(family: str, kind: str) -> Block:
        return fitter(family).beside(family, linear, at[kind], prior(family, len(at[kind])))

    jumps, taus = steps[_two_best(singles["step"])], at["quick"][_two_best(singles["saturating"])]
    two, many = len(steps) * (len(steps) - 1) // 2 or 1, len(at["quick"]) * len(steps)
    stepped = fitter("two steps").settled_pairs("two steps", jumps, steps, prior("two steps", two))
    warmed = fitter("saturating + step").settled_pairs(
        "saturating + step", taus, steps, prior("saturating + step", many)
    )
    daily = [
        fitter("part of a day").settled_pairs(
            "part of a day", np.full((towards.shape[1], 1), at["day"][0]), at["day"][1:], prior("part of a day", 1)
        )
        for _ in at["day"][:1]
    ]
    hidden, curves = "linear + settled", [kind for kind in ("filled", "sigmoid") if kind in singles]
    beside_two = np.concatenate([_heaviest(stepped, 2), _heaviest(warmed, 2)], axis=1)
    settled = [fitter(hidden).over(hidden, linear, beside_two, prior(hidden, two))]
    if curves:
        beside_one = np.concatenate([at[kind][_two_best(singles[kind])] for kind in curves], axis=1)[:, :, None]
        out_of = sum(len(at[kind]) for kind in ("step", "quick", "filled", "sigmoid"))
        settled.append(fitter(hidden).over(hidden, linear, beside_one, prior(hidden, out_of)))
    return [
        *singles.values(), beside("linear + saturating", "quick"), beside("linear + knee", "knee"),
        beside("linear + step", "step"), stepped, warmed, *daily, *settled,
    ]  # fmt: skip


def _fitters(
    values: Values, stage: Stage, axis: int, towards: FloatArray, policy: GrowthPolicy
) -> tuple[Fitter, Fitter]:
    """For the families that noise of long memory can look like, and for those that persist."""
    held = -policy.step_distrust * np.log(np.maximum((1.0 - policy.step_persistence) / (1.0 - RHOS), 1.0))
    wary, trusting = (
        Fitter(
            values=values, products=stage.products[axis], towards=towards,
            base=values.ground.constant + distrust, per_second=stage.axes[axis].per_second,
            penalty=0.5 * float(np.log(stage.count)), axis=axis,
        )
        for distrust in (held, 0.0 * held)
    )  # fmt: skip
    return wary, trusting


def _two_best(block: Block) -> IntArray:
    """Where the heaviest column of each series is, and the heaviest that is not its neighbour: shape (s, 2)."""
    logs = block.log_weight.max(axis=0)
    first = np.argmax(logs, axis=1)
    away = np.abs(np.arange(logs.shape[1]) - first[:, None]) > _APART
    second = np.argmax(np.where(away, logs, -np.inf), axis=1)
    return np.stack([first, second], axis=1).astype(np.intp)


def _heaviest(block: Block, most: int) -> IntArray:
    """The members of the heaviest candidates of each series: shape (s, most, p)."""
    logs = block.log_weight.max(axis=0)
    most = min(most, logs.shape[1])
    best = np.argpartition(-logs, most - 1, axis=1)[:, :most]
    return np.take_along_axis(block.members, best[:, :, None], axis=1)
