"""``leakdoc.roll_out``: a revision is put into production, by the user's own hook."""

from __future__ import annotations

from typing import Annotated

from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from leakdoc.units import format_time
from playbook_steps.hooking import (
    Call,
    Command,
    Environment,
    Evidence,
    ProbeCommand,
    UndoCommand,
    apply_hook,
    lacks_hook,
    probe_hook,
    undo_hook,
)


@step(
    "leakdoc.roll_out",
    effect="write",
    scope="production",
    timeout_s=1800,
    probe=probe_hook("roll_out"),
    undo=undo_hook("roll_out"),
    outputs=("revision", "at"),
    lacks=lacks_hook("roll_out"),
)
def roll_out(
    ctx: StepContext,
    *,
    service: Annotated[str, Param(help="the service")],
    revision: Annotated[str, Param(help="what is to run")],
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Put a revision into production."""
    given = {
        "service": service,
        "revision": revision,
        "evidence": evidence,
        "command": command,
        "call": call,
        "env": env,
    }
    del probe_command, undo_command
    return apply_hook(ctx, "roll_out", given, {"revision": revision, "at": format_time(ctx.now())})
