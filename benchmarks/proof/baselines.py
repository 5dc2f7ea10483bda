"""What is usually done instead: tests on the level, comparisons of slopes, and waiting for the alert to go quiet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakdoc.model.decision import ProofDecision
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

RSS = Column("rss_bytes")


def welch(before: Trace, after: Trace) -> ProofDecision:
    """Normalized when the level is lower, with p < .05."""
    from scipy.stats import ttest_ind

    (_, old), (_, new) = _present(before), _present(after)
    lower = ttest_ind(new, old, equal_var=False, alternative="less").pvalue < 0.05
    return ProofDecision.NORMALIZED if lower else ProofDecision.NOT_FIXED


def naive_slopes(before: Trace, after: Trace) -> ProofDecision:
    """Normalized when the upper end of the new slope's interval is under 0.3 of the old slope."""
    old, _ = _slope(before)
    new, error = _slope(after)
    return _by_slopes(old, new, error)


def _slope(trace: Trace) -> tuple[float, float]:
    t, y = _present(trace)
    t = t - t.mean()
    slope = float(t @ (y - y.mean()) / (t @ t))
    left = y - y.mean() - slope * t
    return slope, float(np.sqrt(left @ left / (len(t) - 2) / (t @ t)))


def _present(trace: Trace) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = trace.columns[RSS]
    return trace.times[np.isfinite(values)], values[np.isfinite(values)]


def hac_slopes(before: Trace, after: Trace) -> ProofDecision:
    """As naive slopes, with errors by Newey and West (Econometrica 55, 1987), Bartlett weights, n^(1/3) lags."""
    return _by_slopes(_slope(before)[0], *_hac_slope(after))


def bootstrap_slopes(before: Trace, after: Trace) -> ProofDecision:
    """As naive slopes, with an error by moving blocks of n^(1/3) residuals (Künsch 1989), 99 times."""
    return _by_slopes(_slope(before)[0], *_bootstrap_slope(after))


def kayenta(before: Trace, after: Trace) -> ProofDecision:
    """Mann-Whitney as Kayenta's canary judge: the interval of the shift, against a tolerance of a quarter of it."""
    from scipy.stats import mannwhitneyu

    (_, old), (_, new) = _present(before), _present(after)
    if len(old) < 2 or len(new) < 2:
        return ProofDecision.INCONCLUSIVE
    if np.ptp(old) == 0 and np.ptp(new) == 0:
        return ProofDecision.NOT_FIXED
    shift = float(np.median(new) - np.median(old))
    p = mannwhitneyu(new, old, alternative="two-sided").pvalue
    if p >= 0.02 or shift == 0.0:
        return ProofDecision.NOT_FIXED
    return ProofDecision.NORMALIZED if shift < 0 else ProofDecision.WORSE


def alert_went_quiet(before: Trace, after: Trace) -> ProofDecision:
    """Normalized when `deriv` over the last quarter is under a fifth of what it was: the alert does not fire."""
    old, new = _last_quarter(before), _last_quarter(after)
    return ProofDecision.NORMALIZED if new < 0.2 * max(old, 0.0) else ProofDecision.NOT_FIXED


def _last_quarter(trace: Trace) -> float:
    t, y = _present(trace)
    late = t >= t.min() + 0.75 * np.ptp(t)
    t, y = t[late] - t[late].mean(), y[late]
    return float(t @ (y - y.mean()) / (t @ t)) if len(t) > 2 and np.ptp(t) > 0 else 0.0


def _by_slopes(old: float, new: float, error: float) -> ProofDecision:
    if old <= 0.0:
        return ProofDecision.INCONCLUSIVE
    if new + 1.96 * error < 0.3 * old:
        return ProofDecision.NORMALIZED
    if new > 1.2 * old:
        return ProofDecision.WORSE
    return ProofDecision.NOT_FIXED if new > 0.6 * old else ProofDecision.IMPROVED


def _hac_slope(trace: Trace) -> tuple[float, float]:
    t, y = _present(trace)
    t = t - t.mean()
    slope = float(t @ (y - y.mean()) / (t @ t))
    scores = t * (y - y.mean() - slope * t)
    lags = int(np.ceil(len(t) ** (1 / 3)))
    power = float(scores @ scores) + 2 * sum(
        (1 - lag / (lags + 1)) * float(scores[lag:] @ scores[:-lag]) for lag in range(1, lags + 1)
    )
    return slope, float(np.sqrt(max(power, 0.0)) / (t @ t))


def _bootstrap_slope(trace: Trace) -> tuple[float, float]:
    t, y = _present(trace)
    t = t - t.mean()
    slope = float(t @ (y - y.mean()) / (t @ t))
    left = y - y.mean() - slope * t
    size = int(np.ceil(len(t) ** (1 / 3)))
    rng = np.random.default_rng(len(t))
    starts = rng.integers(0, max(len(t) - size, 1), (99, len(t) // size + 1))
    rows = (starts[:, :, None] + np.arange(size)).reshape(99, -1)[:, : len(t)]
    return slope, float(np.std(left[np.minimum(rows, len(t) - 1)] @ t / (t @ t)))
