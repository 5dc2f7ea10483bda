"""One process among many that still leaks: in their sum, and in the mean of all, it hardly shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.detection.detectors.growth import asked_of, series_of
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Decision
from leakdoc.model.trace import Life, Trace
from leakdoc.verification.assessing import Assessed
from leakdoc.verification.figures import slope_of_life
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.windows import keep, without_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A process that leaks while the others do not.

    Args:
        processes: how many were looked at.
        rate_per_s: its own.
    """

    life: Life
    processes: int
    rate_per_s: float


def alone(each: Assessed, after: Trace, growth: GrowthPolicy, policy: VerificationPolicy) -> Alone | None:
    """Return the steepest process that leaks, judged by itself; null where none does, or there is only one.

    Only those whose line rises are judged, with the error rate shared among all, as any of them could seem to leak.
    """
    if each.look is None or len(after.lives) < 2:
        return None
    part = without_start(after, each.look.cut)
    slopes = [(slope_of_life(part, life, each.leak.column, policy.plain_bins), life) for life in part.lives]
    least = policy.alone_share * each.leak.rate_per_s * min(1.0, each.leak.load_ratio(each.look))
    rising = sorted(((slope, life) for slope, life in slopes if slope is not None and slope >= least), key=_steepest)
    growth = asked_of(part, each.leak.column, growth)
    for _, life in rising[: policy.alone_most]:
        found = judge(series_of(_only(part, life), each.leak.column), growth, alpha=growth.alpha / len(slopes))
        if found.decision is Decision.LEAKING and found.slope_per_s is not None:
            return Alone(life=life, processes=len(slopes), rate_per_s=found.slope_per_s.estimate)
    return None


def _steepest(found: tuple[float, Life]) -> float:
    return -found[0]


def _only(trace: Trace, life: Life) -> Trace:
    rows = np.zeros(len(trace), dtype=bool)
    rows[life.rows] = True
    return keep(trace, rows)
