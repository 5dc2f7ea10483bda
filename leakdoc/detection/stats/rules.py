"""The rules, in the order in which they are asked; the first that speaks decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leakdoc.detection.stats import wording
from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.forecast import half_by, more_for
from leakdoc.detection.stats.ruling import Ruling
from leakdoc.model.decision import Decision

_PLAUSIBLE: Final = 0.3
_SETTLES: Final = 0.5
_LATE_SHARE: Final = 0.05


def too_little(case: Case) -> Ruling | None:
    """Too few readings, or too few bins or collections."""
    missing = max(case.policy.min_samples - case.samples, 0)
    if missing == 0 and case.bins >= case.least_bins and case.fit is not None and case.slope is not None:
        return None
    wait = missing * case.interval if missing else case.span * (case.least_bins / max(case.bins, 1) - 1.0)
    wait = max(wait, case.policy.lasts_at_least - case.span) if wait > 0.0 else wait  # what comes next asks for as much
    needs = wait if wait > 0.0 else None
    return Ruling(
        rule="too_little", decision=Decision.INCONCLUSIVE, reason=wording.too_little(case, needs), needs_more_s=needs
    )


def slowing_down(case: Case) -> Ruling | None:
    """It grows ever slower, and where it ends lies outside the data."""
    if case.undecided <= max(case.policy.undecided_probability, case.grows) or case.fit is None:
        return None
    if case.fit.rise < case.rise_that_matters:
        return None
    needs = None if case.shape == "logarithmic" else case.slowing  # a logarithm never shows where it ends
    return Ruling(
        rule="slowing_down", decision=Decision.INCONCLUSIVE, reason=wording.slowing_down(needs),
        needs_more_s=needs,
    )  # fmt: skip


def below_what_matters(case: Case) -> Ruling | None:
    """It may grow, but surely slower than the user cares for."""
    if case.policy.smallest is None or case.slope is None or case.span < case.policy.lasts_at_least:
        return None
    if case.at_worst * case.processes >= case.policy.smallest:
        return None
    return Ruling(
        rule="below_what_matters", decision=Decision.STABLE, reason=wording.below_what_matters(case), confidence=0.95
    )


def as_high_before(case: Case) -> Ruling | None:
    """It rises now, but what rises was given back before: a slow wave, or the rise of an unfinished cycle."""
    assert case.slope is not None and case.fit is not None
    rises = case.claimed_rise
    if case.lives != 1 or case.slope.low <= 0.0 or rises < case.material:
        return None
    lasting_rise = case.policy.lasting_rise * rises
    if case.fit.rise >= lasting_rise and case.fit.given_back <= max(lasting_rise, case.material):
        return None
    return Ruling(
        rule="as_high_before", decision=Decision.INCONCLUSIVE, reason=wording.as_high_before(case),
        look_again_s=half_by(case),
    )  # fmt: skip


def more_than_asked(case: Case) -> Ruling | None:
    """It surely grows faster than the user cares for, yet too little in this window to be told from noise."""
    if case.policy.smallest is None or case.slope is None or case.slope.low * case.processes <= case.policy.smallest:
        return None
    needs = max(case.material / case.slope.low - case.longest, case.policy.settled_fraction * case.span)
    return Ruling(
        rule="more_than_asked", decision=Decision.INCONCLUSIVE, reason=wording.more_than_asked(case, needs),
        needs_more_s=needs,
    )  # fmt: skip


def no_exposure(case: Case) -> Ruling | None:
    """It grew with the requests, and these have all but ceased: nobody can say whether it would go on."""
    assert case.slope is not None and case.fit is not None
    if case.fit.exposure >= case.policy.tail_exposure or case.slope.low <= 0.0 or case.proven <= _PLAUSIBLE:
        return None
    return Ruling(rule="no_exposure", decision=Decision.INCONCLUSIVE, reason=wording.no_exposure(case))


def restarts_in_doubt(case: Case) -> Ruling | None:
    """It rises between falls that may be restarts or collections; only from restarts would it be a leak."""
    assert case.slope is not None
    if case.slope.low <= 0.0 or not (case.doubtful_lives or case.given_back_since):
        return None
    reason = wording.doubtful_lives() if case.doubtful_lives else wording.given_back_since()
    return Ruling(rule="restarts_in_doubt", decision=Decision.INCONCLUSIVE, reason=reason)


def too_short(case: Case) -> Ruling | None:
    """A quiet moment: what comes by steps, or once in a while, has had no time to come."""
    missing = case.policy.lasts_at_least - case.span
    if missing <= 0.0:
        return None
    return Ruling(
        rule="too_short", decision=Decision.INCONCLUSIVE, reason=wording.too_short(case, missing), needs_more_s=missing
    )


def leaking(case: Case) -> Ruling | None:
    """A shape that grows carries the weight, its slope is surely positive, it matters, and it goes on to the end."""
    assert case.slope is not None
    if case.proven <= _sure(case) or case.slope.sure_low <= 0.0 or not case.tail or case.quiet:
        return None
    if case.slope.low < case.policy.known_share * case.slope.estimate:
        return None
    if case.slope.estimate * case.longest < max(case.material, case.missed_load):
        return None
    rises = case.most_rises
    if rises is not None and rises < case.policy.min_rises:
        return Ruling(
            rule="too_few_rises", decision=Decision.INCONCLUSIVE, reason=wording.too_few_rises(case),
            look_again_s=case.span * (case.policy.min_rises / max(rises, 1) - 1.0),
        )  # fmt: skip
    missing = case.must_last_longer
    if missing > 0.0:
        return Ruling(
            rule="not_for_long", decision=Decision.INCONCLUSIVE, reason=wording.not_for_long(case, missing),
            needs_more_s=missing,
        )  # fmt: skip
    if case.per_effort is not None:
        again = half_by(case)
        return Ruling(
            rule="less_per_effort", decision=Decision.INCONCLUSIVE, look_again_s=again,
            reason=wording.less_per_effort(case, case.per_effort, again),
        )  # fmt: skip
    if case.ever_slower:
        again = half_by(case)
        return Ruling(
            rule="ever_slower", decision=Decision.INCONCLUSIVE, reason=wording.ever_slower(case, again),
            look_again_s=again,
        )  # fmt: skip
    return Ruling(rule="leaking", decision=Decision.LEAKING, reason=wording.leaking(case), confidence=case.proven)


def _sure(case: Case) -> float:
    """The weight that the growing shapes must have: more where a look may spend little."""
    policy = case.policy
    return max(policy.leak_probability, min(1.0 - policy.doubt_per_alpha * case.alpha, policy.sure_probability))


def warming_up(case: Case) -> Ruling | None:
    """A rise that levels off, and has not yet been flat for long."""
    assert case.fit is not None
    late = case.fit.late_rise > max(_LATE_SHARE * case.fit.rise, 0.5 * case.material)
    if case.settles <= _SETTLES or case.fit.rise < case.rise_that_matters or not late:
        return None
    return Ruling(
        rule="warming_up", decision=Decision.WARMING_UP, reason=wording.warming_up(case), confidence=case.settles
    )


def rose_lately(case: Case) -> Ruling | None:
    """A step so late that nobody can say whether it was the last one."""
    assert case.fit is not None
    if case.fit.late_rise < case.rise_that_matters:
        return None
    again = half_by(case)
    return Ruling(
        rule="rose_lately", decision=Decision.INCONCLUSIVE, reason=wording.rose_lately(case, again), look_again_s=again
    )


def perhaps(case: Case) -> Ruling | None:
    """Growth that would matter is plausible, but not sure."""
    assert case.slope is not None
    if case.grows + case.hidden + case.undecided < _PLAUSIBLE or case.slope.estimate * case.longest < case.material:
        return None
    again = half_by(case, case.slope.estimate)
    return Ruling(
        rule="perhaps", decision=Decision.INCONCLUSIVE, reason=wording.perhaps(case, again), look_again_s=again
    )


def too_wide(case: Case) -> Ruling | None:
    """Growth that would matter could hide in the noise, or under restarts that nobody recorded."""
    assert case.slope is not None
    hidden = max(case.slope.worst, 0.5 * (case.slope.high - case.slope.low)) * case.longest
    if hidden <= case.may_hide and not case.doubtful_lives:
        return None
    again = half_by(case, max(case.smallest, case.may_hide / max(case.longest, 1.0)))
    return Ruling(
        rule="too_wide", decision=Decision.INCONCLUSIVE, reason=wording.too_wide(case, again), look_again_s=again
    )


def less_was_asked(case: Case) -> Ruling | None:
    """The growth that the user cares for is slower than what this data would have shown."""
    if case.policy.smallest is None or case.shows is None:
        return None
    if case.shows * case.processes <= case.policy.smallest:
        return None
    needs = more_for(case, case.policy.smallest / case.processes, asked=True)
    return Ruling(
        rule="less_was_asked", decision=Decision.INCONCLUSIVE, reason=wording.less_was_asked(case, needs),
        needs_more_s=needs,
    )  # fmt: skip


def must_last(case: Case) -> Ruling | None:
    """The worst case still reaches the limit sooner than the user asked for."""
    assert case.slope is not None and case.fit is not None
    if case.policy.must_last is not None and case.limit is None and case.unit == "bytes":
        return Ruling(rule="must_last", decision=Decision.INCONCLUSIVE, reason=wording.no_limit_known(case))
    if case.policy.must_last is None or case.limit is None or case.at_worst <= 0.0:
        return None
    lasts = (case.limit - case.fit.level * case.processes) / (case.at_worst * case.processes)
    if lasts >= case.policy.must_last:
        return None
    needs = more_for(case, (case.limit / case.processes - case.fit.level) / case.policy.must_last, asked=True)
    return Ruling(
        rule="must_last", decision=Decision.INCONCLUSIVE, reason=wording.must_last(case, lasts, needs),
        needs_more_s=needs,
    )  # fmt: skip


def load_driven(case: Case) -> Ruling | None:
    """The load moves the values, and nothing else does."""
    assert case.fit is not None
    assert case.slope is not None
    hidden = case.slope.worst * case.longest
    if case.fit.load_effect <= case.rise_that_matters or hidden > max(case.fit.load_effect, case.may_hide):
        return None
    return Ruling(
        rule="load_driven",
        decision=Decision.LOAD_DRIVEN,
        reason=wording.load_driven(case),
        confidence=max(1.0 - case.grows - case.hidden, 0.0),
    )


def stable(case: Case) -> Ruling | None:
    """Growth that matters would have been seen."""
    return Ruling(
        rule="stable",
        decision=Decision.STABLE,
        reason=wording.stable(case),
        confidence=max(1.0 - case.grows - case.hidden, 0.0),
    )


def another_step(case: Case, again: float) -> Ruling:
    """It stands still, yet rose by steps of one size, and has not rested for longer than they lay apart."""
    reason = wording.another_step(case, again)
    return Ruling(rule="another_step", decision=Decision.INCONCLUSIVE, reason=reason, look_again_s=again)


RULES: Final[tuple[Callable[[Case], Ruling | None], ...]] = (
    too_little,
    below_what_matters,
    slowing_down,
    as_high_before,
    restarts_in_doubt,
    no_exposure,
    leaking,
    warming_up,
    rose_lately,
    perhaps,
    more_than_asked,
    too_short,
    load_driven,
    too_wide,
    less_was_asked,
    must_last,
    stable,
)


def decide(case: Case) -> Ruling:
    """Return what the first decisive rule says."""
    for rule in RULES:
        ruling = rule(case)
        if ruling is not None:
            return ruling
    raise AssertionError("the last rule always speaks")
