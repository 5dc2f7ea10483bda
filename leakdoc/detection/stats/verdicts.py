"""From prepared series to verdicts: fitted together, decided one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from leakdoc.detection.stats import forecast, wording
from leakdoc.detection.stats.basis import Basis, alike, basis_of
from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.evidence import evidence_of
from leakdoc.detection.stats.exposure import PerEffort, falls_off
from leakdoc.detection.stats.fitted import Fitted, fit_all
from leakdoc.detection.stats.lives import present_rate
from leakdoc.detection.stats.measuring import BestFit, Slope, present_at_end
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.preparing import Prepared
from leakdoc.detection.stats.quantiles import median
from leakdoc.detection.stats.resting import falls, may_rest, rest_of, rests_for_long, until_no_step_follows
from leakdoc.detection.stats.rules import another_step, decide
from leakdoc.detection.stats.ruling import Ruling
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.detection.stats.slowing import slows_down
from leakdoc.detection.stats.staircase import has_fallen_quiet, rises_evenly, rises_of
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Interval

_ROOM: Final = 1e6  # an hour's seconds, and what the rules multiply with
_SINCE_THE_BEND: Final = 0.85
_SLOWING: Final = 1.4
_LIKELY: Final = 0.5
_FLAT_BEFORE: Final = ("knee", "accelerating")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of every series.

    Args:
        alpha: two-sided error rate that this look may spend.
    """

    policy: GrowthPolicy
    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the series of one axis have in common."""

    bins: int
    longest: float
    lives: int
    processes: int
    ran_before: float
    last: float


Pair = tuple[Series, Prepared]


def verdicts_on(many: Sequence[Pair], asked: Asked) -> list[Growth]:
    """Judge series that were prepared on the same bins."""
    bins = many[0][1].bins
    if bins is None or len(many) == 1:
        return _verdicts_on(many, asked)
    found: dict[int, Growth] = {}
    for places in alike(bins, np.stack([prepared.y for _, prepared in many]), asked.policy):
        found.update(zip(places, _verdicts_on([many[at] for at in places], asked), strict=True))
    return [found[at] for at in range(len(many))]


def _verdicts_on(many: Sequence[Pair], asked: Asked) -> list[Growth]:
    bins, policy = many[0][1].bins, asked.policy
    shared = _shared(bins)
    basis = None if bins is None else _fittable(bins, many, shared, policy)
    if bins is None or basis is None:
        cases = [_case(series, prepared, asked, shared) for series, prepared in many]
        return [_verdict(prepared, case, decide(case)) for (_, prepared), case in zip(many, cases, strict=True)]
    fitted = fit_all(bins, basis, [prepared for _, prepared in many], policy, asked.alpha)
    cases = [
        _measured(series, prepared, asked, shared, found, basis)
        for (series, prepared), found in zip(many, fitted, strict=True)
    ]
    decided = [(case, decide(case)) for case in cases]
    decided = _rested(many, decided, bins, basis, asked)
    if bins.lives == 1 and basis.load_at is None:
        decided = [_unless_another_step_follows(bins, one, *told) for (_, one), told in zip(many, decided, strict=True)]
    return [_verdict(prepared, *told) for (_, prepared), told in zip(many, decided, strict=True)]


def _rested(
    many: Sequence[Pair], decided: list[tuple[Case, Ruling]], bins: Bins, basis: Basis, asked: Asked
) -> list[tuple[Case, Ruling]]:
    """Judge the rest alone where a rise may have ended; it has the last word where it is stable."""
    policy = asked.policy
    open_ = [at for at, (case, ruling) in enumerate(decided) if may_rest(case, ruling.rule)]
    found = rest_of(bins, basis, policy) if open_ else None
    if found is None:
        return decided
    rows, part, beside = found
    at_rest = [at for at in open_ if rests_for_long(bins.t, many[at][1].y, rows, policy)]
    if not at_rest or len(part) - beside.columns.shape[1] < policy.min_bins - 1:
        return decided
    shared = _shared(part)
    alone = [
        replace(one, span=shared.longest, samples=round(one.samples * len(part) / len(bins)), bins=part, y=one.y[rows])
        for _, one in (many[at] for at in at_rest)
    ]  # fmt: skip
    fitted = fit_all(part, beside, alone, policy, asked.alpha)
    for at, prepared, each in zip(at_rest, alone, fitted, strict=True):
        case = _measured(many[at][0], prepared, asked, shared, each, beside)
        ruling = decide(case)
        if ruling.decision is Decision.STABLE and not falls(case):
            decided[at] = case, replace(ruling, rule="at_rest", reason=wording.at_rest(decided[at][0], ruling.reason))
    return decided


def _unless_another_step_follows(bins: Bins, prepared: Prepared, case: Case, ruling: Ruling) -> tuple[Case, Ruling]:
    """Leave open what rests between steps that may go on."""
    if ruling.rule != "stable" or case.fit is None or case.fit.rise < case.rise_that_matters:
        return case, ruling
    needs = until_no_step_follows(bins.t, prepared.y, case.policy)
    return (case, another_step(case, needs)) if needs > 0.0 else (case, ruling)


def _shared(bins: Bins | None) -> _Shared:
    if bins is None:
        return _Shared(bins=0, longest=0.0, lives=0, processes=1, ran_before=0.0, last=0.0)
    present = present_at_end(bins)
    ran = np.min(bins.age[present] - bins.t[present], initial=np.inf)
    return _Shared(
        bins=len(bins), longest=bins.longest_life, lives=bins.lives, processes=max(len(present), 1),
        ran_before=max(float(ran), 0.0) if np.isfinite(ran) else 0.0, last=float(np.max(bins.t, initial=0.0)),
    )  # fmt: skip


def _least_bins(prepared: Prepared, policy: GrowthPolicy) -> int:
    return policy.min_cycles if prepared.floors else policy.min_bins


def _least_growth(prepared: Prepared, policy: GrowthPolicy) -> float:
    """Seconds that hold as many readings, or collections, as growth must last for; one higher floor is no growth."""
    if not prepared.floors or prepared.bins is None:
        return policy.min_bins * prepared.interval
    apart = np.diff(prepared.bins.t)
    return policy.min_cycles * median(apart[apart > 0.0]) if np.any(apart > 0.0) else 0.0


def _fittable(bins: Bins, many: Sequence[Pair], shared: _Shared, policy: GrowthPolicy) -> Basis | None:
    """The confounders; null where too little is left beside them."""
    least = _least_bins(many[0][1], policy)
    if len(bins) < least or shared.longest <= 0.0:
        return None
    basis = basis_of(bins, np.stack([prepared.y for _, prepared in many]), policy)
    return basis if len(bins) - basis.columns.shape[1] >= least - 1 else None


def _case(series: Series, prepared: Prepared, asked: Asked, shared: _Shared, **told: Any) -> Case:
    """What is known before anything is fitted, and what is told beside it."""
    policy = asked.policy
    return Case(
        unit=series.unit, policy=policy, alpha=asked.alpha, samples=prepared.samples, bins=shared.bins,
        least_bins=_least_bins(prepared, policy), least_growth=_least_growth(prepared, policy), span=prepared.span,
        interval=prepared.interval, longest=shared.longest, lives=shared.lives, doubtful_lives=prepared.doubtful,
        limit=policy.limit if policy.limit is not None else series.limit, processes=shared.processes,
        ran_before=shared.ran_before, since_level=max(prepared.span - shared.last, 0.0) if shared.bins else 0.0, **told,
    )  # fmt: skip


def _measured(series: Series, prepared: Prepared, asked: Asked, shared: _Shared, found: Fitted, basis: Basis) -> Case:
    """The case with what the fit says; as it was where no growing shape can be fitted."""
    slope, fit, policy, loaded = found.slope, found.fit, asked.policy, basis.load_at is not None
    if not _can_be_told(slope, shared.processes):
        return _case(series, prepared, asked, shared, too_large=True)
    if slope.high <= slope.low:
        return _case(series, prepared, asked, shared)
    grew_for = prepared.span * (1.0 - fit.began)
    rises, quiet, slower, per_effort = None, False, False, None
    if slope.sure_low > 0.0 and found.grows + found.hidden > _LIKELY and not prepared.floors:
        rises, quiet = _staircase(prepared, grew_for, found.shape, policy)
        slower = not loaded and _ever_slower(prepared, policy)
        per_effort = None if loaded else _per_effort(series, prepared, _since(fit, found.shape, prepared), policy)
    own = policy.smallest_fraction_per_hour * abs(fit.level) / 3_600.0
    return _case(
        series, prepared, asked, shared, grows=found.grows, hidden=found.hidden, undecided=found.undecided,
        settles=found.settles, load_shaped=loaded, cycle=basis.cycle, shape=found.shape, axis=fit.axis, slope=slope,
        fit=fit,
        detectable=found.detectable, smallest=own if policy.smallest is None else policy.smallest,
        tail=found.tail, grew_for=grew_for, slowing=_SLOWING * prepared.span, rises=rises, quiet=quiet,
        ever_slower=slower, per_effort=per_effort, present=_present(prepared, fit.noise / prepared.scale),
    )  # fmt: skip


def _present(prepared: Prepared, noise: float) -> float | None:
    if not prepared.inferred or prepared.bins is None:
        return None
    told = present_rate(prepared.bins.t, prepared.y, prepared.bins.life, noise)
    return None if told is None else told * prepared.scale


def _can_be_told(slope: Slope, processes: int) -> bool:
    """Whether rates an hour of all processes together are finite."""
    most = max(abs(slope.low), abs(slope.high), abs(slope.sure_low), abs(slope.worst))
    return math.isfinite(most * processes * _ROOM)


def _staircase(prepared: Prepared, grew_for: float, shape: str, policy: GrowthPolicy) -> tuple[int | None, bool]:
    """Count the jumps since the growth began; one that the shape itself has does not count."""
    whole, stepped = prepared.whole(), "step" in shape
    late = whole.t >= whole.t.max() - _SINCE_THE_BEND * grew_for
    if rises_evenly(whole.y[late], apart_from_largest=stepped):
        return None, False
    since = whole.keep(late)
    told = since.without_largest_jump() if stepped else since
    return rises_of(told), has_fallen_quiet(since, policy)


def _ever_slower(prepared: Prepared, policy: GrowthPolicy) -> bool:
    """Asked of one life in a planned watch, which can wait for more."""
    bins = prepared.bins
    if policy.planned is None or bins is None or bins.lives != 1:
        return False
    return slows_down(bins.t, prepared.y, policy)


def _since(fit: BestFit, shape: str, prepared: Prepared) -> float:
    """When there was growth at all: a line that bends grew before its bend too, though at another rate."""
    return fit.began * prepared.span if shape in _FLAT_BEFORE else 0.0


def _per_effort(series: Series, prepared: Prepared, since: float, policy: GrowthPolicy) -> PerEffort | None:
    """Asked of one life, of the readings since the growth began."""
    rows = prepared.whole()
    if series.effort is None or rows.lives != 1:
        return None
    known = np.flatnonzero(np.isfinite(series.effort) & np.isfinite(series.times_s))
    if len(known) == 0:
        return None
    known = known[np.argsort(series.times_s[known], kind="stable")]
    rows = rows.keep(rows.t >= since)
    at, counter = series.times_s[known] - prepared.start, np.maximum.accumulate(series.effort[known])
    effort = np.interp(rows.t, at, counter)
    told = falls_off(rows.t, effort, rows.y, policy)
    return None if told is None else PerEffort(first=told.first * rows.scale, last=told.last * rows.scale)


def _verdict(prepared: Prepared, case: Case, ruling: Ruling) -> Growth:
    policy = case.policy
    total = case.slope if case.slope is None or case.processes == 1 else case.slope.times(case.processes)
    return Growth(
        decision=ruling.decision,
        reason=ruling.reason,
        probability=None if case.fit is None else _chance(case.proven, policy),
        confidence=None if ruling.confidence is None else _sureness(ruling.confidence, policy),
        shape=case.shape,
        slope_per_s=None if total is None else Interval(estimate=total.estimate, low=total.low, high=total.high),
        smallest_detectable_per_s=None if case.shows is None else case.shows * case.processes,
        worst_case_per_s=None if total is None else max(case.at_worst * case.processes, 0.0),
        level=None if case.fit is None else case.fit.level * case.processes,
        time_to_limit_s=forecast.time_to_limit(case),
        needs_more_s=ruling.needs_more_s,
        look_again_s=ruling.look_again_s,
        grew_for_s=case.grew_for if ruling.decision.is_fault else None,
        evidence=evidence_of(prepared, case, ruling),
    )


def _chance(weight: float, policy: GrowthPolicy) -> float:
    """The probability of a leak from the weight of the shapes that grow; see the policy."""
    if not 0.0 < weight < 1.0:
        return min(max(weight, 0.0), 1.0)
    odds = policy.odds_factor * math.pow(weight / (1.0 - weight), policy.odds_power)
    return odds / (1.0 + odds) if math.isfinite(odds) else 1.0


def _sureness(weight: float, policy: GrowthPolicy) -> float:
    """How often a verdict whose shapes weigh so much is right."""
    return max(1.0 - policy.doubt_always - policy.doubt_share * (1.0 - min(weight, 1.0)), 0.0)
