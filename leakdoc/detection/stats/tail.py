"""Whether the last part of a series still grows, asked of that part alone."""

from __future__ import annotations

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.ensemble import Ensemble
from leakdoc.detection.stats.fitting import fit, products_of
from leakdoc.detection.stats.measuring import Slope
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.quantiles import mixture_quantiles
from leakdoc.detection.stats.series import Mask

_CONFIDENCE = 0.975
_MOST_LIVES = 2


def tail_still_grows(bins: Bins, basis: Basis, slope: Slope, ensemble: Ensemble, policy: GrowthPolicy) -> bool:
    """Whether the last part alone allows for a good part of the whole slope; where it is too short to say, it does."""
    rows = bins.t >= np.max(bins.t) - policy.tail_fraction * bins.span
    if bins.lives > _MOST_LIVES or np.sum(rows) < policy.min_bins:
        return True
    upper = _upper_slope(bins.part(rows), basis.part(rows), ensemble, rows, policy)
    return upper is None or upper >= policy.tail_slope * slope.estimate


def _upper_slope(bins: Bins, basis: Basis, ensemble: Ensemble, rows: Mask, policy: GrowthPolicy) -> float | None:
    """The upper end of a straight line's slope, whatever the autocorrelation; null where none can be laid."""
    if len(bins) - basis.columns.shape[1] < 2:
        return None
    axis = ensemble.axes[ensemble.axis[ensemble.best]]
    products = products_of(bins, basis, axis.u[rows, None], doubt=policy.shape_doubt)
    fits = fit(products, np.zeros((1, 1), dtype=np.intp), np.asarray([axis.per_second]))
    logs, errors = fits.log_weight[:, 0], fits.error[:, 0]
    if not np.all(np.isfinite(logs)) or not np.any(errors > 0.0):
        return None
    weights = np.exp(logs - logs.max())
    return mixture_quantiles(
        (_CONFIDENCE,), weights=weights / weights.sum(), centres=fits.slope[:, 0],
        scales=np.maximum(errors, 1e-300), degrees=float(max(products.degrees - 1, 1)),
    )[0]  # fmt: skip
