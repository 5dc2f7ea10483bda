"""Whether what a fit leaves swings over long times as much as its autocorrelation says.

A slope errs by what the errors do over long times. First-order autocorrelation reckons that from how neighbours go
together: too much where an allocator's even steps go to and fro about a line. A few cosines of low frequency measure it
(Müller, J. Econometrics 141, 2007; Lazarus, Lewis, Stock and Watson, J. Business and Economic Statistics 36, 2018,
the last of whom say how many). Both are taken: the fit's own variance counts as a few degrees of freedom, each cosine
as one (a moderated variance, as of Smyth, 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from leakdoc.detection.stats.ensemble import Choice
from leakdoc.detection.stats.fitting import Block, Values
from leakdoc.detection.stats.measuring import chosen, sizes_of
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, IntArray
from leakdoc.detection.stats.stage import Ground, Stage

_SHORTEST: Final = 3
_PER_POINTS: Final = 0.4
_POWER: Final = 2.0 / 3.0
_EXACT: Final = 1e-9  # of what there is to explain: a fit that leaves less is exact, and its rest rounding


def widths_of(
    life: IntArray, stage: Stage, values: Values, blocks: Sequence[Block], towards: list[FloatArray], grower: Choice,
    policy: GrowthPolicy,
) -> FloatArray:  # fmt: skip
    """Return what the standard errors of each series are to be multiplied by, shape (s,): one at most.

    Args:
        life: shape (n,), the life of each point; ascending.
        towards: for each axis, shape (r, s, c), the columns times the values.
        grower: the candidate of each series whose rest is looked at.
    """
    rho, which, _ = grower
    left, columns = _rests(stage, values, blocks, towards, grower), np.zeros(len(rho), dtype=np.intp)
    for number in np.unique(which).tolist():
        columns[which == number] = blocks[number].members.shape[2]
    waves = _cosines(life)
    seen = np.sum(product(left, waves) ** 2, axis=1)
    power = np.sum(left * left, axis=1) / np.maximum(values.ground.degrees - columns, 1)
    expected = np.maximum(_room(values.ground, waves)[rho] - columns, 0.0)
    exact = power <= _EXACT * values.total[rho, np.arange(len(rho))]
    ratio = np.where(exact, expected, seen / np.where(exact, 1.0, power))
    own = policy.fit_degrees
    return np.asarray(np.minimum(policy.interval_width * np.sqrt((own + ratio) / (own + expected)), 1.0))


def _rests(
    stage: Stage, values: Values, blocks: Sequence[Block], towards: list[FloatArray], choice: Choice
) -> FloatArray:
    """What one candidate of each series leaves of it, whitened: shape (s, n)."""
    rho, which, place = choice
    left = values.rest[rho, np.arange(len(rho))]
    axes, counts = np.asarray([(block.axis, block.members.shape[2]) for block in blocks])[which].T
    members, _ = chosen(blocks, which, place, int(counts.max()))
    for axis, p in {*zip(axes.tolist(), counts.tolist(), strict=True)}:
        rows = np.flatnonzero((axes == axis) & (counts == p))
        own, under = members[rows, :p], rho[rows, None]
        unit, h = stage.products[axis].unit[under, own], towards[axis][under, rows[:, None], own]
        left[rows] -= np.einsum("sp,spn->sn", sizes_of(unit, h), unit)
    return left


def _cosines(life: IntArray) -> FloatArray:
    """The slowest cosines of each life, of length one, and zero in the others: shape (n, j)."""
    ends = np.append(np.flatnonzero(np.diff(life)) + 1, len(life)).tolist()
    columns = [np.zeros((len(life), 0))]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        n = end - start
        waves = np.arange(1, max(round(_PER_POINTS * n**_POWER), 1) + 1)
        own = np.zeros((len(life), len(waves) if n >= _SHORTEST else 0))
        own[start:end] = (np.sqrt(2.0 / n) * np.cos(np.pi * (np.arange(n)[:, None] + 0.5) * waves / n))[
            :, : own.shape[1]
        ]
        columns.append(own)
    return np.hstack(columns)


def _room(ground: Ground, waves: FloatArray) -> FloatArray:
    """How many of the cosines the confounders leave under each autocorrelation, shape (r,)."""
    return np.asarray(waves.shape[1] - np.sum(product(np.swapaxes(ground.q, 1, 2), waves) ** 2, axis=(1, 2)))
