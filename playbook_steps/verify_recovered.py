"""``leakdoc.verify_recovered``: are latency, errors, waiters and connections back at their baseline?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome, ProofDecision
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import Duration, Earlier, Param, PositiveDuration, StepContext, evidence_file, step
from leakdoc.units import parse_time
from playbook_steps.recordings import recordings_in
from playbook_steps.sampling import sample, stamp
from playbook_steps.verify_normalized import OUTCOMES

NOTHING_TO_COME_BACK_TO: Final = (
    "it is not known what to come back to: give `baseline`, samples from before the incident, or `started_at`, "
    "where the samples of the incident reach back to before it"
)
_UNDECIDED: Final = {"proof": None, "decision": str(ProofDecision.INCONCLUSIVE)}


@step("leakdoc.verify_recovered", effect="read", timeout_s=120)
def verify_recovered(
    ctx: StepContext,
    *,
    before: Annotated[tuple[Earlier, ...], Param(help="samples of the incident, and best of the time before it")],
    after: Annotated[tuple[Earlier, ...], Param(help="samples since the cure; without them, give a target")] = (),
    target: Annotated[int | str | None, Param(help="the subject, to be sampled now")] = None,
    started_at: Annotated[str | None, Param(help="when the incident began; what came before is the baseline")] = None,
    baseline: Annotated[tuple[Earlier, ...], Param(help="samples from before the incident, if they are apart")] = (),
    metrics: Annotated[tuple[str, ...], Param(help="columns to judge; by default every level that is no memory")] = (),
    for_s: Annotated[Duration, Param(name="for", help="how long the target is sampled")] = 600.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 1.0,
    proof: Annotated[Path | None, Param(help="where to; by default a new file in the step's directory")] = None,
) -> StepResult:
    """Prove, or refuse to prove, that what an incident lifted is back at its baseline.

    Latency, the share of requests that fail, pool waiters, connections: every level in the samples that stood out
    during the incident must be back, at 95 %, and stay.
    """
    old, quiet, new = (recordings_in(given) for given in (before, baseline, after))
    if len(old) != 1:
        raise UsageError(f"before names {len(old)} recordings", help="Give the one of the incident.")
    if len(new) > 1 or len(quiet) > 1:
        raise UsageError("after and baseline take one recording each", help="Leave out the others.")
    if not quiet and started_at is None:
        return StepResult(outcome=Outcome.INCONCLUSIVE, reason=NOTHING_TO_COME_BACK_TO, outputs=_UNDECIDED)
    if not new:
        if target is None:
            raise UsageError("after names no recording, and there is no target to sample", help="Give either.")
        new = [sample(ctx, target, for_s=for_s, interval_s=interval_s, record=None, stop_when_decided=False)[1]]
    made = leakdoc.verify_recovered(
        old[0], new[0], incident_at=_instant(started_at), baseline=quiet[0] if quiet else None,
        metrics=list(metrics) or None,
    )  # fmt: skip
    file = leakdoc.write_proof(made, proof or ctx.directory / f"recovery-{stamp(ctx)}.json")
    return StepResult(
        outcome=OUTCOMES.get(made.decision, Outcome.FAILED),
        reason=made.reason,
        outputs={"proof": str(file), "decision": str(made.decision)},
        evidence=(
            evidence_file("proof", file),
            *(evidence_file(name, path) for name, path in (("before", old[0]), ("after", new[0]))),
            *(EvidenceValue(name=f"check {each.name}", value=f"{each.outcome}: {each.reason}") for each in made.checks),
        ),
    )


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise UsageError("started_at is no time", help="Write it like 2026-11-23T03:12:00Z.") from None
