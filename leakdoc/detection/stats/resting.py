"""A rise that ended, and what came after it: long enough a rest, judged alone, may show that nothing grows any more.

Beside a heap that expanded by steps a straight line can always be laid, and no length of the rest rules it out for the
whole. What has not grown in the last 40 % has stopped, unless it is a staircase that pauses: a rest counts where it is
longer, by `quiet_pauses`, than any pause between the rises before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.stats.basis import Basis
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import FloatArray, Mask

_LEFT_OPEN: Final = ("perhaps", "too_wide")
_PLAUSIBLE: Final = 0.3
_NOTABLE: Final = 0.05
_ABOUT_AS_LARGE: Final = 0.5
_LAST: Final = 2  # bins, whose mean is the level at the end


def rest_of(bins: Bins, basis: Basis, policy: GrowthPolicy) -> tuple[Mask, Bins, Basis] | None:
    """Return which bins are the rest, and the axis and the confounders of these alone; null where there is none.

    Restarts and a load have an effect of their own, which the rest alone may not show.
    """
    if bins.lives > 1 or basis.load_at is not None:
        return None
    rows = bins.t >= np.max(bins.t) - policy.tail_fraction * bins.span
    if np.sum(rows) < policy.min_bins or np.all(rows):
        return None
    part = bins.part(rows)
    since = part.t - part.t[0]
    return rows, replace(part, t=since, age=since), basis.part(rows)


def may_rest(case: Case, rule: str) -> bool:
    """Whether a verdict was left open though a rise that matters may have ended."""
    if rule not in _LEFT_OPEN or case.fit is None or case.fit.rise < case.rise_that_matters:
        return False
    return not case.tail or case.grows + case.hidden + case.undecided < _PLAUSIBLE


def rests_for_long(t: FloatArray, y: FloatArray, rest: Mask, policy: GrowthPolicy) -> bool:
    """Whether the pause at the end is longer, by `quiet_pauses`, than those between the rises before it.

    Args:
        t: shape (n,), ascending.
        y: shape (n,).
        rest: shape (n,), which points are the rest.
    """
    rose, _ = _rises_before(t, y[~rest], float(np.median(y[rest])))
    if len(rose) < 2:
        return True
    return bool(t[-1] - rose[-1] >= policy.quiet_pauses * np.max(np.diff(rose)))


def falls(case: Case) -> bool:
    """Whether what was taken for the rest surely falls by as much as matters: a wave on its way down hides a leak."""
    if case.slope is None or case.slope.high >= 0.0:
        return False
    return -case.slope.estimate * case.longest > case.rise_that_matters


def until_no_step_follows(t: FloatArray, y: FloatArray, policy: GrowthPolicy) -> float:
    """Seconds that are still needed to tell a staircase of two or more steps from one that has ended; zero if none are.

    What filled or warmed up rises by ever less. Where the last step was about as large as those before, the next
    may be as far away as they were from each other.

    Args:
        t: shape (n,), ascending.
        y: shape (n,).
    """
    rose, sizes = _rises_before(t, y[:-_LAST], float(y[-_LAST:].mean()))
    if len(rose) < 2 or sizes[-1] < _ABOUT_AS_LARGE * np.max(sizes):
        return 0.0
    return float(policy.quiet_pauses * np.max(np.diff(rose)) - (t[-1] - rose[-1]))


def _rises_before(t: FloatArray, y: FloatArray, end: float) -> tuple[FloatArray, FloatArray]:
    """When the first values rose notably, never to come back, up to their level at the end; and by how much."""
    kept = np.append(np.minimum.accumulate(np.minimum(y, end)[::-1])[::-1], end)
    steps, total = np.diff(kept), end - float(kept[0])
    rose = np.flatnonzero(steps > _NOTABLE * total) if total > 0.0 else np.zeros(0, dtype=np.intp)
    return t[rose + 1], steps[rose]
