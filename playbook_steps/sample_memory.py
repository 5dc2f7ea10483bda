"""``leakdoc.sample_memory``: watch a process and keep every sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import leakdoc
from leakdoc.model.decision import Outcome
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import Duration, Param, PositiveDuration, StepContext, evidence_file, step
from playbook_steps.sampling import sample


@step("leakdoc.sample_memory", effect="read", timeout_s=60, outputs=("recording", "decision"))
def sample_memory(
    ctx: StepContext,
    *,
    target: Annotated[int | str, Param(help="the process: a pid")],
    for_s: Annotated[Duration, Param(name="for", help="how long at most; what is decided ends it sooner")] = 600.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 1.0,
    whole: Annotated[bool, Param(help="sample for all of that time, whatever is decided sooner")] = False,
    record: Annotated[Path | None, Param(help="the recording; by default a new file in the step's directory")] = None,
) -> StepResult:
    """Watch a process, keep every sample in a recording, and say what they show.

    It passes once samples are kept, whatever they show.
    """
    watched, path = sample(ctx, target, for_s=for_s, interval_s=interval_s, record=record, stop_when_decided=not whole)
    diagnosis = watched.diagnosis
    return StepResult(
        outcome=Outcome.PASSED,
        reason=f"{diagnosis.window.samples} samples kept; {diagnosis.decision} so far: {diagnosis.reason}",
        outputs={"recording": str(path), "decision": str(diagnosis.decision)},
        evidence=(
            evidence_file("recording", path),
            EvidenceValue(name="diagnosis", value=leakdoc.to_document(diagnosis)),
        ),
    )
