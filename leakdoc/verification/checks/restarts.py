"""Restarts give memory back without a fix: those that were recorded, and those that only their traces tell."""

from __future__ import annotations

import signal
from typing import Final

from leakdoc.detection.stats.series import Growth
from leakdoc.model.decision import CheckOutcome
from leakdoc.model.proof import Check
from leakdoc.model.trace import Ending
from leakdoc.units import format_amount
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.falls import largest_fall
from leakdoc.verification.windows import lived_s, longest_life_s, restarts, without_start

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
_CRASHES: Final = tuple(
    int(number) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")
    if (number := getattr(signal, name, None)) is not None
)  # fmt: skip
_ENDED_BY_SIGNAL: Final = 128  # shells report a signal as 128 and its number; whoever stopped it did so on purpose


def no_extra_restarts(case: Comparison) -> Check:
    """Restarts give memory back without a fix; more of them than before are not explained by one."""
    ending = case.after.facts.ending
    if ending is not None and _is_crash(ending):
        how = f"exit status {ending.exit_status}" if ending.signal is None else f"signal {ending.signal}"
        told = f"it crashed after the rollout ({how})"
        return Check(name="no_extra_restarts", outcome=FAILED, reason=told, numbers={"signal": ending.signal})
    before, after = restarts(case.before), restarts(case.after)
    lived_before, lived_after = lived_s(case.before), lived_s(case.after)
    allowed = int(before * lived_after / lived_before) if lived_before > 0.0 else 0
    numbers = {"before": before, "after": after, "allowed": allowed, "longest_life_s": longest_life_s(case.after)}
    if after > allowed:
        told = f"{after} restarts after the rollout, where {allowed} would have been usual: each gives memory back"
        return Check(name="no_extra_restarts", outcome=FAILED, reason=told, numbers=numbers)
    told = "none" if not after else f"{after}, no more than before"
    return Check(name="no_extra_restarts", outcome=PASSED, reason=told, numbers=numbers)


def no_unrecorded_restarts(case: Comparison) -> Check:
    """Where the source does not tell processes apart, a fall that before did not know may be a restart."""
    name = "no_unrecorded_restarts"
    if len(case.after.lives) > 1 or any(life.started_at is not None for life in case.after.lives):
        return Check(name=name, outcome=PASSED, reason="the source tells when processes start")
    if case.primary is None or case.primary.look is None:
        return Check(name=name, outcome=UNKNOWN, reason="there is nothing to look for falls in")
    leak, look, policy = case.primary.leak, case.primary.look, case.policy
    part = without_start(case.after, look.cut)
    fall = largest_fall(case.before, part, leak.column, leak.rate_per_s, policy.fall_deviations)
    new_cycles = _in_cycles(look.growth) and not _in_cycles(leak.before.growth)
    expected = leak.expected(look)
    numbers = {
        "assumed": True, "fell": fall.fell, "usual": fall.usual, "times_usual": fall.times_usual,
        "given_back": fall.given_back, "risen": fall.risen, "expected": expected, "new_cycles": new_cycles,
    }  # fmt: skip
    lopsided = fall.risen <= policy.rises_share and fall.times_usual >= policy.lopsided_fall_share
    stands_out = fall.times_usual >= policy.fall_share or lopsided
    hides_it = stands_out and fall.given_back >= policy.given_back_share * expected
    if not hides_it and not new_cycles:
        return Check(
            name=name,
            outcome=PASSED,
            reason="process starts were not read; it never fell as after a restart",
            numbers=numbers,
        )
    told = f"it falls by up to {format_amount(fall.fell, leak.unit)} at once, as after a restart that nobody recorded"
    return Check(name=name, outcome=UNKNOWN, reason=f"{told}: give pid or process_start_time_seconds", numbers=numbers)


def _in_cycles(growth: Growth) -> bool:
    """Whether the judge took the series for a sawtooth."""
    return growth.evidence.get("floors_of_a_sawtooth") is True


def _is_crash(ending: Ending) -> bool:
    failed = ending.exit_status is not None and 0 < ending.exit_status < _ENDED_BY_SIGNAL
    return ending.signal in _CRASHES or (failed and ending.signal is None)
