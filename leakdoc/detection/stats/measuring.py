"""The numbers that the rules decide on, all taken from one fit of all shapes; for many series at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.ensemble import Ensemble
from leakdoc.detection.stats.fitting import Block
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import median, medians_of, t_quantile
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import FAMILIES, INDEX
from leakdoc.detection.stats.stage import Stage

_CONFIDENCE: Final = 0.975
_POWER: Final = 0.8
_MAD_TO_SD: Final = 1.4826
_BENDS: Final = np.asarray(["knee" in family.name for family in FAMILIES])
_NOTABLE: Final = 0.1  # of its rise: what grows ever faster began in earnest there


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The slope at the end among the shapes that grow, per second."""

    estimate: float
    low: float
    high: float
    sure_low: float
    worst: float

    def times(self, factor: float) -> Slope:
        """Return the same slope of several processes."""
        return Slope(
            estimate=self.estimate * factor, low=self.low * factor, high=self.high * factor,
            sure_low=self.sure_low * factor, worst=self.worst * factor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BestFit:
    """The heaviest shape laid over the data.

    Args:
        level: the fitted value at the end of each life's data, averaged over the lives that are there at the end.
        rise: how much the shape alone rose from start to end.
        late_rise: how much of it in the last `settled_fraction`.
        noise: standard deviation of what is left.
        load_effect: how far the load moves the values (5th to 95th percentile); zero without load.
        given_back: the deepest fall, load and season taken out, from where it was once as high as at the end;
            zero where there are several lives, for a restart gives back too.
        began: when the growth began, as a fraction of the window: at the bend, where the shape has one, or at a tenth
            of the rise, where it grows ever faster.
        axis: what the shape goes along.
        exposure: how much of it was done in the last part of the window, beside an even share.
    """

    level: float
    rise: float
    late_rise: float
    noise: float
    load_effect: float
    given_back: float = 0.0
    began: float = 0.0
    axis: str = "time"
    exposure: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """The heaviest shape of each of s series laid over its n points.

    Args:
        fitted: shape (s, n).
        grown: shape (s, n), what the shape alone makes of it.
        size: shape (s, b), the confounders' coefficients.
        began: shape (s,), when the growth began, as a fraction of the window.
        axis: shape (s,), index into the stage's axes.
    """

    fitted: FloatArray
    grown: FloatArray
    size: FloatArray
    began: FloatArray
    axis: IntArray


def slopes_of(ensemble: Ensemble, widths: FloatArray, policy: GrowthPolicy, alpha: float) -> FloatArray:
    """Return estimate, low, high, the lower end that is left to this look, and the worst case: shape (5, s).

    Args:
        widths: shape (s,), see `widths_of`.
    """
    likely = (alpha / 2.0, 1.0 - _CONFIDENCE, 0.5, _CONFIDENCE)
    sure_low, low, estimate, high, worst = ensemble.slope_quantiles(
        likely, (_CONFIDENCE,), widths=widths, share=policy.family_share, line=policy.line_share,
        doubt=policy.rate_doubt,
    )  # fmt: skip
    return np.stack([estimate, low, high, sure_low, np.maximum(worst, high)])


def with_jumps(slopes: FloatArray, pace: FloatArray, stepped: Mask, policy: GrowthPolicy) -> FloatArray:
    """Let the interval reach as far again as the jumps that were taken out would carry the slope, where they are small.

    Of growth in bursts the largest look like steps beside it: what is left without them is too slow. A step that makes
    up a large part of the rise is another thing, and so is a fall.

    Args:
        slopes: shape (5, s), see `slopes_of`.
        pace: shape (s,), of the whole rise, jumps included.
        stepped: shape (s,), whether jumps were taken out.
    """
    more = np.where(stepped & (slopes[0] > 0.0), pace - slopes[0], 0.0)
    more = np.where((more > 0.0) & (more < policy.burst_share * pace), more, 0.0)
    wider = slopes.copy()
    wider[2] += more
    wider[4] = np.maximum(wider[4], wider[2])
    return wider


def detectable_factor(degrees: float) -> float:
    """Return how many widths of an interval the slope has that it would exclude from zero four times in five."""
    wide = t_quantile(_CONFIDENCE, degrees)
    return 0.5 / wide * (wide + t_quantile(_POWER, degrees))


def lay(stage: Stage, blocks: Sequence[Block], ensemble: Ensemble, y: FloatArray, towards: list[FloatArray]) -> Laid:
    """Lay each series' heaviest candidate over it.

    Args:
        y: shape (s, n).
        towards: for each axis, shape (r, s, c), the columns times the values.
    """
    rho, which, place = ensemble.best
    grown, began = np.zeros_like(y), np.zeros(len(y))
    axes, counts = np.asarray([(block.axis, block.members.shape[2]) for block in blocks])[which].T
    members, family = chosen(blocks, which, place, int(counts.max()))
    for axis, p in {*zip(axes.tolist(), counts.tolist(), strict=True)}:
        rows = np.flatnonzero((axes == axis) & (counts == p))
        if p:
            own = members[rows, :p]
            h = towards[axis][rho[rows, None], rows[:, None], own]
            grown[rows] = _grown(stage, axis, rho[rows], own, h)
            began[rows] = _began(family[rows], stage.libraries[axis].place[own])
    size = stage.ground.coefficients(rho, y - grown)
    return Laid(fitted=grown, grown=grown, size=size, began=began, axis=axes)


def chosen(blocks: Sequence[Block], which: IntArray, place: IntArray, most: int) -> tuple[IntArray, IntArray]:
    """Return the columns, shape (s, most), and the family, shape (s,), of one candidate of each series."""
    members, family = np.zeros((len(which), most), dtype=np.intp), np.zeros(len(which), dtype=np.intp)
    for number in set(which.tolist()):
        block, rows = blocks[number], np.flatnonzero(which == number)
        own = rows if len(block.members) > 1 else np.zeros_like(rows)
        members[rows, : block.members.shape[2]] = block.members[own, place[rows]]
        family[rows] = block.family[place[rows]]
    return members, family


def _began(family: IntArray, places: FloatArray) -> FloatArray:
    """When growth of these families began, as a fraction of the window, by the places of their columns, (s, p)."""
    ever_faster = _NOTABLE ** (1.0 / np.where(family == INDEX["accelerating"], places[:, 0], 1.0))
    return np.where(_BENDS[family], places.max(axis=1), np.where(family == INDEX["accelerating"], ever_faster, 0.0))


def _grown(stage: Stage, axis: int, rho: IntArray, members: IntArray, h: FloatArray) -> FloatArray:
    """The candidates' own part of the values, shape (s, n), by their columns times the values, shape (s, p)."""
    products = stage.products[axis]
    if members.shape[1] > 1:
        h = sizes_of(products.unit[rho[:, None], members], h)
    size = h / products.scales[rho[:, None], members]
    return np.asarray(np.einsum("sp,spn->sn", size, stage.libraries[axis].rows[members]))


def sizes_of(unit: FloatArray, h: FloatArray) -> FloatArray:
    """Return the sizes of columns, shape (s, p, n), in series, by their products with these, shape (s, p)."""
    if unit.shape[1] < 2:
        return h
    gram = unit @ np.swapaxes(unit, 1, 2) + 1e-12 * np.eye(unit.shape[1])
    return np.asarray(np.linalg.solve(gram, h[:, :, None])[:, :, 0], dtype=np.float64)


def best_fits(
    bins: Bins, basis: Basis, laid: Laid, y: FloatArray, resolution: FloatArray, policy: GrowthPolicy
) -> FloatArray:
    """Return level, rise, late rise, noise, load effect and what was given back: shape (6, s)."""
    fitted = laid.size @ basis.columns.T + laid.grown
    left = y - fitted
    last = present_at_end(bins)
    late = laid.grown[:, np.flatnonzero(bins.t >= np.max(bins.t) - policy.settled_fraction * bins.span)]
    given = np.zeros(len(y))
    if bins.lives == 1:
        given = _given_back(y - laid.size[:, 1:] @ basis.columns[:, 1:].T, policy)
    return np.stack([
        fitted[:, last].mean(axis=1), laid.grown[:, -1] - laid.grown[:, 0], late[:, -1] - late[:, 0],
        np.sqrt(np.mean(left * left, axis=1) + resolution**2 / 12.0), _spread(basis, laid.size), given,
    ])  # fmt: skip


def _given_back(y: FloatArray, policy: GrowthPolicy) -> FloatArray:
    """The deepest fall, noise taken off, from any level as high as the last one; single bins count for nothing."""
    noise = _MAD_TO_SD * medians_of(np.abs(np.diff(y, axis=1))) / np.sqrt(2.0) if y.shape[1] > 1 else np.zeros(len(y))
    padded = np.concatenate([y[:, :1], y, y[:, -1:]], axis=1)
    a, b, c = padded[:, :-2], padded[:, 1:-1], padded[:, 2:]
    smooth = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    as_high = np.maximum.accumulate(np.where(smooth >= smooth[:, -1:] - noise[:, None], smooth, -np.inf), axis=1)
    fall = np.max(np.where(np.isfinite(as_high), as_high - smooth, 0.0), axis=1)
    return np.asarray(np.maximum(fall - policy.fall_noise * noise, 0.0))


def present_at_end(bins: Bins) -> IntArray:
    """Return the last bin of each life that reaches the end of the data: half a bin before it, as bins are of a life.

    One that ended a bin before has made room for the next, and is no second process beside it.
    """
    if bins.lives == 1:
        return np.asarray([len(bins) - 1], dtype=np.intp)
    ends = np.append(np.diff(bins.life) > 0, True)
    last = np.flatnonzero(ends)
    gaps = (np.diff(bins.t[bins.life == life]) for life in bins.life[last])
    usual = max((median(gap) for gap in gaps if len(gap)), default=0.0)  # a hole in the readings is not
    return last[bins.t[last] >= np.max(bins.t) - usual]


def _spread(basis: Basis, size: FloatArray) -> FloatArray:
    if basis.load_at is None:
        return np.zeros(len(size))
    low, high = np.quantile(basis.columns[:, basis.load_at], [0.05, 0.95])
    return np.asarray(np.maximum(size[:, basis.load_at], 0.0) * (high - low))
