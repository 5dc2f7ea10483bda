"""``leakdoc.mitigate``: relief before the cure, by the user's own hook; what it relieves is not solved by it."""

from __future__ import annotations

from typing import Annotated

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
    probe_hook,
    undo_hook,
)


@step(
    "leakdoc.mitigate",
    effect="write",
    scope="production",
    timeout_s=600,
    probe=probe_hook("mitigate"),
    undo=undo_hook("mitigate"),
    outputs=("applied",),
)
def mitigate(
    ctx: StepContext,
    *,
    service: Annotated[str, Param(help="the service")],
    relief: Annotated[
        str | None, Param(help="what is done: end held sessions, restart one instance, shed load")
    ] = None,
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Relieve production before the cure: end held sessions, restart one instance, shed load."""
    del probe_command, undo_command
    given = {
        "service": service,
        "relief": relief,
        "evidence": evidence,
        "command": command,
        "call": call,
        "env": env,
    }
    return apply_hook(ctx, "mitigate", given, {"applied": relief})
