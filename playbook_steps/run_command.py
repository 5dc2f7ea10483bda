"""``leakdoc.run_command``: a command of the user's own, with the commands that say whether it happened and undo it."""

from __future__ import annotations

from typing import Annotated

from leakdoc.errors import StepError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from leakdoc.playbook.commands import Done, run_command

Command = Annotated[tuple[str, ...], Param(help="the words; with `shell: true`, one script")]
Probe = Annotated[tuple[str, ...], Param(help="tells whether it happened: exit status 0 yes, 1 no, else unknown")]
Undo = Annotated[tuple[str, ...], Param(help="takes it back")]
Environment = Annotated[dict[str, str] | None, Param(help="environment variables; env:NAME and file:PATH are secrets")]
Shell = Annotated[bool, Param(help="a field of the playbook's step: the script is given to /bin/sh")]


def _probe(
    ctx: StepContext,
    *,
    command: Command,
    probe: Probe = (),
    undo: Undo = (),
    env: Environment = None,
    shell: Shell = False,
) -> StepResult | None:
    del command, undo
    if not probe:
        return None
    done = run_command(ctx, probe, shell=shell, secrets=env)
    answers = {0: Outcome.PASSED, 1: Outcome.FAILED}
    return StepResult(
        outcome=answers.get(done.exit_status, Outcome.INCONCLUSIVE),
        reason=f"the probe ended with {done.exit_status}: {done.told}",
        outputs={"exit_status": None, "output": done.output},
    )


def _undo(
    ctx: StepContext,
    *,
    command: Command,
    probe: Probe = (),
    undo: Undo = (),
    env: Environment = None,
    shell: Shell = False,
) -> StepResult:
    del command, probe
    if not undo:
        raise StepError("the step has no undo command")
    return _ended(run_command(ctx, undo, shell=shell, secrets=env))


@step(
    "leakdoc.run_command",
    effect="write",
    scope="production",
    timeout_s=600,
    probe=_probe,
    undo=_undo,
    outputs=("exit_status", "output"),
)
def run_a_command(
    ctx: StepContext,
    *,
    command: Command,
    probe: Probe = (),
    undo: Undo = (),
    env: Environment = None,
    shell: Shell = False,
) -> StepResult:
    """Run a command; it passes with exit status 0."""
    del probe, undo
    return _ended(run_command(ctx, command, shell=shell, secrets=env))


def _ended(done: Done) -> StepResult:
    return StepResult(
        outcome=Outcome.PASSED if done.exit_status == 0 else Outcome.FAILED,
        reason=f"exit status {done.exit_status}: {done.told}",
        outputs={"exit_status": done.exit_status, "output": done.output},
    )
