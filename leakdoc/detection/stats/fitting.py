"""Every shape fitted to many series at once: all are projections that share their products.

Weights are those of Bayesian model averaging with the unit-information prior behind the BIC (Kass and Wasserman, JASA
90, 1995), marginal over the autocorrelation with the determinant that restricted maximum likelihood adds (Patterson and
Thompson, Biometrika 58, 1971), so that the trend does not pass for a lack of memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakdoc.detection.stats.pairs import Pairs, gain_of
from leakdoc.detection.stats.picking import each_at
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import FAMILIES
from leakdoc.detection.stats.stage import Ground, Products
from leakdoc.detection.stats.whitening import RHOS

AnyFloats = npt.NDArray[np.floating[Any]]
_LEAST_LEFT: Final = 1e-12
_PRIORS: Final = np.asarray([family.prior for family in FAMILIES])
_PERSISTENT: Final = np.asarray([family.persistent for family in FAMILIES])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Candidates of equally many columns; r autocorrelations by s series by k candidates.

    Args:
        family: shape (k,), index into `FAMILIES`; those of one family lie side by side.
        axis: which of the stage's axes.
        log_weight: shape (r, s, k), minus infinity where a candidate cannot be fitted.
        members: shape (s or 1, k, p), the columns of each candidate.
        slope: shape (r, s, k), at the end, per second; null where the families settle.
        error: shape (r, s, k), its standard error; zero where a candidate cannot be fitted.
        exact: shape (r, s), what the straight line's weight would be if no misfit were allowed for; null where there
            is none, or a shape's place comes from a grid, and misfit is certain.
    """

    family: IntArray
    axis: int
    log_weight: AnyFloats
    members: IntArray
    slope: AnyFloats | None = None
    error: AnyFloats | None = None
    exact: AnyFloats | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """Many series on one axis, whitened.

    Args:
        ground: the axis and its confounders.
        rest: shape (r, s, n), what the confounders leave of each series.
        total: shape (r, s), its sum of squares, with what the source's resolution adds.
        doubt: the part of what a shape explains that counts as its misfit, for no shape is exact.
    """

    ground: Ground
    rest: FloatArray
    total: FloatArray
    doubt: float

    def log_weight(
        self, explained: AnyFloats, constant: AnyFloats, *, exact: bool = False, single: bool = False
    ) -> AnyFloats:
        """Return logarithms of weights of candidates that explain so much of the sum of squares.

        Args:
            explained: shape (r, s, k); it is used up.
            constant: what does not depend on the values; any shape that goes with it.
            exact: allow for no misfit.
            single: single precision will do from the logarithm on.
        """
        total, left = self.total[:, :, None].astype(explained.dtype), explained
        left *= (0.0 if exact else self.doubt) - 1.0
        left += total
        np.maximum(left, _LEAST_LEFT * total, out=left)
        left = left.astype(np.float32) if single else left
        np.log(left, out=left)
        left *= -0.5 * self.ground.degrees
        left += constant
        return left

    def error(self, explained: FloatArray, spread: FloatArray, columns: int | IntArray) -> FloatArray:
        """Return standard errors of slopes; `spread` is their variance per unit of the error's variance."""
        left = self.total[:, :, None] - explained
        np.maximum(left, _LEAST_LEFT * self.total[:, :, None], out=left)
        left *= np.maximum(spread, 0.0) / np.maximum(self.ground.degrees - columns, 1)
        return np.asarray(np.sqrt(left, out=left))


def values_of(ground: Ground, y: FloatArray, floor: FloatArray, doubt: float) -> Values:
    """Whiten series of shape (s, n); `floor`, shape (s,), is the variance that nothing can explain in each."""
    rest = np.ascontiguousarray(np.swapaxes(ground.rest(y.T), 1, 2))
    rounding = ground.degrees * floor * (1.0 + RHOS[:, None] ** 2)  # rounding is white, and whitening makes it grow
    total = np.einsum("rsn,rsn->rs", rest, rest) + rounding + 1e-24
    return Values(ground=ground, rest=rest, total=total, doubt=doubt)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Columns that lie side by side in the library, and the families that they make up.

    Args:
        at: where they lie.
        family: shape (k,), index into `FAMILIES`.
        out_of: shape (k,), how many candidates share the family's prior.
        parts: where each family's are, counted from the first of them all.
        peaks: families of which the best, between those of the grid, would explain more than any of them.
    """

    at: slice
    family: IntArray
    out_of: IntArray
    parts: dict[str, slice]
    peaks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitter:
    """Fits candidates of one axis.

    Args:
        towards: shape (r, s, c), the columns times the values.
        linear: which column is the straight line.
        with_line: shape (r, c), the straight line's products with all columns.
        base: shape (r,), the part of the log-weight that the confounders make.
        held: shape (r,), what families lose that noise of long memory can look like.
        per_second: how fast the axis goes.
        penalty: the log-weight that each column costs.
        axes: how many axes there are.
    """

    values: Values
    products: Products
    towards: FloatArray
    linear: int
    with_line: FloatArray
    base: FloatArray
    held: FloatArray
    per_second: float
    penalty: float
    axis: int
    axes: int

    def constant(self, family: IntArray, out_of: IntArray, columns: int | IntArray) -> FloatArray:
        """Return the part of log-weights that families make, shape (r, k); their columns' sizes come on top."""
        held = np.where(_PERSISTENT[family], 0.0, self.held[:, None])
        return self.base[:, None] + held + (np.log(_PRIORS[family] / self.axes / out_of) - columns * self.penalty)

    def alone(self, columns: Columns, *, moves: bool) -> Block:
        """Fit one column at a time; `moves` tells whether they have a slope at the end."""
        at, h, p = columns.at, self.towards[:, :, columns.at], self.products
        constant = self.constant(columns.family, columns.out_of, 1) - 0.5 * p.log_size[:, at]
        constant = np.where(p.usable[at], constant, -np.inf)[:, None]
        explained, told = h * h, dict[str, AnyFloats]()
        if moves:
            contrast = self.per_second * p.contrast[:, None, at]
            told = {"slope": contrast * h, "error": self.values.error(explained, contrast**2 * p.usable[at], 1)}
            if at.start <= self.linear < at.stop:
                line = slice(self.linear - at.start, self.linear - at.start + 1)
                exact = self.values.log_weight(explained[:, :, line].copy(), constant[:, :, line], exact=True)
                told["exact"] = exact[:, :, 0]
        for family in columns.peaks:
            _lift_peak(explained, columns.parts[family])
        logs = self.values.log_weight(explained, constant if moves else constant.astype(np.float32), single=not moves)
        return Block(
            family=columns.family, axis=self.axis, log_weight=logs,
            members=np.arange(at.start, at.stop)[None, :, None], **told,
        )  # fmt: skip

    def beside(self, columns: Columns) -> Block:
        """Fit the straight line with each of others."""
        at, p, line = columns.at, self.products, self.linear
        shared = self.with_line[:, at]
        gain, sound = gain_of(1.0 - shared * shared)
        h1, h2 = self.towards[:, :, line, None], self.towards[:, :, at]
        c1, c2 = self.per_second * p.contrast[:, line, None], self.per_second * p.contrast[:, at]
        extra = h2 - shared[:, None] * h1
        size2 = extra * gain[:, None]
        extra *= size2
        extra += h1 * h1  # what both explain
        size2 *= (c2 - c1 * shared)[:, None]
        size2 += c1[:, None] * h1  # the slope
        usable = sound & p.usable[at] & p.usable[line]
        spread = (c1 * c1 - 2.0 * shared * c1 * c2 + c2 * c2) * gain * usable
        error = self.values.error(extra, spread[:, None], 2)
        size = p.log_size[:, at] + p.log_size[:, line, None] - (np.log(gain) - np.log(gain[:1]))
        constant = self.constant(columns.family, columns.out_of, 2) - 0.5 * size
        constant = np.where(usable, constant, -np.inf)
        members = np.stack([np.full(at.stop - at.start, line), np.arange(at.start, at.stop)], axis=1)[None]
        return Block(
            family=columns.family, axis=self.axis, log_weight=self.values.log_weight(extra, constant[:, None]),
            members=members, slope=size2, error=error,
        )  # fmt: skip

    def settled_pairs(self, pairs: Pairs, firsts: IntArray, family: IntArray, out_of: IntArray) -> Block:
        """Fit a few columns of each series, shape (s, f), each with each of the pairs' seconds: (r, s, f k).

        Args:
            family: shape (f,), of each of the firsts' pairs.
            out_of: shape (f,), how many candidates share the family's prior.
        """
        chosen, k = np.searchsorted(pairs.firsts, firsts), len(pairs.seconds)
        seconds = self.towards[:, :, pairs.seconds[0] : pairs.seconds[0] + k]
        explained = pairs.explained(chosen, each_at(self.towards, firsts), seconds)
        constant = pairs.log_weight.take(chosen, axis=1)
        constant += self.constant(family, out_of, 2).astype(np.float32)[:, None, :, None]
        members = np.empty((*firsts.shape, k, 2), dtype=np.intp)
        members[..., 0], members[..., 1] = firsts[:, :, None], pairs.seconds
        flat = (len(self.base), firsts.shape[0], firsts.shape[1] * k)
        return Block(
            family=np.repeat(family, k), axis=self.axis, members=members.reshape(*flat[1:], 2),
            log_weight=self.values.log_weight(explained.reshape(flat), constant.reshape(flat)),
        )  # fmt: skip

    def over(self, members: IntArray, twice: Mask, between: FloatArray, family: int, out_of: IntArray) -> list[Block]:
        """Fit the straight line over settled columns of each series; those over two columns come first.

        Args:
            members: shape (s, k, 2), two columns, or one in both places.
            twice: shape (k,), which are two columns.
            between: shape (r, s, k), the products of the two; anything where there is but one.
            out_of: shape (k,), how many candidates share the prior.
        """
        p, line = self.products, self.linear
        a, b, on = members[..., 0], members[..., 1], self.with_line[:, members]
        between = np.where(twice, between, 0.0)
        gain_b, sound_b = gain_of(1.0 - between * between)
        left_b = (on[..., 1] - on[..., 0] * between) * twice
        gain, sound = gain_of(1.0 - on[..., 0] ** 2 - left_b * left_b * gain_b)
        h_l, h_a, h_b = self.towards[:, :, line, None], each_at(self.towards, a), each_at(self.towards, b)
        extra_b = (h_b - between * h_a) * twice
        extra = h_l - on[..., 0] * h_a - left_b * gain_b * extra_b
        explained = h_a * h_a + extra_b * extra_b * gain_b + extra * extra * gain
        size = p.log_size[:, a] + twice * p.log_size[:, b] + p.log_size[:, line, None, None] - np.log(gain * gain_b)
        usable = sound & sound_b & p.usable[a] & p.usable[b] & p.usable[line]
        families = np.full(a.shape[1], family)
        constant = self.constant(families, out_of, 2 + twice)[:, None] - 0.5 * (size - size[:1])
        contrast = self.per_second * p.contrast[:, line, None, None]
        error = self.values.error(explained, contrast * contrast * gain * usable, 2 + twice)
        slope, whole = contrast * extra * gain, np.concatenate([np.full_like(members[..., :1], line), members], axis=2)
        logs = self.values.log_weight(explained, np.where(usable, constant, -np.inf))
        return [
            Block(
                family=families[part], axis=self.axis, log_weight=logs[:, :, part], slope=slope[:, :, part],
                error=error[:, :, part], members=whole[:, part, : 2 + both],
            )
            for part, both in ((np.flatnonzero(twice), 1), (np.flatnonzero(~twice), 0)) if len(part)
        ]  # fmt: skip


def _lift_peak(explained: FloatArray, part: slice) -> None:
    """Raise the best of a part of the candidates, shape (r, s, k), to the top of the parabola through it and its next.

    Args:
        explained: contiguous.
        part: those of one grid.
    """
    rhos, many, k = explained.shape
    if part.stop - part.start < 3:
        return
    best = np.clip(np.argmax(explained[:, :, part], axis=2), 1, part.stop - part.start - 2)
    at, flat = best + (k * np.arange(rhos * many).reshape(rhos, many) + part.start), explained.reshape(-1)
    low, top, high = (flat.take(at + step) for step in (-1, 0, 1))
    bend, apart = 2.0 * top - low - high, high - low
    lifts = (top >= low) & (top >= high) & (bend > 0.0)
    flat[at] = top + np.where(lifts, apart * apart / (8.0 * np.maximum(bend, 1e-300)), 0.0)
