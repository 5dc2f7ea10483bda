"""``leakdoc.add_monitoring``: alert rules put in place, as a file or by the user's own hook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from leakdoc.errors import StepError, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, evidence_file, step
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

_NAME = "add_monitoring"


def _probe(ctx: StepContext, **given: Any) -> StepResult | bool | None:
    """A file is there as it was to be written; a hook answers for itself."""
    file: Path | None = given.get("file")
    if file is None:
        return probe_hook(_NAME)(ctx, **given)
    return file.is_file() and file.read_text(encoding="utf-8") == given.get("rules")


def _kept(file: Path) -> Path:
    """Where the rules that stood there before are: a run that is killed in the middle knows of them by this alone."""
    return file.with_name(f".{file.name}.before")


def _keep(file: Path) -> str | None:
    """Keep what stands there before it is replaced, and return it."""
    if not file.is_file():
        _kept(file).unlink(missing_ok=True)
        return None
    previous = file.read_text(encoding="utf-8")
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(previous, encoding="utf-8")
    beside.replace(_kept(file))
    return previous


def _undo(ctx: StepContext, **given: Any) -> StepResult:
    file: Path | None = given.get("file")
    if file is None:
        return undo_hook(_NAME)(ctx, **given)
    if file.is_file() and file.read_text(encoding="utf-8") != given.get("rules"):
        raise StepError(f"{file} was changed since it was written; it is left as it is")
    kept = _kept(file)
    if kept.is_file():
        kept.replace(file)
    else:
        file.unlink(missing_ok=True)
    return StepResult(outcome=Outcome.PASSED, reason=f"{file} is as it was")


@step(
    "leakdoc.add_monitoring", effect="write", timeout_s=600, probe=_probe, undo=_undo, outputs=("applied", "previous")
)
def add_monitoring(
    ctx: StepContext,
    *,
    rules: Annotated[str | None, Param(help="the alert rules, as Prometheus reads them")] = None,
    file: Annotated[Path | None, Param(help="where they are written to, where no hook takes them")] = None,
    service: Annotated[str | None, Param(help="the service")] = None,
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> StepResult:
    """Put alert rules in place, so that the next time somebody is told before it hurts."""
    del probe_command, undo_command
    if rules is None:
        return StepResult(
            outcome=Outcome.SKIPPED, reason="no rules were given", outputs={"applied": None, "previous": None}
        )
    given = {"rules": rules, "service": service, "evidence": evidence, "command": command, "call": call, "env": env}
    outputs: dict[str, Json] = {"applied": rules, "previous": None}
    if file is None:
        return apply_hook(ctx, _NAME, given, outputs)
    if hook_of(_NAME, given).is_given and (command or call):
        raise UsageError("both a file and a hook are given", help="Give one of them.")
    outputs["previous"] = _keep(file)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(rules, encoding="utf-8")
    beside.replace(file)
    return StepResult(
        outcome=Outcome.PASSED,
        reason=f"rules written to {file}",
        outputs=outputs,
        evidence=(evidence_file("rules", file),),
    )
