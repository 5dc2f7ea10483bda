"""What is asked of one channel that leaked before, in one look at what came after; the answers are checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.finding import Json
from leakdoc.units import format_amount, format_duration, format_rate
from leakdoc.verification.leak import Leak
from leakdoc.verification.measuring import Measured
from leakdoc.verification.policy import VerificationPolicy

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
_HOUR_S: Final = 3_600.0
# The judge may find the interval too wide for its own margin; here the margin is the old growth.
_SETTLED_RULES: Final = ("stable", "at_rest", "load_driven", "below_what_matters", "too_wide", "must_last")
_NEAR_NOTHING_RULES: Final = ("perhaps", "warming_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one question came to; `needs_more_s` is how much more data would answer it, where that is known."""

    outcome: CheckOutcome
    reason: str
    numbers: Mapping[str, Json] = field(default_factory=dict)
    needs_more_s: float | None = None


Question = Callable[[Leak, Measured, VerificationPolicy], Answer]


def exposure(leak: Leak, look: Measured, policy: VerificationPolicy) -> Answer:
    """Would the old leak have shown by now?"""
    expected = leak.expected(look)
    required = _required(leak, look, policy)
    if required is None:
        return Answer(outcome=UNKNOWN, reason=look.growth.reason, needs_more_s=look.growth.wait_s)
    pace = leak.rate_per_s * min(1.0, leak.load_ratio(look))
    numbers: dict[str, Json] = {
        "expected": expected, "required": required, "exposure_s": look.exposure_s, "requests": look.requests,
        "noise": look.noise, "old_rate_per_hour": leak.rate_per_s * _HOUR_S, "load_ratio": leak.load_ratio(look),
    }  # fmt: skip
    told = f"the old leak would have grown {format_amount(expected, leak.unit)} in {format_duration(look.exposure_s)}"
    if expected >= required:
        reason = f"{told}; {format_amount(required, leak.unit)} would have shown"
        return Answer(outcome=PASSED, reason=reason, numbers=numbers)
    needs = (required - expected) / pace / (1.0 - look.cut) if pace > 0.0 else None
    reason = f"{told}; {format_amount(required, leak.unit)} are needed to see it"
    return Answer(outcome=UNKNOWN, reason=reason, numbers=numbers, needs_more_s=needs)


def _required(leak: Leak, look: Measured, policy: VerificationPolicy) -> float | None:
    if look.noise is None or look.level is None:
        return None
    least = policy.exposure_count if leak.unit == "count" else policy.exposure_level * abs(look.level)
    return max(policy.exposure_noise * look.noise, least)


def pauses(leak: Leak, look: Measured, policy: VerificationPolicy) -> Answer:
    """Was it watched for longer than the old leak used to pause, and past the age at which it used to begin?"""
    late = _late_start(leak, look, policy)
    if late is not None:
        return late
    wanted_s = policy.pauses * leak.pause_s
    wanted = None if leak.pause_requests is None else policy.pauses * leak.pause_requests
    numbers: dict[str, Json] = {
        "longest_pause_s": leak.pause_s, "longest_pause_requests": leak.pause_requests, "exposure_s": look.exposure_s,
        "requests": look.requests,
    }  # fmt: skip
    needs = max(wanted_s - look.exposure_s, _requests_missing_s(look, wanted)) / (1.0 - look.cut)
    told = f"before, the growth paused for up to {format_duration(leak.pause_s)}"
    if needs <= 0.0:
        return Answer(outcome=PASSED, reason=f"{told}; watched for longer", numbers=numbers)
    return Answer(outcome=UNKNOWN, reason=f"{told}; it may only pause", numbers=numbers, needs_more_s=needs)


def _late_start(leak: Leak, look: Measured, policy: VerificationPolicy) -> Answer | None:
    """A leak that begins late in life must have had the age to begin, and the time to show; null where it had."""
    levels = [each for each in (look.level, look.first_level) if each is not None]
    required = _required(leak, look, policy)
    if not levels or required is None:
        return None
    began_s = leak.began_s(min(levels), policy.late_start_share)
    wanted_s = began_s + required / leak.rate_per_s
    if began_s <= 0.0 or look.age_s >= wanted_s:
        return None
    told = f"before had grown so little by its first sample that the leak began at an age of {format_duration(began_s)}"
    numbers: dict[str, Json] = {"began_at_age_s": began_s, "age_s": look.age_s}
    reason = f"{told}; the new process is {format_duration(look.age_s)} old"
    return Answer(outcome=UNKNOWN, reason=reason, numbers=numbers, needs_more_s=wanted_s - look.age_s)


def _requests_missing_s(look: Measured, wanted: float | None) -> float:
    if wanted is None or not look.requests or look.exposure_s <= 0.0:
        return 0.0
    return (wanted - look.requests) / (look.requests / look.exposure_s)


def flat(leak: Leak, look: Measured, policy: VerificationPolicy) -> Answer:
    """Is the new rate zero within a margin that matters?"""
    rate, upper = look.rate_per_s, look.upper_per_s
    if rate is None or upper is None:
        return Answer(outcome=UNKNOWN, reason=look.growth.reason, needs_more_s=look.growth.wait_s)
    share, most = leak.largest_share(look, rate), leak.largest_share(look, upper)
    numbers: dict[str, Json] = {
        "old_rate_per_hour": leak.rate_per_s * _HOUR_S, "rate_per_hour": rate * _HOUR_S,
        "upper_per_hour": upper * _HOUR_S, "share": share, "upper_share": most, "cut": look.cut,
        "verdict": str(look.growth.decision), "rule": look.growth.evidence.get("rule"),
    }  # fmt: skip
    told = (
        f"{format_rate(rate * _HOUR_S, leak.unit)}, at most {format_rate(upper * _HOUR_S, leak.unit)}, "
        f"where it was {format_rate(leak.rate_per_s * _HOUR_S, leak.unit)}"
    )
    if look.growth.decision is Decision.LEAKING:
        return Answer(outcome=FAILED, reason=f"it still grows: {told}", numbers=numbers)
    if look.falls_per_s > policy.falling_share * leak.rate_per_s * min(1.0, leak.load_ratio(look)):
        falls = format_rate(look.falls_per_s * _HOUR_S, leak.unit)
        reason = f"it falls by at least {falls}, and has not settled: a season or a load looks like that"
        return Answer(outcome=UNKNOWN, reason=reason, numbers=numbers, needs_more_s=look.exposure_s)
    close = share < policy.flat_share and most < policy.flat_upper_share
    settled = _SETTLED_RULES + (_NEAR_NOTHING_RULES if most < policy.negligible_upper_share else ())
    if close and look.growth.evidence.get("rule") in settled:
        return Answer(outcome=PASSED, reason=told, numbers=numbers)
    needs = _for_precision(look, most, policy.negligible_upper_share if close else policy.flat_upper_share)
    reason = f"{told}; {look.growth.reason}" if close else f"growth could still hide: {told}"
    return Answer(outcome=UNKNOWN, reason=reason, numbers=numbers, needs_more_s=needs)


def _for_precision(look: Measured, most: float, wanted: float) -> float | None:
    """The interval of a slope narrows with the power 3/2 of the time."""
    if most <= wanted or wanted <= 0.0:
        return look.growth.wait_s
    return look.exposure_s / (1.0 - look.cut) * (math.pow(min(most / wanted, 1e6), 2.0 / 3.0) - 1.0)


def level(leak: Leak, look: Measured, policy: VerificationPolicy) -> Answer:
    """Does it stand under the old peak, and neither step up nor rise at the end?"""
    now, first, peak = look.level, look.first_level, leak.before.peak
    if now is None or first is None or peak is None:
        return Answer(outcome=UNKNOWN, reason="there are too few readings to tell the level")
    allowed = policy.step_share * leak.expected(look) + policy.step_noise * (look.noise or 0.0) + look.load_effect
    numbers: dict[str, Json] = {"level": now, "first_level": first, "old_peak": peak, "allowed_rise": allowed}
    told = f"{format_amount(now, leak.unit)} in the last quarter, the old peak was {format_amount(peak, leak.unit)}"
    if now >= peak:
        return Answer(outcome=FAILED, reason=f"{told}: not lower", numbers=numbers)
    if now - first > allowed:
        rise = format_amount(now - first, leak.unit)
        told = f"{told}; it stepped up by {rise} after the rollout"
        return Answer(outcome=FAILED, reason=told, numbers=numbers, needs_more_s=look.exposure_s)  # a start is cut then
    return _rising_end(leak, look, policy, told, numbers)


def _rising_end(
    leak: Leak, look: Measured, policy: VerificationPolicy, told: str, numbers: Mapping[str, Json]
) -> Answer:
    """A rise of the last readings, beyond noise and at the old pace, may be the old leak come back."""
    allowed = _allowed_end(leak, look, policy)
    if look.end is None or allowed is None:
        return Answer(outcome=PASSED, reason=told, numbers=numbers)
    numbers = {**numbers, "end_rise": look.end.rise, "allowed_end_rise": allowed}
    if look.end.rise <= allowed:
        return Answer(outcome=PASSED, reason=told, numbers=numbers)
    rise = format_amount(look.end.rise, leak.unit)
    reason = f"it was rising at the end, {rise} above all that came before; watch for longer"
    return Answer(outcome=UNKNOWN, reason=reason, numbers=numbers, needs_more_s=look.exposure_s * policy.level_part)


def _allowed_end(leak: Leak, look: Measured, policy: VerificationPolicy) -> float | None:
    if look.end is None or look.level is None:
        return None
    least = policy.exposure_count if leak.unit == "count" else policy.end_level * abs(look.level)
    pace = leak.rate_per_s * min(1.0, leak.load_ratio(look))
    beyond_noise = policy.end_noise * (look.noise or 0.0) + look.load_effect
    return max(beyond_noise, policy.end_share * pace * look.end.lasts_s, least)


QUESTIONS: Final[Mapping[str, Question]] = {
    "exposure": exposure, "pauses": pauses, "slope": flat, "level": level
}  # fmt: skip
