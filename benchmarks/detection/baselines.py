"""The usual methods, as they are usually applied; each says whether it would raise an alarm."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.detection.published import backward_regression, precog, precog_filtered
from benchmarks.detection.scene import Array
from leakdoc.detection.stats.quantiles import t_quantile

_POINTS: Final = 120


def thinned(t: Array, values: Array) -> tuple[Array, Array]:
    """At most 120 medians, so that methods of quadratic cost can take part."""
    size = max(len(t) // _POINTS, 1)
    whole = len(t) // size * size
    return t[:whole].reshape(-1, size).mean(axis=1), np.median(values[:whole].reshape(-1, size), axis=1)


def least_squares(t: Array, values: Array) -> bool:
    """A straight line whose slope is positive at p < .01."""
    x = t - t.mean()
    slope = float(x @ values) / float(x @ x)
    left = values - values.mean() - slope * x
    error = float(np.sqrt(left @ left / (len(t) - 2) / (x @ x)))
    return slope > t_quantile(0.995, float(len(t) - 2)) * error


def mann_kendall(t: Array, values: Array) -> bool:
    """pymannkendall's original test, rising at p < .01, on thinned data."""
    import pymannkendall

    found = pymannkendall.original_test(thinned(t, values)[1], alpha=0.01)
    return bool(found.trend == "increasing")


def hamed_rao(t: Array, values: Array) -> bool:
    """pymannkendall's test corrected for autocorrelation (Hamed and Rao 1998), on thinned data."""
    import pymannkendall

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pymannkendall.hamed_rao_modification_test(thinned(t, values)[1], alpha=0.01)
    return bool(found.trend == "increasing")


def theil_sen(t: Array, values: Array) -> bool:
    """A median slope of more than 2 % of the level over the window."""
    x, y = thinned(t, values)
    first, second = np.triu_indices(len(x), 1)
    slope = float(np.median((y[second] - y[first]) / np.maximum(x[second] - x[first], 1e-9)))
    return slope * float(x[-1] - x[0]) > 0.02 * float(np.median(y))


def deriv_sustained(t: Array, values: Array) -> bool:
    """Prometheus' `deriv` over sixths of the window, positive in all of them, and 2 % growth in all."""
    edges = np.linspace(t[0], t[-1], 7)
    slopes = []
    for low, high in itertools.pairwise(edges):
        rows = (t >= low) & (t <= high)
        if np.sum(rows) < 3:
            return False
        slopes.append(np.polyfit(t[rows] - low, values[rows], 1)[0])
    return min(slopes) > 0 and float(np.mean(slopes)) * float(t[-1] - t[0]) > 0.02 * float(np.median(values))


def predict_linear(t: Array, values: Array) -> bool:
    """Prometheus' `predict_linear` of the last quarter, one window ahead: 20 % more than now."""
    rows = t >= t[-1] - (t[-1] - t[0]) / 4
    slope, now = np.polyfit(t[rows] - t[-1], values[rows], 1)
    return float(slope) * float(t[-1] - t[0]) > 0.2 * float(now)


def published(method: Callable[[Array, Array], bool]) -> Callable[[Array, Array], bool]:
    """A detector of the papers, on thinned data."""
    return lambda t, values: method(*thinned(t, values))


BASELINES: Final[dict[str, Callable[[Array, Array], bool]]] = {
    "least squares, p < .01": least_squares,
    "Mann-Kendall": mann_kendall,
    "Mann-Kendall, Hamed-Rao": hamed_rao,
    "Theil-Sen, over 2 %": theil_sen,
    "deriv, sustained": deriv_sustained,
    "predict_linear": predict_linear,
    "LBR": published(backward_regression),
    "Precog": published(precog),
    "PrecogMF": published(precog_filtered),
}
