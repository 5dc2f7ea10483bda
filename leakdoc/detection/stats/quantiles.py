"""Student's t without scipy: its quantile, its distribution function, and quantiles of mixtures of it."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np

from leakdoc.detection.stats.series import FloatArray

_NORMAL: Final = NormalDist()
_POINTS: Final = 24
_ZOOMS: Final = 4


def median(values: FloatArray) -> float:
    """Return the median of finite values, shape (n,): numpy's own takes eight times as long."""
    half = len(values) // 2
    part = np.partition(values, half)  # a second place to part at would cost more than all of the first
    return float(part[half]) if len(values) % 2 else 0.5 * float(part[:half].max() + part[half])


def medians_of(values: FloatArray) -> FloatArray:
    """Return the median of each row of finite values, shape (s, n)."""
    half = values.shape[1] // 2
    part = np.partition(values, half, axis=1)
    return part[:, half].copy() if values.shape[1] % 2 else 0.5 * (part[:, :half].max(axis=1) + part[:, half])


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t, to about six digits from three degrees of freedom on.

    Source: G. W. Hill, Algorithm 396, Communications of the ACM 13 (1970); one and two degrees are exact.
    """
    if probability < 0.5:
        return -t_quantile(1.0 - probability, degrees)
    both = 2.0 * (1.0 - probability)
    if both >= 1.0:
        return 0.0
    if degrees < 1.5:
        return 1.0 / math.tan(both * math.pi / 2.0)
    if degrees < 2.5:
        return math.sqrt(2.0 / (both * (2.0 - both)) - 2.0)
    return _hill(both, degrees)


def _hill(both: float, n: float) -> float:
    a = 1.0 / (n - 0.5)
    b = (48.0 / a) / a
    c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * math.sqrt(a * math.pi / 2.0) * n
    y = (d * both) ** (2.0 / n)
    if y > a + 0.05:
        y = _central(both, n, a, b, c, d)
    else:
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * y - 1.0) * (
            n + 1.0
        ) / (n + 2.0) + 1.0 / y
    return math.sqrt(n * y)


def _central(both: float, n: float, a: float, b: float, c: float, d: float) -> float:
    x = _NORMAL.inv_cdf(both / 2.0)
    y = x * x
    if n < 5.0:
        c += 0.3 * (n - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x
    return math.expm1(a * y * y)


def normal_cdf(z: FloatArray) -> FloatArray:
    """Return the normal distribution function, to 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
    x = np.abs(z) / math.sqrt(2.0)
    k = 1.0 / (1.0 + 0.3275911 * x)
    series = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))))
    upper = 0.5 * series * np.exp(-np.minimum(x * x, 700.0))
    return np.where(z > 0.0, 1.0 - upper, upper)


def t_cdf(t: FloatArray, degrees: float) -> FloatArray:
    """Return Student's distribution function, to about 1e-4 (Wallace's normal approximation, 1959)."""
    squeezed = np.sqrt(degrees * np.log1p(t * t / degrees)) * (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0)
    return normal_cdf(np.sign(t) * squeezed)


def mixture_quantiles(
    probabilities: tuple[float, ...], *, weights: FloatArray, centres: FloatArray, scales: FloatArray, degrees: float
) -> tuple[float, ...]:
    """Return quantiles of a weighted mixture of shifted and scaled t distributions.

    Args:
        probabilities: which quantiles.
        weights: shape (k,), adding up to one.
        centres: shape (k,).
        scales: shape (k,), positive.
        degrees: of freedom, shared.
    """
    rarest = min(min(probabilities), 1.0 - max(probabilities))
    reach = abs(t_quantile(rarest, degrees)) * 1.01 * scales
    wanted = np.asarray(probabilities)[:, None]
    low = np.full(len(probabilities), np.min(centres - reach))
    high = np.full(len(probabilities), np.max(centres + reach))
    share = np.linspace(0.0, 1.0, _POINTS)
    rows = np.arange(len(probabilities))
    for _ in range(_ZOOMS):
        grid = low[:, None] + (high - low)[:, None] * share
        below = t_cdf((grid[:, :, None] - centres) / scales, degrees) @ weights
        at = np.clip(np.sum(below < wanted, axis=1), 1, _POINTS - 1)
        low, high = grid[rows, at - 1], grid[rows, at]
    under, over = below[rows, at - 1], below[rows, at]
    part = np.clip((wanted[:, 0] - under) / np.maximum(over - under, 1e-300), 0.0, 1.0)
    return tuple((low + part * (high - low)).tolist())
