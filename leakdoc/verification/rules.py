"""What the checks add up to: an ordered list of rules, the first that speaks decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from leakdoc.detection.stats.series import Growth
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Check
from leakdoc.units import format_duration, format_rate
from leakdoc.verification.assessing import Assessed
from leakdoc.verification.channels import title
from leakdoc.verification.checks.growth import one_alone
from leakdoc.verification.checks.health import kills_of
from leakdoc.verification.comparison import Comparison, Fresh
from leakdoc.verification.figures import floor_slope
from leakdoc.verification.measuring import Measured
from leakdoc.verification.windows import oldest_s, without_start, youngest_s
from leakdoc.verification.work import REQUESTS, work_of

_INTERVAL_DEVIATIONS: Final = 1.96  # half a 95 % interval in standard deviations
_HOUR_S: Final = 3_600.0
_FOLLOWS_FROM_OTHERS: Final = ("plain_slopes",)  # settles with the others as readings come in
_FOLLOWS_FROM_READINGS: Final = (  # say nothing of their own where what leaked was not read after
    "warm_up", "exposure", "pauses", "slope", "plain_slopes", "level", "each_process", "no_unrecorded_restarts",
)  # fmt: skip
_MOST_NAMED: Final = 3  # in one sentence; the checks name all


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a rule says; `needs_more_s` where more data would decide."""

    decision: ProofDecision
    reason: str
    needs_more_s: float | None = None


Rule = Callable[[Comparison, Sequence[Check]], Ruling | None]


def decide(case: Comparison, checks: Sequence[Check]) -> Ruling:
    """Return what the first rule that speaks says."""
    return next(ruling for rule in RULES if (ruling := rule(case, checks)) is not None)


def out_of_order(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """Of sides in the wrong order, only a leak that is there on both tells anything."""
    order = next((check for check in checks if check.name == "order"), None)
    if order is None or order.outcome is not CheckOutcome.FAILED:
        return None
    return still_leaking(case, checks) or Ruling(decision=ProofDecision.INCONCLUSIVE, reason=order.reason)


def sound_before_leaks_after(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """What was sound before, or could not have hidden such growth, leaks after: the rollout made it worse."""
    leaking = (each for each in case.fresh if each.is_new)
    new = [each for each in leaking if each.before is not None and _was_sound(each, each.before, case)]
    if not new:
        return None
    seen = all(each.before is not None and each.before.decision.is_settled for each in new)
    told = "it leaks where it did not before" if seen else "it leaks faster than could have gone unseen before"
    return Ruling(decision=ProofDecision.WORSE, reason=f"{told}: {_told(new)}")


def _was_sound(each: Fresh, before: Growth, case: Comparison) -> bool:
    """Whether before could not have hidden what grows now: by its decision, or by the most that could have hidden."""
    now, then = each.after.slope_per_s, before.slope_per_s
    if now is None or then is None or now.low is None or then.high is None:
        return before.decision.is_settled
    margin = 1.0 if before.decision.is_settled else case.policy.worse_share
    return now.low > margin * then.high


def faster(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """A leak of before grows faster now, by time and by requests, beyond doubt."""
    for each in case.leaks:
        look = each.still
        if look is not None and look.rate_per_s is not None and _is_faster(each, look, case):
            return Ruling(decision=ProofDecision.WORSE, reason=f"{title(each.leak.column)} {_rates(each, look)}")
    return None


def _is_faster(each: Assessed, look: Measured, case: Comparison) -> bool:
    rate, old, most = look.rate_per_s or 0.0, each.leak.rate_per_s, case.policy.worse_share
    if each.leak.smallest_share(look, rate) <= most:
        return False
    new_error, old_error = look.error_per_s, each.leak.before.error_per_s
    if new_error is None or old_error is None:
        return False
    error = math.hypot(new_error, most * old_error)
    beyond_doubt = rate - most * old > case.policy.one_sided_deviations * error / _INTERVAL_DEVIATIONS
    return beyond_doubt and _line_agrees(each, look, case)


def _line_agrees(each: Assessed, look: Measured, case: Comparison) -> bool:
    """Whether a line without a model rises faster too: a bend near the end is no pace yet."""
    part = without_start(case.after, max(look.cut, case.policy.first_cut))
    line = floor_slope(part, each.leak.column, case.policy.plain_bins)
    return line is None or line > case.policy.worse_share * each.leak.rate_per_s


def still_leaking(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """Most of the old growth is still there, in at least one channel."""
    left = [(each, look) for each in case.leaks if (look := each.still) is not None and _is_most(each, look, case)]
    if not left:
        return None
    return Ruling(decision=ProofDecision.NOT_FIXED, reason=f"it still leaks: {_compared(left, case)}")


def _is_most(each: Assessed, look: Measured, case: Comparison) -> bool:
    """Over the upper share in the estimate, or in between without being surely improved."""
    share = each.leak.largest_share(look, look.rate_per_s or 0.0)
    upper = each.leak.largest_share(look, (look.rate_per_s or 0.0) + (look.error_per_s or 0.0))
    policy = case.policy
    return share > policy.not_fixed_share and (
        share >= policy.improved_upper_share or upper >= policy.improved_upper_share
    )


def leaks_elsewhere(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """A channel that was undecided, or not read, before leaks after."""
    new = [each for each in case.fresh if each.leaks]
    if not new:
        return None
    return Ruling(decision=ProofDecision.NOT_FIXED, reason=f"it leaks after the rollout: {_told(new)}")


def killed_after(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """What is killed for want of memory after the rollout is not normal again."""
    found = _failed(checks, "no_oom_kill")
    if found is None:
        return None
    if case.leaks:
        return Ruling(decision=ProofDecision.NOT_FIXED, reason=found.reason)
    sound = kills_of(case.before) == 0.0 and case.said_before.decision.is_settled
    return Ruling(decision=ProofDecision.WORSE, reason=f"before it was not: {found.reason}") if sound else None


def another_fault(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """The leak is stopped by a ceiling that callers wait at, or the service fails in another way."""
    found = _failed(checks, "no_other_fault")
    if found is None or not case.leaks:
        return None
    return Ruling(decision=ProofDecision.NOT_FIXED, reason=f"another fault after the rollout: {found.reason}")


def _failed(checks: Sequence[Check], name: str) -> Check | None:
    return next((check for check in checks if check.name == name and check.outcome is CheckOutcome.FAILED), None)


def slower(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """It still leaks, but clearly slower: a warm-up that slows down, and is a line for a while, is none of that."""
    left = [(each, look) for each in case.leaks if (look := each.still) is not None and not each.slowing]
    if not left:
        return None
    told = _compared(left, case)
    return Ruling(decision=ProofDecision.IMPROVED, reason=f"slower, but it still leaks: {told}")


def one_still_leaks(case: Comparison, _: Sequence[Check]) -> Ruling | None:
    """Among many processes one leaks on, though their sum hardly shows it."""
    if case.alone is None or case.primary is None:
        return None
    told = f"less, but it still leaks: {one_alone(case.primary, case.alone)}"
    return Ruling(decision=ProofDecision.IMPROVED, reason=told)


def no_leak_to_fix(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """Without a proven leak before there is nothing that a fix could have normalized."""
    if case.leaks:
        return None
    return Ruling(decision=ProofDecision.INCONCLUSIVE, reason=checks[0].reason)


def all_passed(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """Every check passed, but for what the source does not tell."""
    settled = _settled_beside(checks)
    against = [check for check in checks if stands_against(check) and check.name not in settled]
    if against or case.primary is None or case.primary.look is None:
        return None
    look, unit = case.primary.look, case.primary.leak.unit
    names = ", ".join(title(each.leak.column) for each in case.named)
    most = format_rate((look.upper_per_s or 0.0) * _HOUR_S, unit)
    was = format_rate(case.primary.leak.rate_per_s * _HOUR_S, unit)
    reason = f"no growth is left in {names}: at most {most} where it was {was}, watched for "
    return Ruling(
        decision=ProofDecision.NORMALIZED, reason=f"{reason}{format_duration(look.exposure_s)}{_assumed(case, checks)}"
    )


def _settled_beside(checks: Sequence[Check]) -> tuple[str, ...]:
    """What the comparison with the stable version of the same minutes answers better than after alone."""
    found = next((check for check in checks if check.name == "side_by_side"), None)
    slope = next(check for check in checks if check.name == "slope")
    settles = found is not None and found.numbers.get("settles") is True and slope.outcome is CheckOutcome.UNKNOWN
    return ("slope", "plain_slopes") if settles else ()


def _assumed(case: Comparison, checks: Sequence[Check]) -> str:
    """What had to be taken for granted, as the source does not tell it."""
    by_name = {check.name: check for check in checks}
    assumed = []
    if by_name["load"].outcome is not CheckOutcome.PASSED:
        assumed.append("the same load")
    if by_name["no_unrecorded_restarts"].numbers.get("assumed"):
        assumed.append("no restarts")
    told = f"; assuming {' and '.join(assumed)}, which was not read" if assumed else ""
    return told + _younger(case)


def _younger(case: Comparison) -> str:
    """Say where before was older from its first sample on than after is at its end: a leak may begin in between."""
    before, after = youngest_s(case.before), oldest_s(case.after)
    if before is None or after is None or before <= after:
        return ""
    return (
        f"; before was {format_duration(before)} old when it was first sampled: what begins at that age would not show"
    )


def stands_against(check: Check) -> bool:
    """Whether a check keeps `normalized` from being said: it did not pass, and not for want of a metric alone."""
    unread = check.outcome is CheckOutcome.UNKNOWN and check.numbers.get("unread") is True
    return check.outcome is not CheckOutcome.PASSED and not unread


def something_is_missing(case: Comparison, checks: Sequence[Check]) -> Ruling | None:
    """Say exactly what stands against a decision, and how much longer it would take, where time alone would do."""
    unread = case.primary is not None and case.primary.look is None
    said_already = _FOLLOWS_FROM_READINGS if unread else ()
    against = [check for check in checks if stands_against(check) and check.name not in said_already]
    told = "; ".join(dict.fromkeys(check.reason for check in against))
    needs = {check.name: needs_of(check.numbers) for check in against if check.name not in _FOLLOWS_FROM_OTHERS}
    open_ones = [name for name, wait in needs.items() if wait is None]
    if open_ones or not needs:
        alone = f"; time alone does not decide: {', '.join(open_ones)}" if open_ones else ""
        return Ruling(decision=ProofDecision.INCONCLUSIVE, reason=f"{told}{alone}")
    longest = max(wait for wait in needs.values() if wait is not None)
    pace = " at today's load" if work_of(case.after, REQUESTS) is not None else ""
    told = f"{told}; {format_duration(longest)} more{pace} may decide"
    return Ruling(decision=ProofDecision.INCONCLUSIVE, reason=told, needs_more_s=longest)


def needs_of(numbers: object) -> float | None:
    """The longest wait that a check's numbers name, at any depth."""
    if not isinstance(numbers, dict):
        return None
    own = numbers.get("needs_more_s")
    found = [each for value in numbers.values() if (each := needs_of(value)) is not None]
    return max([*found, *([float(own)] if isinstance(own, int | float) else [])], default=None)


def _told(channels: Sequence[Fresh]) -> str:
    return _listed([f"{title(each.column)} {each.after.reason}" for each in channels])


def _compared(each: Sequence[tuple[Assessed, Measured]], case: Comparison) -> str:
    named = [pair for pair in each if pair[0] in case.named] or each
    return _listed([f"{title(one.leak.column)} {_rates(one, look)}" for one, look in named])


def _listed(entries: Sequence[str]) -> str:
    more = f"; and {len(entries) - _MOST_NAMED} more" if len(entries) > _MOST_NAMED else ""
    return "; ".join(entries[:_MOST_NAMED]) + more


def _rates(each: Assessed, look: Measured) -> str:
    unit = each.leak.unit
    now = format_rate((look.rate_per_s or 0.0) * _HOUR_S, unit)
    return f"{now} where it was {format_rate(each.leak.rate_per_s * _HOUR_S, unit)}"


RULES: Final[tuple[Rule, ...]] = (
    out_of_order,
    sound_before_leaks_after,
    faster,
    still_leaking,
    leaks_elsewhere,
    killed_after,
    another_fault,
    slower,
    one_still_leaks,
    no_leak_to_fix,
    all_passed,
    something_is_missing,
)
