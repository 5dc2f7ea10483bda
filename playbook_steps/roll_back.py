"""``leakdoc.roll_back``: an earlier revision is put back, by the hook that rolls out; its probe says if it is."""

from __future__ import annotations

from typing import Annotated

from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from playbook_steps.hooking import (
    Call,
    Command,
    Environment,
    Evidence,
    ProbeCommand,
    UndoCommand,
    apply_hook,
    hook_of,
    probe_hook,
    undo_hook,
)

_NAME = "roll_back"


def _hook_of_roll_out(given: dict[str, object]) -> dict[str, object]:
    """Where there is no hook of its own, that of `roll_out` puts back the earlier revision."""
    if hook_of(_NAME, given).is_given:
        return given
    borrowed = hook_of("roll_out", given)
    own = {"command": borrowed.command, "probe_command": borrowed.probe, "undo_command": borrowed.undo}
    return {**given, **{name: value for name, value in own.items() if value}}


@step(
    "leakdoc.roll_back",
    effect="write",
    scope="production",
    timeout_s=1800,
    probe=lambda ctx, **given: probe_hook(_NAME)(ctx, **_hook_of_roll_out(given)),
    undo=lambda ctx, **given: undo_hook(_NAME)(ctx, **_hook_of_roll_out(given)),
    outputs=("revision", "verified"),
)
def roll_back(
    ctx: StepContext,
    *,
    service: Annotated[str, Param(help="the service")],
    revision: Annotated[str, Param(help="what is to run again")],
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Put an earlier revision back into production, and look whether it runs there."""
    given = _hook_of_roll_out(
        {
            "service": service, "revision": revision, "evidence": evidence, "command": command,
            "probe_command": probe_command, "undo_command": undo_command, "call": call, "env": env,
        }
    )  # fmt: skip
    result = apply_hook(ctx, _NAME, given, {"revision": revision, "verified": None})
    if result.outcome is not Outcome.PASSED:
        return result
    answer = probe_hook(_NAME)(ctx, **given)
    is_verified = answer if isinstance(answer, bool | None) else answer.outcome is Outcome.PASSED
    told = {True: "it runs again", False: "it does not run", None: "nothing could tell whether it runs"}[is_verified]
    return StepResult(
        outcome={True: Outcome.PASSED, False: Outcome.FAILED, None: Outcome.INCONCLUSIVE}[is_verified],
        reason=f"{result.reason}; {told}",
        outputs={**result.outputs, "verified": is_verified},
    )
