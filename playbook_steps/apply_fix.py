"""``leakdoc.apply_fix``: the fix, made by the user's hook or by a person."""

from __future__ import annotations

from typing import Annotated, Any

from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from playbook_steps.hooking import (
    Call,
    Command,
    Environment,
    ProbeCommand,
    UndoCommand,
    apply_hook,
    hook_of,
    probe_hook,
    undo_hook,
)


@step(
    "leakdoc.apply_fix",
    effect="write",
    timeout_s=3600,
    probe=probe_hook("apply_fix"),
    undo=undo_hook("apply_fix"),
    outputs=("revision", "diff"),
)
def apply_fix(
    ctx: StepContext,
    *,
    places: Annotated[Any, Param(help="where the code is that leaks, as locate_code says")] = None,
    advice: Annotated[Any, Param(help="what earlier steps advise")] = None,
    revision: Annotated[str | None, Param(help="the fixed revision, where the fix is made already")] = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Make the fix: as the hook does, or a person, who names its revision; without either it waits."""
    del probe_command, undo_command
    if revision:
        outputs: dict[str, Json] = {"revision": revision, "diff": None}
        return StepResult(outcome=Outcome.PASSED, reason=f"{revision} is fixed already", outputs=outputs)
    given = {"places": places, "advice": advice, "command": command, "call": call, "env": env}
    if hook_of("apply_fix", given).is_given:
        result = apply_hook(ctx, "apply_fix", given, {"revision": None, "diff": None})
        if result.outcome is Outcome.PASSED and not result.outputs.get("revision"):
            told = 'the hook named no revision: it prints {"revision": …, "diff": …} as its last line'
            return StepResult(outcome=Outcome.FAILED, reason=told, outputs=result.outputs)
        return result
    where = f" at {str(places)[:400]}" if places else ""
    answer = ctx.ask(f"Fix what leaks{where}; which revision has the fix?")
    if not answer:
        told = f"a person has to make the fix{where} and name its revision"
        return StepResult(outcome=Outcome.WAITING, reason=told, outputs={"revision": None, "diff": None})
    return StepResult(
        outcome=Outcome.PASSED, reason=f"{answer} has the fix", outputs={"revision": answer, "diff": None}
    )
