"""Every shape fitted to many series at once: all are projections that share their products.

Weights are those of Bayesian model averaging with the unit-information prior behind the BIC (Kass and Wasserman, JASA
90, 1995), marginal over the autocorrelation with the determinant that restricted maximum likelihood adds (Patterson and
Thompson, Biometrika 58, 1971), so that the trend does not pass for a lack of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakdoc.detection.stats.picking import each_at
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.stage import COLLINEAR, Ground, Products
from leakdoc.detection.stats.whitening import RHOS

AnyFloats = npt.NDArray[np.floating[Any]]
_LEAST_LEFT: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Candidates of one family; r autocorrelations by s series by k candidates.

    Args:
        family: its name.
        axis: which of the stage's axes.
        log_weight: shape (r, s, k), minus infinity where a candidate cannot be fitted.
        members: shape (s or 1, k, p), the columns of each candidate.
        slope: shape (r, s, k), at the end, per second; null where the family settles.
        error: shape (r, s, k), its standard error.
        exact: shape (r, s, k), what `log_weight` would be if no misfit were allowed for; null where a shape's place
            comes from a grid, and misfit is certain.
    """

    family: str
    axis: int
    log_weight: AnyFloats
    members: IntArray
    slope: FloatArray | None = None
    error: FloatArray | None = None
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

    def log_weight(self, explained: AnyFloats, constant: AnyFloats, *, exact: bool = False) -> AnyFloats:
        """Return logarithms of weights, shape (r, s, k), of candidates that explain so much of the sum of squares."""
        total = self.total[:, :, None].astype(explained.dtype)
        left = np.maximum(total - explained, np.asarray(_LEAST_LEFT, dtype=total.dtype) * total)
        if not exact:
            left += self.doubt * explained
        np.log(left, out=left)
        left *= -0.5 * self.ground.degrees
        left += constant
        return np.asarray(left)

    def error(self, explained: FloatArray, spread: FloatArray, columns: int) -> FloatArray:
        """Return standard errors of slopes; `spread` is their variance per unit of the error's variance."""
        left = np.maximum(self.total[:, :, None] - explained, _LEAST_LEFT * self.total[:, :, None])
        return np.asarray(np.sqrt(np.maximum(spread, 0.0) * left / max(self.ground.degrees - columns, 1)))


def values_of(ground: Ground, y: FloatArray, floor: FloatArray, doubt: float) -> Values:
    """Whiten series of shape (s, n); `floor`, shape (s,), is the variance that nothing can explain in each."""
    rest = np.ascontiguousarray(np.swapaxes(ground.rest(y.T), 1, 2))
    rounding = ground.degrees * floor * (1.0 + RHOS[:, None] ** 2)  # rounding is white, and whitening makes it grow
    total = np.einsum("rsn,rsn->rs", rest, rest) + rounding + 1e-24
    return Values(ground=ground, rest=rest, total=total, doubt=doubt)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Single:
    """Columns of one family that are fitted one at a time; see `Fitter.alone`."""

    family: str
    at: IntArray
    log_prior: float
    grows: bool
    peak: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitter:
    """Fits candidates of one axis.

    Args:
        towards: shape (r, s, c), the columns times the values.
        base: shape (r,), the part of the log-weight that the confounders make.
        per_second: how fast the axis goes.
        penalty: the log-weight that each column costs.
    """

    values: Values
    products: Products
    towards: FloatArray
    base: FloatArray
    per_second: float
    penalty: float
    axis: int

    def alone(self, family: str, at: IntArray, log_prior: FloatArray, *, grows: bool, peak: bool = False) -> Block:
        """Fit one column at a time; `peak` adds what the best parameter between those of the grid would explain."""
        h, p = self.towards[:, :, at], self.products
        explained = h * h
        if peak:
            _lift_peak(explained)
        constant = self.base[:, None] - self.penalty - 0.5 * p.log_size[:, at]
        constant = (constant + np.where(p.usable[at], log_prior, -np.inf))[:, None]
        logs = self.values.log_weight(explained, constant)
        if not grows:
            return Block(family=family, axis=self.axis, log_weight=logs, members=at[None, :, None])
        contrast = p.contrast[:, None, at]
        error = self.values.error(h * h, contrast * contrast, 1)
        exact = self.values.log_weight(h * h, constant, exact=True) if len(at) == 1 else None
        return Block(
            family=family, axis=self.axis, log_weight=logs, members=at[None, :, None],
            slope=contrast * h * self.per_second, error=error * self.per_second, exact=exact,
        )  # fmt: skip

    def each_alone(self, wanted: Sequence[Single]) -> dict[str, Block]:
        """Fit the columns of several families, one at a time, as `alone` does, in one pass over all of them."""
        p, at = self.products, np.concatenate([one.at for one in wanted])
        h = self.towards[:, :, at]
        explained, contrast = h * h, p.contrast[:, None, at]
        lifted, stops = explained.copy(), np.cumsum([len(one.at) for one in wanted])
        parts = [slice(stop - len(one.at), stop) for one, stop in zip(wanted, stops.tolist(), strict=True)]
        for one, part in zip(wanted, parts, strict=True):
            if one.peak:
                _lift_peak(lifted[:, :, part])
        prior = np.concatenate([np.full(len(one.at), one.log_prior) for one in wanted])
        constant = self.base[:, None] - self.penalty - 0.5 * p.log_size[:, at]
        constant = (constant + np.where(p.usable[at], prior, -np.inf))[:, None]
        logs = self.values.log_weight(lifted, constant)
        slope, error = contrast * h, self.values.error(explained, contrast * contrast, 1)
        slope *= self.per_second
        error *= self.per_second
        found = {}
        for one, part in zip(wanted, parts, strict=True):
            exact = None
            if one.grows and len(one.at) == 1:
                exact = self.values.log_weight(explained[:, :, part], constant[:, :, part], exact=True)
            found[one.family] = Block(
                family=one.family, axis=self.axis, log_weight=logs[:, :, part], members=one.at[None, :, None],
                slope=slope[:, :, part] if one.grows else None, error=error[:, :, part] if one.grows else None,
                exact=exact,
            )  # fmt: skip
        return found

    def beside(self, family: str, first: int, at: IntArray, log_prior: FloatArray) -> Block:
        """Fit one column, which grows, with each of others."""
        p = self.products
        shared = p.shared(np.asarray([first]), at)[:, 0]
        gain, sound = _gain(1.0 - shared * shared)
        h1, h2 = self.towards[:, :, first, None], self.towards[:, :, at]
        c1, c2 = p.contrast[:, first, None], p.contrast[:, at]
        extra = h2 - shared[:, None] * h1
        explained = h1 * h1 + extra * extra * gain[:, None]
        size2 = extra * gain[:, None]
        slope = c1[:, None] * (h1 - shared[:, None] * size2) + c2[:, None] * size2
        spread = ((c1 * c1 - 2.0 * shared * c1 * c2 + c2 * c2) * gain)[:, None]
        usable = sound & p.usable[at] & p.usable[first]
        constant = self.base[:, None] - 2.0 * self.penalty - 0.5 * (p.log_size[:, at] + p.log_size[:, first, None])
        constant = constant + 0.5 * (np.log(gain) - np.log(gain[:1])) + np.where(usable, log_prior, -np.inf)
        return Block(
            family=family, axis=self.axis, log_weight=self.values.log_weight(explained, constant[:, None]),
            members=np.stack([np.full_like(at, first), at], axis=1)[None], slope=slope * self.per_second,
            error=self.values.error(explained, spread, 2) * self.per_second,
        )  # fmt: skip

    def settled_pairs(self, family: str, firsts: IntArray, seconds: IntArray, log_prior: FloatArray) -> Block:
        """Fit a few columns of each series, shape (s, f), each with each of others, shape (k,): (r, s, f k)."""
        used, chosen = np.unique(firsts, return_inverse=True)
        pairs, chosen = self.products.pairs(used, seconds), chosen.reshape(firsts.shape)
        # single precision: weights need no more; only slopes' errors do
        h1 = each_at(self.towards, firsts).astype(np.float32)[..., None]
        extra = self.towards[:, :, None, seconds].astype(np.float32) - pairs.shared[:, chosen] * h1
        extra *= extra
        extra *= pairs.gain[:, chosen]
        extra += h1 * h1
        constant = pairs.log_weight[:, chosen]
        constant += (self.base[:, None, None, None] + (log_prior - 2.0 * self.penalty)).astype(np.float32)
        members = np.empty((*firsts.shape, len(seconds), 2), dtype=np.intp)
        members[..., 0], members[..., 1] = firsts[:, :, None], seconds
        flat = (len(self.base), firsts.shape[0], firsts.shape[1] * len(seconds))
        return Block(
            family=family, axis=self.axis, members=members.reshape(*flat[1:], 2),
            log_weight=self.values.log_weight(extra.reshape(flat), constant.reshape(flat)),
        )  # fmt: skip

    def over(self, family: str, linear: int, members: IntArray, log_prior: FloatArray) -> Block:
        """Fit a straight line over one or two settled columns of each series, members of shape (s, k, 1 or 2)."""
        a, b, line = members[..., 0], members[..., -1], np.full_like(members[..., 0], linear)
        twice = members.shape[2] == 2
        used, at = np.unique(members, return_inverse=True)
        with_line = self.products.shared(np.asarray([linear]), used)[:, 0][:, at.reshape(members.shape)]
        on_a, on_b = with_line[..., 0], with_line[..., -1]
        between = self.products.between(a, b) if twice else np.ones_like(on_a)
        gain_b, sound_b = _gain(1.0 - between * between)
        left_b = (on_b - on_a * between) if twice else np.zeros_like(on_a)
        room = 1.0 - on_a * on_a - left_b * left_b * gain_b * twice
        gain, sound = _gain(room)
        h_l, h_a, h_b = (each_at(self.towards, at) for at in (line, a, b))
        extra_b = (h_b - between * h_a) * twice
        extra = h_l - on_a * h_a - left_b * gain_b * extra_b
        explained = h_a * h_a + extra_b * extra_b * gain_b + extra * extra * gain
        size = self.products.log_size[:, a] + twice * self.products.log_size[:, b]
        size = size + self.products.log_size[:, linear, None, None] - np.log(gain) - twice * np.log(gain_b)
        usable = sound & (sound_b | (not twice)) & np.all(self.products.usable[members], axis=2)
        constant = self.base[:, None, None] - (2.0 + twice) * self.penalty - 0.5 * (size - size[:1])
        constant = constant + np.where(usable & self.products.usable[linear], log_prior, -np.inf)
        contrast = self.products.contrast[:, linear, None, None]
        whole = np.concatenate([np.full_like(members[..., :1], linear), members], axis=2)
        return Block(
            family=family, axis=self.axis, log_weight=self.values.log_weight(explained, constant), members=whole,
            slope=contrast * extra * gain * self.per_second,
            error=self.values.error(explained, contrast * contrast * gain, 2 + twice) * self.per_second,
        )  # fmt: skip


def _gain(room: FloatArray) -> tuple[FloatArray, Mask]:
    """One over what a column adds, and whether that is more than rounding under every autocorrelation."""
    return 1.0 / np.maximum(room, 0.1 * COLLINEAR), np.all(room > COLLINEAR, axis=0)


def _lift_peak(explained: FloatArray) -> None:
    """Raise the best of a grid to the top of the parabola through it and its neighbours."""
    if explained.shape[2] < 3:
        return
    at = np.minimum(np.maximum(np.argmax(explained, axis=2), 1), explained.shape[2] - 2)
    rho, series = np.arange(explained.shape[0])[:, None], np.arange(explained.shape[1])
    low, top, high = (explained[rho, series, at + step] for step in (-1, 0, 1))
    bend = 2.0 * top - low - high
    lift = np.where(
        (top >= low) & (top >= high) & (bend > 0.0), (high - low) ** 2 / (8.0 * np.maximum(bend, 1e-300)), 0.0
    )
    explained[rho, series, at] = top + lift
