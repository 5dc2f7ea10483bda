"""The growth judge: one series in, one verdict out. Pure; see docs/how-it-decides.md for the method."""

from __future__ import annotations

from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth, Series


def judge(series: Series, policy: GrowthPolicy = GrowthPolicy(), *, alpha: float | None = None) -> Growth:  # noqa: B008
    """Say whether one series grows without an end, and if so how fast: a batch of one.

    Args:
        series: see `Series`; may be empty, constant or full of holes.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend; the policy's own when null. See `spending`.

    Returns:
        The verdict; "too little data" is one (`inconclusive`). The same input always gives the same output.
    """
    return judge_many((series,), policy, alpha=alpha)[0]
