"""What is usually done instead: Welch's test on the level, and a comparison of least-squares slopes."""

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
    if old <= 0.0:
        return ProofDecision.INCONCLUSIVE
    if new + 1.96 * error < 0.3 * old:
        return ProofDecision.NORMALIZED
    if new > 1.2 * old:
        return ProofDecision.WORSE
    return ProofDecision.NOT_FIXED if new > 0.6 * old else ProofDecision.IMPROVED


def _slope(trace: Trace) -> tuple[float, float]:
    t, y = _present(trace)
    t = t - t.mean()
    slope = float(t @ (y - y.mean()) / (t @ t))
    left = y - y.mean() - slope * t
    return slope, float(np.sqrt(left @ left / (len(t) - 2) / (t @ t)))


def _present(trace: Trace) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = trace.columns[RSS]
    return trace.times[np.isfinite(values)], values[np.isfinite(values)]
