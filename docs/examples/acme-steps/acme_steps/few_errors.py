"""``acme.few_errors``: whether the service fails few requests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step


@step("acme.few_errors", effect="read", timeout_s=30, outputs=("decision", "samples", "errors"))
def few_errors(
    ctx: StepContext,
    *,
    service: Annotated[Path, Param(help="the service's directory")],
    most: Annotated[int, Param(help="how many failed requests are few")] = 0,
) -> StepResult:
    """Look how many requests fail with what runs now; without numbers it is inconclusive, never a pass."""
    running = (service / "revision").read_text().strip()
    try:
        errors = float((service / f"errors-{running}").read_text())
    except FileNotFoundError:
        outputs = {"decision": "inconclusive", "samples": 0, "errors": None}
        return StepResult(outcome=Outcome.INCONCLUSIVE, reason=f"no errors of {running} were counted", outputs=outputs)
    ctx.progress(f"{running}: {errors:g} errors")
    healthy = not errors > most
    return StepResult(
        outcome=Outcome.PASSED if healthy else Outcome.FAILED,
        reason=f"{errors:g} errors with {running}",
        outputs={"decision": "healthy" if healthy else "worse", "samples": 1, "errors": errors},
    )
