"""What the checks of a recovery add up to: an ordered list of rules, the first that speaks decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from leakdoc.model.decision import ProofDecision
from leakdoc.model.proof import Check
from leakdoc.units import format_duration
from leakdoc.verification.channels import title
from leakdoc.verification.recovery.checks import Incident
from leakdoc.verification.recovery.levels import Channel
from leakdoc.verification.rules import Ruling, needs_of, stands_against

Rule = Callable[[Incident, Sequence[Check]], Ruling | None]


def decide(incident: Incident, checks: Sequence[Check]) -> Ruling:
    """Return what the first rule that speaks says."""
    return next(ruling for rule in RULES if (ruling := rule(incident, checks)) is not None)


def higher_still(incident: Incident, _: Sequence[Check]) -> Ruling | None:
    """A channel stands higher than during the incident."""
    worse = [each for each in _read(incident) if _surely(each) > incident.policy.worse_share]
    return _ruling(ProofDecision.WORSE, "stands higher than during the incident", worse)


def still_there(incident: Incident, _: Sequence[Check]) -> Ruling | None:
    """Most of the excess is left."""
    left = [each for each in _read(incident) if (each.left or 0.0) > incident.policy.improved_share]
    return _ruling(ProofDecision.NOT_FIXED, "has not recovered", left)


def partly(incident: Incident, _: Sequence[Check]) -> Ruling | None:
    """Some of the excess is surely left."""
    left = [each for each in _read(incident) if _surely(each) > incident.policy.back_share]
    return _ruling(ProofDecision.IMPROVED, "is lower, but not back", left)


def recovered(incident: Incident, checks: Sequence[Check]) -> Ruling | None:
    """Every check passed, but for what the source does not tell."""
    if any(stands_against(check) for check in checks) or not incident.channels:
        return None
    names = ", ".join(title(each.column) for each in incident.channels)
    most = max(each.most_left or 0.0 for each in incident.channels)
    reason = f"back at the baseline: {names}; at most {max(most, 0.0):.0%} of the incident's excess is left"
    return Ruling(decision=ProofDecision.NORMALIZED, reason=reason)


def something_is_missing(_: Incident, checks: Sequence[Check]) -> Ruling | None:
    """Say what stands against a decision, and how much longer it would take."""
    against = [check for check in checks if stands_against(check)]
    told = "; ".join(dict.fromkeys(check.reason for check in against))
    needs = [needs_of(check.numbers) for check in against]
    known = [each for each in needs if each is not None]
    if not known or len(known) < len(needs):
        return Ruling(decision=ProofDecision.INCONCLUSIVE, reason=told)
    wait = f"{format_duration(max(known))} more may decide"
    return Ruling(decision=ProofDecision.INCONCLUSIVE, reason=f"{told}; {wait}", needs_more_s=max(known))


def _read(incident: Incident) -> list[Channel]:
    return [each for each in incident.channels if each.after is not None]


def _surely(each: Channel) -> float:
    """How much of the excess is left at least, at 95 %."""
    return 2.0 * (each.left or 0.0) - (each.most_left or 0.0)


def _ruling(decision: ProofDecision, what: str, channels: Sequence[Channel]) -> Ruling | None:
    if not channels:
        return None
    told = "; ".join(f"{title(each.column)} {what} ({each.left:.0%} of its excess is left)" for each in channels[:3])
    return Ruling(decision=decision, reason=told)


RULES: Final[tuple[Rule, ...]] = (higher_still, still_there, partly, recovered, something_is_missing)
