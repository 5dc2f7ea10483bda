"""A rollout watched for a while: it ends early only when the new build does harm."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from leakdoc.detection.policies import Policies
from leakdoc.model.decision import ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Trace
from leakdoc.sampling.clock import Clock
from leakdoc.verification.checks.health import kills_of
from leakdoc.verification.growing import Growing
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.verify import verify
from leakdoc.verification.waiting import AGREEING, until_decided


class Harm(StrEnum):
    """What a new build does that a rollback is for, and nothing else."""

    WORSE = "worse"
    OOM_KILLED = "oom_killed"


REASONS: Final = {Harm.OOM_KILLED: "the new version was killed for want of memory"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guarded:
    """How a guarded rollout went.

    Args:
        decision: that of the proof at the end; `inconclusive` where there was none, `worse` where it was killed.
        harm: why a rollback is called for; null where it is not.
        proof: as the last look found it; null where there was too little to look at.
        samples: how many readings of the new version there are.
    """

    decision: ProofDecision
    reason: str
    harm: Harm | None
    proof: Proof | None
    samples: int

    @property
    def sound(self) -> bool:
        """Whether the new version, as far as it was watched, shows no growth that matters."""
        return self.harm is None and self.proof is not None and self.proof.after.decision.is_settled


def guard(
    before: Trace,
    growing: Growing,
    *,
    for_s: float | None,
    policies: Policies | None = None,
    verification: VerificationPolicy | None = None,
    clock: Clock | None = None,
    wake: threading.Event | None = None,
    on_look: Callable[[Proof], None] | None = None,
) -> Guarded:
    """Hold what grows after a rollout against what was before, until it does harm or the time is up.

    `worse` must be found by two looks in a row; a kill for want of memory is harm at once.

    Args:
        before: the version that would be rolled back to.
        growing: the new version, as it is watched.
        for_s: how long at most; null for no end.
    """
    verification = verification or VerificationPolicy()
    latest: list[Trace] = []

    def look(spent: Policies) -> Proof | None:
        found = growing.trace()
        if found is None:
            return None
        latest[:] = [found]
        return verify(before, found, policies=spent, verification=verification)

    def enough(proof: Proof, same: int) -> bool:
        return was_killed(proof.after.trace) or (proof.decision is ProofDecision.WORSE and same >= AGREEING)

    waited = until_decided(
        look, policies=policies or Policies(), for_s=for_s, ended=growing.ended, clock=clock, wake=wake,
        on_look=on_look, enough=enough, worthwhile=lambda _: True,
    )  # fmt: skip
    return _told(waited.proof, waited.why, latest[0] if latest else None, decided=waited.decided)


def _told(proof: Proof | None, why: str, seen: Trace | None, *, decided: bool) -> Guarded:
    samples = 0 if seen is None else len(seen)
    if seen is not None and was_killed(seen):
        harm, decision, reason = Harm.OOM_KILLED, ProofDecision.WORSE, REASONS[Harm.OOM_KILLED]
    elif proof is None:
        harm, decision, reason = None, ProofDecision.INCONCLUSIVE, f"there was nothing to look at: {why}"
    else:
        harm = Harm.WORSE if decided and proof.decision is ProofDecision.WORSE else None
        decision, reason = proof.decision, proof.reason
        if decision is ProofDecision.WORSE and harm is None:  # one look alone
            decision, reason = ProofDecision.INCONCLUSIVE, f"not yet beyond doubt: {reason}"
    return Guarded(decision=decision, reason=reason, harm=harm, proof=proof, samples=samples)


def was_killed(trace: Trace) -> bool:
    """Whether a process of the trace was killed for want of memory.

    A kill that the control group counts is one of this subject's only where one of its processes ended as well.
    """
    ending = trace.facts.ending
    if ending is not None:
        return ending.cause == "oom_killed"
    last = max((float(trace.times[life.stop - 1]) for life in trace.lives), default=0.0)
    ended = any(float(trace.times[life.stop - 1]) < last for life in trace.lives)
    return ended and bool(kills_of(trace))
