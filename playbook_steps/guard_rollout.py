"""``leakdoc.guard_rollout``: is the new version, as it is rolled out, no worse than the one before?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome, ProofDecision
from leakdoc.model.step import EvidenceFile, EvidenceValue, StepResult
from leakdoc.playbook import Duration, Earlier, Param, PositiveDuration, StepContext, evidence_file, outcome_of, step
from playbook_steps.faultless import fault_in
from playbook_steps.recordings import recordings_in
from playbook_steps.sampling import stamp


@step("leakdoc.guard_rollout", effect="read", timeout_s=120)
def guard_rollout(
    ctx: StepContext,
    *,
    before: Annotated[tuple[Earlier, ...], Param(help="a recording of the version before, or the step that made it")],
    target: Annotated[int | str | None, Param(help="the new version; by default what has the recording's name")] = None,
    for_s: Annotated[Duration, Param(name="for", help="how long it is watched")] = 900.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 1.0,
    shows: Annotated[
        Literal["normalized", "no_fault"],
        Param(help="no growth that matters, or, where the cure is not of memory, no fault"),
    ] = "normalized",
) -> StepResult:
    """Watch a rollout: failed when it is decided to be worse, is killed for want of memory, or leaks on.

    It passes when the new version was watched to the end and shows no growth that matters; else it is inconclusive.
    Where the cure is not of memory, `shows=no_fault`: it also fails when the new version shows any fault, such as
    callers that wait for its pools or upstreams, and passes when it was watched for long enough to have shown one.
    """
    old = recordings_in(before)
    if len(old) != 1:
        raise UsageError(f"before names {len(old)} recordings", help="Give the one of the version before.")
    trace = leakdoc.load_trace(old[0])
    named = f"name:{trace.subject.name}" if target is None else target
    path = ctx.directory / f"guard-{stamp(ctx)}.leakdoc"
    found = leakdoc.guard_target(
        named, trace, for_s=for_s, interval_s=interval_s, record=path, wake=ctx.cancelled, on_look=_telling(ctx)
    )
    outcome, reason = _outcome(found), found.reason
    if shows == "no_fault" and outcome is not Outcome.FAILED and path.exists():
        decision, reason = fault_in(path)
        outcome = Outcome.FAILED if decision.is_fault else outcome_of(decision)
    return StepResult(
        outcome=outcome,
        reason=reason,
        outputs={
            "decision": str(found.decision),
            "samples": found.samples,
            "harm": None if found.harm is None else str(found.harm),
        },
        evidence=(*_kept(old[0], path), *_checks(found)),
    )


def _telling(ctx: StepContext) -> Callable[[leakdoc.Proof], None]:
    def tell(proof: leakdoc.Proof) -> None:
        ctx.progress(f"{proof.decision}: {proof.reason}")

    return tell


def _outcome(found: leakdoc.Guarded) -> Outcome:
    if found.harm is not None or found.decision in (ProofDecision.NOT_FIXED, ProofDecision.WORSE):
        return Outcome.FAILED
    fine = found.sound or found.decision in (ProofDecision.NORMALIZED, ProofDecision.IMPROVED)
    return Outcome.PASSED if fine else Outcome.INCONCLUSIVE


def _kept(before: Path, after: Path) -> list[EvidenceFile]:
    return [evidence_file(name, path) for name, path in (("before", before), ("after", after)) if path.exists()]


def _checks(found: leakdoc.Guarded) -> list[EvidenceValue]:
    checks = [] if found.proof is None else found.proof.checks
    return [EvidenceValue(name=f"check {each.name}", value=f"{each.outcome}: {each.reason}") for each in checks]
