"""``leakdoc.human_task``: something that a person does, and what they say of it."""

from __future__ import annotations

from typing import Annotated

from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step


@step("leakdoc.human_task", effect="write", scope="production", timeout_s=86_400, idempotent=True, outputs=("answer",))
def human_task(
    ctx: StepContext,
    *,
    task: Annotated[str, Param(help="what is to be done")],
    answer: Annotated[str | None, Param(help="what the person has answered already")] = None,
) -> StepResult:
    """Ask a person to do something; without anybody to ask it waits."""
    said = answer or ctx.ask(task)
    if said is None or not said.strip():
        return StepResult(outcome=Outcome.WAITING, reason=f"a person has to: {task}", outputs={"answer": None})
    if said.strip().lower() in ("no", "n", "failed"):
        return StepResult(outcome=Outcome.FAILED, reason=f"the person said: {said}", outputs={"answer": said.strip()})
    return StepResult(outcome=Outcome.PASSED, reason="done by a person", outputs={"answer": said.strip()})
