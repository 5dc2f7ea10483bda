"""``leakdoc.tune_pool``: a connection pool's settings, changed by the user's own hook."""

from __future__ import annotations

from typing import Annotated, Any

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
    lacks_hook,
    probe_hook,
    undo_hook,
)


@step(
    "leakdoc.tune_pool",
    effect="write",
    scope="production",
    timeout_s=600,
    probe=probe_hook("tune_pool"),
    undo=undo_hook("tune_pool"),
    outputs=("applied", "previous"),
    lacks=lacks_hook("tune_pool"),
)
def tune_pool(
    ctx: StepContext,
    *,
    service: Annotated[str, Param(help="the service")],
    settings: Annotated[Any, Param(help='the settings that are wanted, such as {"size": 20}')] = None,
    peer: Annotated[str | None, Param(help="the other end")] = None,
    advice: Annotated[Any, Param(help="what earlier steps advise")] = None,
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Change a connection pool's settings.

    A hook that prints {"previous": …} says what held before, for its undo.
    """
    del probe_command, undo_command
    given = {
        "service": service, "settings": settings, "peer": peer, "advice": advice, "evidence": evidence,
        "command": command, "call": call, "env": env,
    }  # fmt: skip
    return apply_hook(ctx, "tune_pool", given, {"applied": settings, "previous": None})
