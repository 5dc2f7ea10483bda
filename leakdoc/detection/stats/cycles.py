"""Cycles of a length that nobody told: jobs by the hour, a wave of users, a test that goes round.

A cycle counts only where it plainly repeats: one wave and its first harmonic explain most of what a bent line leaves of
the values, in every third of the window alike, and the window holds two and a half of its periods. A step, a knee or a
walk at random does not do that, and shapes are tried on it as on anything else; so they are on a sawtooth, whose falls
may be restarts that nobody recorded.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.series import FloatArray

_FEWEST: Final = 2.5  # periods in the window; with about two, a knee or a bump beside a bent line looks like one
_MOST: Final = 12.0
_STEP: Final = 0.2
_LEAST_BINS: Final = 6.0  # a period
_SMOOTH: Final = 0.4  # autocorrelation of neighbouring bins, below which no slow wave can be most of the values
_PLAIN: Final = 0.5  # of what a bent line leaves, which a wave explains that is only about as long
_EXPLAINS: Final = 0.9
_HARMONICS: Final = np.asarray([1.0, 2.0])
_FINER: Final = (0.1, 0.05, 0.025, 0.0125, 0.00625)  # periods in the window
_PARTS: Final = 3
_SUDDEN: Final = 2.0  # times as steep as it rises at most: what falls like that collects, or starts anew
_ROUND_S: Final = 60.0 * np.asarray(
    [0.25, 0.5, 1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 10080]
)
_NEAR_ROUND: Final = 0.05  # periods in the window
_AS_GOOD: Final = 1.02  # of what the best period leaves
_ROUNDING: Final = 1e-9


def cycles_of(bins: Bins, y: FloatArray, beside: FloatArray) -> list[float | None]:
    """Return the period of each series of shape (s, n), in seconds; null where none plainly repeats.

    Args:
        bins: of one life.
        beside: shape (n, b), what else is taken out, the levels first.
    """
    found: list[float | None] = [None] * len(y)
    turns = np.arange(_FEWEST, min(_MOST, len(bins) / _LEAST_BINS) + _STEP / 2.0, _STEP)
    if not len(turns) or bins.span <= 0.0:
        return found
    x = (bins.t - bins.t[0]) / bins.span
    trend = np.linalg.qr(np.column_stack([beside, x, np.square(x)]))[0]
    left = y - product(product(y, trend), trend.T)
    size = np.einsum("sn,sn->s", left, left)
    smooth = np.einsum("sn,sn->s", left[:, 1:], left[:, :-1])
    rows = np.flatnonzero((smooth > _SMOOTH * size) & (size > _ROUNDING**2 * np.einsum("sn,sn->s", y, y)))
    if not len(rows):
        return found
    explained = _explained(left[rows], _without(trend, wave_of(x, turns)))
    best = np.argmax(explained, axis=1)
    plain = explained[np.arange(len(rows)), best] > _PLAIN * size[rows]
    for at, turn in zip(rows[plain].tolist(), turns[best[plain]].tolist(), strict=True):
        found[at] = _repeating(left[at], trend, x, turn, bins.span)
    return found


def wave_of(x: FloatArray, turns: FloatArray) -> FloatArray:
    """Return sines, then cosines, of shape (n, 2 k), which go round so many times as x goes from zero to one."""
    angles = 2.0 * np.pi * x[:, None] * turns
    return np.hstack([np.sin(angles), np.cos(angles)])


def _without(trend: FloatArray, columns: FloatArray) -> FloatArray:
    return np.asarray(columns - product(trend, product(trend.T, columns)))


def _explained(left: FloatArray, waves: FloatArray) -> FloatArray:
    """How much of each series each wave explains, shape (s, k): two columns at a time, by Cramer's rule."""
    k = waves.shape[1] // 2
    sine, cosine = waves[:, :k], waves[:, k:]
    a, b, c = (np.einsum("nk,nk->k", one, other) for one, other in ((sine, sine), (sine, cosine), (cosine, cosine)))
    on = product(left, waves)
    on_sine, on_cosine = on[:, :k], on[:, k:]
    room = np.maximum(a * c - b * b, _ROUNDING * a * c)
    return np.asarray((c * on_sine**2 - 2.0 * b * on_sine * on_cosine + a * on_cosine**2) / room)


def _repeating(left: FloatArray, trend: FloatArray, x: FloatArray, turns: float, span: float) -> float | None:
    """The period, in the units of the span, if it explains most of values of shape (n,) in every part of the window."""
    rest, steps = _rest(left, trend, x, turns), np.diff(left)
    if float(rest @ rest) > (1.0 - _PLAIN) * float(left @ left) or -steps.min() > _SUDDEN * steps.max():
        return None
    for finer in _FINER:
        for nearby in (turns - finer, turns + finer):
            other = _rest(left, trend, x, nearby)
            if float(other @ other) < float(rest @ rest):
                turns, rest = nearby, other
                break
    turns, rest = _rounded(left, trend, x, span, turns, rest)
    parts = zip(np.array_split(rest, _PARTS), np.array_split(left, _PARTS), strict=True)
    if all(float(one @ one) <= (1.0 - _EXPLAINS) * float(whole @ whole) for one, whole in parts):
        return span / turns
    return None


def _rounded(
    left: FloatArray, trend: FloatArray, x: FloatArray, span: float, turns: float, rest: FloatArray
) -> tuple[float, FloatArray]:
    """The same, or a period such as people choose where that is as good: jobs of one pace are then fitted together."""
    usual = span / _ROUND_S
    nearest = float(usual[np.argmin(np.abs(usual - turns))])
    if abs(nearest - turns) <= _NEAR_ROUND:
        other = _rest(left, trend, x, nearest)
        if float(other @ other) <= _AS_GOOD * float(rest @ rest):
            return nearest, other
    return turns, rest


def _rest(left: FloatArray, trend: FloatArray, x: FloatArray, turns: float) -> FloatArray:
    """What a wave and its harmonics do not explain of values of shape (n,)."""
    wave = _without(trend, wave_of(x, turns * _HARMONICS))
    gram = wave.T @ wave + _ROUNDING * np.eye(wave.shape[1])
    return np.asarray(left - wave @ np.linalg.solve(gram, wave.T @ left))
