"""The growth judge: one series in, one verdict out. Pure; see docs/how-it-decides.md for the method."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.stats import forecast
from leakdoc.detection.stats.basis import Basis, basis_of
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.ensemble import Ensemble, weigh
from leakdoc.detection.stats.evidence import evidence_of
from leakdoc.detection.stats.measuring import (
    Slope,
    alive_at_end,
    began_at,
    best_fit,
    family_of,
    slope_of,
    smallest_detectable,
)
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import Prepared, prepare
from leakdoc.detection.stats.rules import Ruling, decide
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.detection.stats.shapes import Fate
from leakdoc.detection.stats.staircase import has_fallen_quiet, rises_of
from leakdoc.detection.stats.tail import tail_still_grows
from leakdoc.model.finding import Interval, Json

_ROOM: Final = 1e6  # an hour's seconds, and what the rules multiply with
_SINCE_THE_BEND: Final = 0.85
_SLOWING: Final = 2.0
_RISING: Final = ("saturating", "filled", "sigmoid", "saturating + step")


def judge(series: Series, policy: GrowthPolicy = GrowthPolicy(), *, alpha: float | None = None) -> Growth:  # noqa: B008
    """Say whether one series grows without an end, and if so how fast.

    Args:
        series: see `Series`; may be empty, constant or full of holes.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend; the policy's own when null. See `spending`.

    Returns:
        The verdict; "too little data" is one (`inconclusive`). The same input always gives the same output.
    """
    prepared = prepare(series, policy)
    case = _case(series, prepared, policy, policy.alpha if alpha is None else alpha)
    if prepared.bins is not None and len(prepared.bins) >= case.least_bins and case.longest > 0.0:
        case = _fitted(case, prepared, prepared.bins)
    ruling = decide(case)
    return _verdict(case, ruling, evidence_of(series, prepared, case, ruling.rule))


def _case(series: Series, prepared: Prepared, policy: GrowthPolicy, alpha: float) -> Case:
    """What is known before anything is fitted."""
    raw, bins = prepared.raw, prepared.bins
    gaps = np.diff(raw.t)[np.diff(raw.life) == 0]
    return Case(
        unit=series.unit, policy=policy, alpha=alpha, samples=len(raw), bins=0 if bins is None else len(bins),
        least_bins=policy.min_cycles if prepared.floors else policy.min_bins,
        span=float(np.ptp(raw.t)) if len(raw) else 0.0, interval=float(np.median(gaps)) if len(gaps) else 1.0,
        longest=0.0 if bins is None else bins.longest_life, lives=0 if bins is None else bins.lives,
        doubtful_lives=prepared.doubtful,
        limit=policy.limit if policy.limit is not None else series.limit,
    )  # fmt: skip


def _fitted(case: Case, prepared: Prepared, bins: Bins) -> Case:
    """Weigh the shapes and measure; the case as it was where nothing can be fitted."""
    basis = basis_of(bins, case.policy)
    if len(bins) - basis.columns.shape[1] < case.least_bins - 1:
        return case
    ensemble = weigh(bins, basis, case.policy)
    slope = slope_of(ensemble, case.policy, case.alpha)
    if slope is None:
        return case
    if not _can_be_told(slope, prepared.raw.scale, bins):
        return replace(case, too_large=True)
    case = _weighed(case, basis, ensemble)
    case = _measured(case, bins, basis, ensemble, slope, prepared.raw.scale)
    return case if prepared.floors else _staircase(case, prepared)


def _can_be_told(slope: Slope, scale: float, bins: Bins) -> bool:
    """Whether rates an hour of all processes together are finite."""
    most = max(abs(slope.low), abs(slope.high), abs(slope.sure_low), abs(slope.worst))
    return math.isfinite(most * scale * alive_at_end(bins) * _ROOM)


def _weighed(case: Case, basis: Basis, ensemble: Ensemble) -> Case:
    return replace(
        case,
        grows=ensemble.rising(Fate.GROWS),
        hidden=ensemble.rising(Fate.GROWS, proving=False),
        undecided=ensemble.rising(Fate.UNDECIDED),
        settles=ensemble.of(*_RISING),
        load_shaped=basis.load_at is not None,
        shape=family_of(ensemble),
        axis=ensemble.axes[ensemble.axis[ensemble.best]].name,
    )


def _measured(case: Case, bins: Bins, basis: Basis, ensemble: Ensemble, slope: Slope, scale: float) -> Case:
    fit = best_fit(bins, basis, ensemble, case.policy).times(scale)
    own = case.policy.smallest_fraction_per_hour * abs(fit.level) / 3_600.0
    return replace(
        case,
        slope=slope.times(scale),
        fit=fit,
        detectable=smallest_detectable(slope, ensemble.degrees) * scale,
        smallest=own if case.policy.smallest is None else case.policy.smallest,
        tail=tail_still_grows(bins, basis, slope, ensemble, case.policy),
        grew_for=case.span * (1.0 - began_at(ensemble)),
        slowing=_SLOWING * case.span,
        processes=alive_at_end(bins),
    )


def _staircase(case: Case, prepared: Prepared) -> Case:
    """Count the jumps since the growth began; one that the shape itself has does not count."""
    whole = prepared.whole
    since = whole.keep(whole.t >= np.max(whole.t) - _SINCE_THE_BEND * case.grew_for)
    told = since.without_largest_jump() if "step" in (case.shape or "") else since
    return replace(case, rises=rises_of(told), quiet=has_fallen_quiet(since, case.policy))


def _verdict(case: Case, ruling: Ruling, evidence: dict[str, Json]) -> Growth:
    total = None if case.slope is None else case.slope.times(case.processes)
    return Growth(
        decision=ruling.decision,
        reason=ruling.reason,
        probability=None if case.fit is None else case.proven,
        confidence=ruling.confidence,
        shape=case.shape,
        slope_per_s=None if total is None else Interval(estimate=total.estimate, low=total.low, high=total.high),
        smallest_detectable_per_s=None if case.detectable is None else case.detectable * case.processes,
        worst_case_per_s=None if total is None else max(total.worst, 0.0),
        level=None if case.fit is None else case.fit.level * case.processes,
        time_to_limit_s=forecast.time_to_limit(case),
        needs_more_s=ruling.needs_more_s,
        grew_for_s=case.grew_for if ruling.decision.is_fault else None,
        evidence=evidence,
    )
