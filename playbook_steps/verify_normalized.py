"""``leakdoc.verify_normalized``: is everything that leaked before the rollout shown to be gone after it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome, ProofDecision
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import Duration, Earlier, Param, PositiveDuration, StepContext, evidence_file, step
from playbook_steps.channels import Word, faults, why_open, words_in, words_of
from playbook_steps.recordings import Given, recordings_in
from playbook_steps.sampling import sample, stamp

WORST_FIRST: Final = (
    ProofDecision.WORSE,
    ProofDecision.NOT_FIXED,
    ProofDecision.IMPROVED,
    ProofDecision.INCONCLUSIVE,
    ProofDecision.NORMALIZED,
)
OUTCOMES: Final = {ProofDecision.NORMALIZED: Outcome.PASSED, ProofDecision.INCONCLUSIVE: Outcome.INCONCLUSIVE}


@step("leakdoc.verify_normalized", effect="read", timeout_s=120, outputs=("proof", "decision"))
def verify_normalized(
    ctx: StepContext,
    *,
    before: Annotated[tuple[Earlier, ...], Param(help="recordings, or results of steps, from before the rollout")],
    after: Annotated[
        tuple[Earlier, ...], Param(help="the same from after it; without a recording, give a target")
    ] = (),
    target: Annotated[int | str | None, Param(help="the rolled-out process, to be sampled now: a pid")] = None,
    for_s: Annotated[Duration, Param(name="for", help="how long the target is sampled")] = 600.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 1.0,
    proof: Annotated[Path | None, Param(help="where to; by default a new file in the step's directory")] = None,
) -> StepResult:
    """Prove, or refuse to prove, that every channel that leaked before the rollout is normalized after it.

    Memory, connections, descriptors and threads: as long as one of those that leaked is unproven, it does not pass.
    """
    old = recordings_in(before)
    if not old:
        raise UsageError("before names no recording", help="Give the result of sample_memory, or a recording.")
    new = _recording_after(ctx, after, target, for_s, interval_s)
    proofs = sorted((leakdoc.verify(path, new) for path in old), key=lambda each: WORST_FIRST.index(each.decision))
    files = _written(ctx, proofs, proof)
    decision, reason = _decide(proofs, before, after)
    return StepResult(
        outcome=OUTCOMES.get(decision, Outcome.FAILED),
        reason=reason,
        outputs={"proof": str(files[0]), "decision": str(decision)},
        evidence=(
            *(evidence_file("proof", path) for path in files),
            *(evidence_file("before", path) for path in old),
            evidence_file("after", new),
            *_checks(proofs),
        ),
    )


def _decide(proofs: Sequence[leakdoc.Proof], before: Given, after: Given) -> tuple[ProofDecision, str]:
    """Return the worst proof's decision; `normalized` only when nothing that earlier steps found is left open."""
    worst = proofs[0]
    if worst.decision is not ProofDecision.NORMALIZED:
        return worst.decision, worst.reason
    later = [*words_in(worst.after.findings), *_words(after)]
    proven = {column for each in proofs for column in _leaked(each)}
    claimed = [word for word in faults(_words(before)) if word.column not in proven]
    open_ones = [why for word in claimed if (why := why_open(word, later)) is not None]
    if not open_ones:
        return worst.decision, worst.reason
    leaking = any(still for still, _ in open_ones)
    told = "; ".join(reason for _, reason in open_ones)
    return ProofDecision.NOT_FIXED if leaking else ProofDecision.INCONCLUSIVE, f"not all is proven: {told}"


def _words(results: Given) -> Iterable[Word]:
    return [word for each in results if isinstance(each, StepResult) for word in words_of(each)]


def _leaked(proof: leakdoc.Proof) -> list[str]:
    """The columns that a proof took for leaks of before, and so has held against after."""
    for check in proof.checks:
        channels = check.numbers.get("channels") if check.name == "before_leaked" else None
        if isinstance(channels, list):
            return [str(each) for each in channels]
    return []


def _recording_after(ctx: StepContext, after: Given, target: int | str | None, for_s: float, interval_s: float) -> Path:
    found = recordings_in(after)
    if len(found) > 1:
        raise UsageError(f"after names {len(found)} recordings", help="Give the one of the rolled-out process.")
    if found:
        return found[0]
    if target is None:
        raise UsageError("after names no recording, and there is no target to sample", help="Give either.")
    _, path = sample(ctx, target, for_s=for_s, interval_s=interval_s, record=None, stop_when_decided=False)
    return path


def _written(ctx: StepContext, proofs: Sequence[leakdoc.Proof], wanted: Path | None) -> list[Path]:
    first = wanted or ctx.directory / f"proof-{stamp(ctx)}.json"
    paths = [first if not index else first.with_stem(f"{first.stem}-{index + 1}") for index in range(len(proofs))]
    return [leakdoc.write_proof(each, path) for each, path in zip(proofs, paths, strict=True)]


def _checks(proofs: Sequence[leakdoc.Proof]) -> list[EvidenceValue]:
    return [
        EvidenceValue(name=f"check {check.name}", value=f"{check.outcome}: {check.reason}")
        for check in proofs[0].checks
    ]
