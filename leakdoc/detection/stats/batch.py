"""Many series at once: the same verdicts as one by one."""

from __future__ import annotations

from collections.abc import Sequence

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth, Series


def judge_many(
    series: Sequence[Series],
    policy: GrowthPolicy = GrowthPolicy(),  # noqa: B008
    *,
    alpha: float | None = None,
) -> list[Growth]:
    """Say of each series whether it grows without an end, and if so how fast.

    Args:
        series: any number, of any lengths and units.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend on each; the policy's own when null.

    Returns:
        One verdict a series, in their order.
    """
    return [judge(one, policy, alpha=alpha) for one in series]
