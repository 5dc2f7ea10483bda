"""``leakdoc.record_rollback_point``: which revision runs now, so that there is something to go back to."""

from __future__ import annotations

from typing import Annotated

from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from playbook_steps.hooking import Call, Command, Environment, apply_hook, hook_of, lacks_hook


@step(
    "leakdoc.record_rollback_point",
    effect="read",
    timeout_s=120,
    outputs=("revision",),
    lacks=lacks_hook("record_rollback_point"),
)
def record_rollback_point(
    ctx: StepContext,
    *,
    service: Annotated[str, Param(help="the service")],
    revision: Annotated[str | None, Param(help="what runs now, where that is known")] = None,
    command: Command = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Record what runs now: as given, or as the hook prints it as {"revision": …} or as its last line."""
    if revision:
        return StepResult(outcome=Outcome.PASSED, reason=f"{revision} as given", outputs={"revision": revision})
    given = {"service": service, "command": command, "call": call, "env": env}
    if not hook_of("record_rollback_point", given).is_given:
        told = "Give `revision`, or set LEAKDOC_HOOK_RECORD_ROLLBACK_POINT to a command that prints it."
        raise UsageError("it is not known which revision runs now", help=told)
    result = apply_hook(ctx, "record_rollback_point", given, {"revision": None})
    if result.outcome is not Outcome.PASSED:
        return result
    found = result.outputs.get("revision") or result.reason.rpartition(": ")[2].strip()
    if not isinstance(found, str) or not found or found == "it wrote nothing":
        return StepResult(outcome=Outcome.FAILED, reason="the hook named no revision", outputs={"revision": None})
    return StepResult(outcome=Outcome.PASSED, reason=f"{found} runs now", outputs={"revision": found})
