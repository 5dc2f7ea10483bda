"""``leakdoc.capture_heap``: which lines, and which containers, keep what is growing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import leakdoc
from leakdoc.model.decision import Outcome
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import Param, PositiveDuration, StepContext, step


@step("leakdoc.capture_heap", effect="capture", timeout_s=120, outputs=("lines", "holders", "explained", "capture"))
def capture_heap(
    ctx: StepContext,
    *,
    target: Annotated[int | str, Param(help="a pid, or what `leakdoc heap` takes")],
    for_s: Annotated[PositiveDuration, Param(name="for", help="how long to look")] = 10.0,
    keep: Annotated[Path | None, Param(help="a new directory for memray's captures")] = None,
    accept_oom_risk: Annotated[bool, Param(help="go on close to the memory limit, or where it is unknown")] = False,
) -> StepResult:
    """Enter the target for a while, and name the lines that made what grows and the containers that keep it."""
    report = leakdoc.heap(
        target, for_s=for_s, keep=keep, accept_oom_risk=accept_oom_risk, tells=ctx.progress, stop=ctx.cancelled
    )
    document = leakdoc.to_document(report)
    found = bool(report.lines or report.holders)
    return StepResult(
        outcome=Outcome.PASSED if found else Outcome.INCONCLUSIVE,
        reason=report.reason,
        outputs={
            "lines": document["lines"],
            "holders": document["holders"],
            "explained": document["explained"],
            "capture": document["kept"],
        },
        evidence=(EvidenceValue(name="heap", value=document),),
    )
