"""The numbers that the rules decide on, all taken from one fit of all shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.ensemble import Ensemble
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import t_quantile
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask
from leakdoc.detection.stats.shapes import FAMILIES, Fate
from leakdoc.detection.stats.whitening import whitener_of

_CONFIDENCE = 0.975
_POWER = 0.8
_MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The slope at the end among the shapes that grow, per second, in scaled units."""

    estimate: float
    low: float
    high: float
    sure_low: float
    worst: float

    def times(self, factor: float) -> Slope:
        """Return the same slope in other units, or of several processes."""
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
    """

    level: float
    rise: float
    late_rise: float
    noise: float
    load_effect: float
    given_back: float = 0.0

    def times(self, factor: float) -> BestFit:
        """Return the same fit in other units."""
        return BestFit(
            level=self.level * factor, rise=self.rise * factor, late_rise=self.late_rise * factor,
            noise=self.noise * factor, load_effect=self.load_effect * factor, given_back=self.given_back * factor,
        )  # fmt: skip


def slope_of(ensemble: Ensemble, policy: GrowthPolicy, alpha: float) -> Slope | None:
    """Return the slope's median and 95 % interval, and what is left to the worst case and to this look."""
    growing = ensemble.of_fate(Fate.GROWS) & (ensemble.error > 0.0)
    if not np.any(growing):
        return None
    likely = ensemble.window(growing, policy.family_share)
    sure_low, low, estimate, high = ensemble.slope_quantiles((alpha / 2.0, 1.0 - _CONFIDENCE, 0.5, _CONFIDENCE), likely)
    (worst,) = ensemble.slope_quantiles((_CONFIDENCE,), growing)
    return Slope(estimate=estimate, low=low, high=high, sure_low=sure_low, worst=max(worst, high))


def smallest_detectable(slope: Slope, degrees: float) -> float:
    """Return the slope that an interval of this width would exclude from zero four times in five."""
    wide = t_quantile(_CONFIDENCE, degrees)
    return 0.5 * (slope.high - slope.low) / wide * (wide + t_quantile(_POWER, degrees))


def best_fit(bins: Bins, basis: Basis, ensemble: Ensemble, policy: GrowthPolicy) -> BestFit:
    """Fit the heaviest candidate once more, with its coefficients."""
    at = ensemble.best
    chosen = ensemble.members[at][ensemble.members[at] >= 0]
    shape = ensemble.libraries[ensemble.axis[at]].columns[:, chosen] if ensemble.libraries else np.zeros((len(bins), 0))
    design = np.hstack([basis.columns, shape])
    white = whitener_of(bins)(np.hstack([design, bins.y[:, None]]))[ensemble.rho[at]]
    size = np.linalg.lstsq(white[:, :-1], white[:, -1], rcond=None)[0]
    grown = shape @ size[basis.columns.shape[1] :]
    left = bins.y - design @ size
    unloaded = bins.y - basis.columns[:, bins.lives :] @ size[bins.lives : basis.columns.shape[1]]
    last = _present_at_end(bins)
    late = bins.t >= np.max(bins.t) - policy.settled_fraction * bins.span
    return BestFit(
        level=float(np.mean((bins.y - left)[last])),
        rise=_rise(grown, np.ones(len(grown), dtype=bool)), late_rise=_rise(grown, late),
        noise=float(np.sqrt(np.mean(left * left) + bins.resolution**2 / 12.0)),
        load_effect=_spread(basis, size),
        given_back=_given_back(unloaded, policy) if bins.lives == 1 else 0.0,
    )  # fmt: skip


def _given_back(y: FloatArray, policy: GrowthPolicy) -> float:
    """The deepest fall, noise taken off, from any level as high as the last one; single bins count for nothing."""
    noise = _MAD_TO_SD * float(np.median(np.abs(np.diff(y)))) / np.sqrt(2.0) if len(y) > 1 else 0.0
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(y, 1, mode="edge"), 3), axis=1)
    as_high = np.maximum.accumulate(np.where(smooth >= smooth[-1] - noise, smooth, -np.inf))
    fall = float(np.max(np.where(np.isfinite(as_high), as_high - smooth, 0.0)))
    return max(fall - policy.fall_noise * noise, 0.0)


def _rise(grown: FloatArray, rows: Mask) -> float:
    part = grown[rows]
    return float(part[-1] - part[0]) if len(part) else 0.0


def _present_at_end(bins: Bins) -> IntArray:
    """The last bin of each life that reaches the end of the data."""
    ends = np.append(np.diff(bins.life) > 0, True)
    gaps = np.diff(bins.t)[~ends[:-1]]
    last = np.flatnonzero(ends)
    usual = float(np.max(gaps)) if len(gaps) else 0.0
    return last[bins.t[last] >= np.max(bins.t) - 1.5 * usual]


def alive_at_end(bins: Bins) -> int:
    """How many processes the subject has at the end of the data."""
    return max(len(_present_at_end(bins)), 1)


def _spread(basis: Basis, size: FloatArray) -> float:
    if basis.load_at is None or size[basis.load_at] <= 0.0:
        return 0.0
    low, high = np.quantile(basis.columns[:, basis.load_at], [0.05, 0.95])
    return float(size[basis.load_at] * (high - low))


def began_at(ensemble: Ensemble) -> float:
    """Return when the growth began, as a fraction of the window: at the bend, where the heaviest shape has one."""
    at = ensemble.best
    if "knee" not in FAMILIES[ensemble.family[at]].name:
        return 0.0
    chosen = ensemble.members[at][ensemble.members[at] >= 0]
    return float(np.max(ensemble.libraries[ensemble.axis[at]].place[chosen]))


def family_of(ensemble: Ensemble) -> str:
    """Name the family with the most weight."""
    totals = np.bincount(ensemble.family, weights=ensemble.weight, minlength=len(FAMILIES))
    return FAMILIES[int(np.argmax(totals))].name
