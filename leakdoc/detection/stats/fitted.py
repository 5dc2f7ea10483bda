"""Many series on one time axis, fitted: all that the rules decide on, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.ensemble import weigh
from leakdoc.detection.stats.fitting import values_of
from leakdoc.detection.stats.long_waves import widths_of
from leakdoc.detection.stats.measuring import BestFit, Slope, best_fits, detectable_factor, lay, slopes_of, with_jumps
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import Prepared
from leakdoc.detection.stats.series import FloatArray
from leakdoc.detection.stats.shapes import FAMILIES, INDEX, Fate
from leakdoc.detection.stats.stage import Stage, stage_of
from leakdoc.detection.stats.tail import tail_exposure, tails_still_grow
from leakdoc.detection.stats.trials import blocks_of

_RISING: Final = ("saturating", "filled", "sigmoid", "saturating + step")
_STEPPED: Final = (INDEX["linear + step"], INDEX["linear + settled"])
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What one series' fit says, in its unit; see `Case` for each."""

    slope: Slope
    fit: BestFit
    detectable: float
    grows: float
    hidden: float
    undecided: float
    settles: float
    shape: str
    tail: bool


def fit_all(bins: Bins, basis: Basis, many: Sequence[Prepared], policy: GrowthPolicy, alpha: float) -> list[Fitted]:
    """Weigh the shapes and measure.

    Args:
        bins: the time axis; its own values do not matter.
        many: series on these bins.
    """
    stage, found = stage_of(bins, basis), []
    floor = np.asarray([one.resolution for one in many]) ** 2 / 12.0 + basis.floor
    for first in range(0, len(many), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found.extend(_fit_some(stage, bins, basis, many[part], floor[part], policy, alpha))
    return found


def _fit_some(
    stage: Stage, bins: Bins, basis: Basis, many: Sequence[Prepared], floor: FloatArray, policy: GrowthPolicy,
    alpha: float,
) -> list[Fitted]:  # fmt: skip
    y, resolution = np.stack([one.y for one in many]), np.asarray([one.resolution for one in many])
    values = values_of(stage.ground, y, floor, policy.shape_doubt)
    blocks, towards = blocks_of(values, stage, policy)
    ensemble = weigh(blocks, stage.ground.degrees)
    widths = widths_of(bins.life, stage, values, blocks, towards, ensemble.grower, policy)
    slopes = slopes_of(ensemble, widths, policy, alpha)
    laid = lay(stage, blocks, ensemble, y, towards)
    fits = best_fits(bins, basis, laid, y, resolution, policy)
    tails = tails_still_grow(bins, basis, y, slopes[0], stage.axes, laid.axis, policy, floor)
    detectable = (slopes[2] - slopes[1]) * detectable_factor(ensemble.degrees)
    shapes = np.argmax(ensemble.families, axis=1)
    slopes = with_jumps(slopes, fits[1] / bins.span, np.isin(shapes, _STEPPED) & (bins.lives == 1), policy)
    growth = [
        ensemble.rising(Fate.GROWS), ensemble.rising(Fate.GROWS, proving=False), ensemble.rising(Fate.UNDECIDED),
        ensemble.of(*_RISING),
    ]  # fmt: skip
    exposure = [tail_exposure(bins, axis, policy) for axis in stage.axes]
    scale = np.asarray([one.scale for one in many])
    with np.errstate(over="ignore"):
        slopes, fits, detectable = slopes * scale, fits * scale, detectable * scale
    rows = zip(
        slopes.T.tolist(), fits.T.tolist(), laid.began.tolist(), laid.axis.tolist(), detectable.tolist(),
        np.stack(growth, axis=1).tolist(), shapes.tolist(), tails.tolist(), strict=True,
    )  # fmt: skip
    return [
        Fitted(
            slope=Slope(estimate=slope[0], low=slope[1], high=slope[2], sure_low=slope[3], worst=slope[4]),
            fit=BestFit(
                level=fit[0], rise=fit[1], late_rise=fit[2], noise=fit[3], load_effect=fit[4], given_back=fit[5],
                began=began, axis=stage.axes[axis].name, exposure=exposure[axis],
            ),
            detectable=seen, grows=grown[0], hidden=grown[1], undecided=grown[2], settles=grown[3],
            shape=FAMILIES[shape].name, tail=tail,
        )
        for slope, fit, began, axis, seen, grown, shape, tail in rows
    ]  # fmt: skip
