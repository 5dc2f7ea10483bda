"""The growth judge: one series in, one verdict out. Pure; see docs/how-it-decides.md for the method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakdoc.detection.stats import forecast
from leakdoc.detection.stats.basis import Basis, basis_of
from leakdoc.detection.stats.binning import Bins, bin_rows
from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.ensemble import Ensemble, weigh
from leakdoc.detection.stats.envelope import cycle_minima
from leakdoc.detection.stats.evidence import evidence_of
from leakdoc.detection.stats.lives import split_at_drops
from leakdoc.detection.stats.measuring import (
    BestFit,
    Slope,
    alive_at_end,
    best_fit,
    family_of,
    slope_of,
    smallest_detectable,
)
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.rules import Ruling, decide
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.detection.stats.shapes import FAMILIES, Fate
from leakdoc.detection.stats.staircase import has_fallen_quiet, rises_of
from leakdoc.detection.stats.tail import tail_still_grows
from leakdoc.detection.stats.tidying import Rows, tidy, without_spikes
from leakdoc.model.finding import Interval, Json

_DOUBTFUL_LIVES = 4
_SINCE_THE_BEND = 0.85
_RISING = ("saturating", "filled", "sigmoid", "saturating + step")


def judge(series: Series, policy: GrowthPolicy = GrowthPolicy(), *, alpha: float | None = None) -> Growth:  # noqa: B008
    """Say whether one series grows without an end, and if so how fast.

    Args:
        series: see `Series`; may be empty, constant or full of holes.
        policy: the thresholds.
        alpha: two-sided error rate that this look may spend; the policy's own when null. See `spending`.

    Returns:
        The verdict; "too little data" is one (`inconclusive`). The same input always gives the same output.
    """
    raw = tidy(series)
    rows = whole = without_spikes(raw, policy)
    told = int(rows.life[-1]) + 1 if len(rows) else 0
    if not series.starts_known:
        rows = split_at_drops(rows, policy)
    inferred = (int(rows.life[-1]) + 1 if len(rows) else 0) - told
    minima = cycle_minima(whole, policy) if told == 1 else None
    if minima is not None:
        kept = np.zeros(len(whole), dtype=bool)
        kept[minima] = True
        rows, inferred = whole.keep(kept), 0
    bins = bin_rows(rows, policy, raw=minima is not None)
    case = _case(series, raw, bins, policy, policy.alpha if alpha is None else alpha)
    case = replace(
        case, doubtful_lives=inferred >= _DOUBTFUL_LIVES,
        least_bins=policy.min_bins if minima is None else policy.min_cycles,
    )  # fmt: skip
    fitted = _fit(case, bins, series) if case.samples >= policy.min_samples and len(bins) >= case.least_bins else None
    case = case if fitted is None else fitted[0]
    if minima is None and len(whole):
        since = whole.keep(whole.t >= np.max(whole.t) - _SINCE_THE_BEND * case.grew_for)
        case = replace(case, rises=rises_of(since), quiet=has_fallen_quiet(since, policy))
    ruling = decide(case)
    evidence = evidence_of(series, raw, rows, bins, case, ruling.rule, inferred=inferred, floors=minima is not None)
    return _verdict(case, ruling, evidence)


def _case(series: Series, raw: Rows, bins: Bins, policy: GrowthPolicy, alpha: float) -> Case:
    gaps = np.diff(raw.t)[np.diff(raw.life) == 0]
    first = np.flatnonzero(np.append(True, np.diff(bins.life) > 0)) if len(bins) else np.zeros(0, dtype=np.intp)
    last = np.append(first[1:], len(bins)) - 1
    return Case(
        unit=series.unit, policy=policy, alpha=alpha, samples=len(raw), bins=len(bins),
        span=float(np.ptp(raw.t)) if len(raw) else 0.0, interval=float(np.median(gaps)) if len(gaps) else 1.0,
        longest=float(np.max(bins.t[last] - bins.t[first])) if len(first) else 0.0,
        limit=policy.limit if policy.limit is not None else series.limit,
    )  # fmt: skip


def _fit(case: Case, bins: Bins, series: Series) -> tuple[Case, Ensemble] | None:
    """Weigh the shapes and measure; null where nothing can be fitted."""
    if case.longest <= 0.0:
        return None
    basis = basis_of(bins, case.policy)
    if len(bins) - basis.columns.shape[1] < case.least_bins - 1:
        return None
    ensemble = weigh(bins, basis, case.policy)
    slope = slope_of(ensemble, case.policy, case.alpha)
    if slope is None:
        return None
    scale = float(np.max(np.abs(series.values[np.isfinite(series.values)]))) or 1.0
    return _measured(case, bins, basis, ensemble, slope, scale), ensemble


def _measured(case: Case, bins: Bins, basis: Basis, ensemble: Ensemble, slope: Slope, scale: float) -> Case:
    fit = best_fit(bins, basis, ensemble, case.policy)
    at = ensemble.best
    chosen = ensemble.members[at][ensemble.members[at] >= 0]
    place = (
        float(ensemble.libraries[ensemble.axis[at]].place[chosen].max(initial=0.0))
        if "knee" in FAMILIES[ensemble.family[at]].name
        else 0.0
    )
    shape = family_of(ensemble)
    grew = case.span * (1.0 - place)
    level = abs(fit.level) * scale
    own = case.policy.smallest_fraction_per_hour * level / 3_600.0
    return replace(
        case,
        grows=ensemble.rising(Fate.GROWS),
        hidden=ensemble.rising(Fate.GROWS, proving=False), undecided=ensemble.rising(Fate.UNDECIDED),
        settles=ensemble.of(*_RISING), load_shaped=basis.load_at is not None, shape=shape,
        axis=ensemble.axes[ensemble.axis[at]].name, slope=_scaled(slope, scale),
        fit=BestFit(
            level=fit.level * scale, rise=fit.rise * scale, late_rise=fit.late_rise * scale,
            noise=fit.noise * scale, load_effect=fit.load_effect * scale,
        ),
        detectable=smallest_detectable(slope, ensemble.degrees) * scale,
        smallest=own if case.policy.smallest is None else case.policy.smallest,
        tail=tail_still_grows(bins, basis, slope, ensemble, case.policy),
        grew_for=grew, slowing=2.0 * case.span, processes=alive_at_end(bins),
    )  # fmt: skip


def _scaled(slope: Slope, scale: float) -> Slope:
    return Slope(
        estimate=slope.estimate * scale, low=slope.low * scale, high=slope.high * scale,
        sure_low=slope.sure_low * scale, worst=slope.worst * scale,
    )  # fmt: skip


def _verdict(case: Case, ruling: Ruling, evidence: dict[str, Json]) -> Growth:
    slope, many = case.slope, case.processes
    return Growth(
        decision=ruling.decision, reason=ruling.reason,
        probability=None if case.fit is None else case.grows, confidence=ruling.confidence, shape=case.shape,
        slope_per_s=None if slope is None else Interval(
            estimate=slope.estimate * many, low=slope.low * many, high=slope.high * many
        ),
        smallest_detectable_per_s=None if case.detectable is None else case.detectable * many,
        worst_case_per_s=None if slope is None else max(slope.worst * many, 0.0),
        level=None if case.fit is None else case.fit.level * many,
        time_to_limit_s=forecast.time_to_limit(case), needs_more_s=ruling.needs_more_s,
        grew_for_s=case.grew_for if ruling.decision.is_fault else None, evidence=evidence,
    )  # fmt: skip
