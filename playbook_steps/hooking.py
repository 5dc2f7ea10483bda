"""Hooks: the command, or the Python callable, by which the user's environment does what a step is for.

A hook is given by the step's parameters, or by environment variables that hold argv lists as JSON:
``LEAKDOC_HOOK_ROLL_OUT``, ``LEAKDOC_HOOK_ROLL_OUT_PROBE``, ``LEAKDOC_HOOK_ROLL_OUT_UNDO``. A command is told everything
as JSON on its standard input, and what is a single value as ``LEAKDOC_REVISION`` and its like; what it prints as a JSON
object on its last line is handed on. A callable, ``module:name``, is called with a `HookRequest`; its attributes
`probe` and `undo`, where it has them, are called in the same way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

from leakdoc.errors import StepError, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext
from leakdoc.playbook.commands import Done, run_command

Command = Annotated[tuple[str, ...], Param(help="the command that does it; default: the hook of the environment")]
ProbeCommand = Annotated[
    tuple[str, ...], Param(name="probe", help="did it happen? exit status 0 yes, 1 no, else unknown")
]
UndoCommand = Annotated[tuple[str, ...], Param(name="undo", help="the command that takes it back")]
Call = Annotated[str | None, Param(help="a Python callable in place of commands: module:name")]
Environment = Annotated[dict[str, str] | None, Param(help="environment variables; env:NAME and file:PATH are secrets")]
Evidence = Annotated[Any, Param(help="what the change rests on; it is handed to the hook")]
VARIABLE: Final = "LEAKDOC_HOOK_"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """What a hook is told.

    Args:
        act: ``apply``, ``probe`` or ``undo``.
        parameters: the step's, without those of the hook itself.
        applied: of an undo, what the step handed on; null where that is unknown.
        back_to: of an undo, what the playbook goes back to.
    """

    step: str
    act: str
    parameters: Mapping[str, Any]
    applied: Mapping[str, Json] | None = None
    back_to: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One step's hook: three commands, or a callable."""

    name: str
    command: tuple[str, ...]
    probe: tuple[str, ...]
    undo: tuple[str, ...]
    call: str | None
    environment: Mapping[str, str] | None

    @property
    def is_given(self) -> bool:
        """Whether anything can do what the step is for."""
        return bool(self.command or self.call)


def hook_of(name: str, given: Mapping[str, Any]) -> Hook:
    """Return a step's hook: of its parameters, else of the environment."""
    call = given.get("call")
    command = tuple(given.get("command") or ()) or (() if call else words_in_environment(name.upper()))
    return Hook(
        name=name,
        command=command,
        probe=tuple(given.get("probe_command") or ()) or words_in_environment(f"{name.upper()}_PROBE"),
        undo=tuple(given.get("undo_command") or ()) or words_in_environment(f"{name.upper()}_UNDO"),
        call=call,
        environment=given.get("env"),
    )


def lacks_hook(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    """Return the function that says that a step has no hook here; null where it has one, or needs none."""

    def lacks(given: Mapping[str, Any]) -> str | None:
        if given.get("command") or given.get("call") or (given.get("revision") and name == "record_rollback_point"):
            return None
        try:
            found = words_in_environment(name.upper())
        except UsageError as error:
            return error.message
        return None if found else f"there is no hook: set {VARIABLE}{name.upper()}"

    return lacks


def apply_hook(ctx: StepContext, name: str, given: Mapping[str, Any], outputs: Mapping[str, Json]) -> StepResult:
    """Do what the step is for.

    Args:
        given: the step's parameters, by their names in Python.
        outputs: what is handed on beside what the hook says.

    Raises:
        UsageError: there is no hook.
    """
    hook = hook_of(name, given)
    request = _request(ctx, name, "apply", given)
    if hook.call is not None:
        answer = _callable(hook.call)(request)
        said = dict(answer) if isinstance(answer, Mapping) else {}
        return _passed(f"{hook.call} has done it", {**outputs, **said})
    if not hook.command:
        told = f"Give `command`, `call`, or set {VARIABLE}{name.upper()} to a JSON list of words."
        raise UsageError(f"nothing here can do {name}: there is no hook", help=told)
    done = _run(ctx, hook, hook.command, request)
    if done.exit_status != 0:
        return _failed(f"{hook.command[0]} ended with {done.exit_status}: {done.told}", outputs)
    return _passed(f"{hook.command[0]} has done it: {done.told}", {**outputs, **_said(done)})


def probe_hook(name: str) -> Callable[..., StepResult | bool | None]:
    """Return the function that asks a hook's probe."""

    def probe(ctx: StepContext, **given: Any) -> StepResult | bool | None:
        hook = hook_of(name, given)
        request = _request(ctx, name, "probe", given)
        if hook.call is not None:
            asked = getattr(_callable(hook.call), "probe", None)
            return None if asked is None else asked(request)
        if not hook.probe:
            return None
        done = _run(ctx, hook, hook.probe, request)
        outcome = {0: Outcome.PASSED, 1: Outcome.FAILED}.get(done.exit_status, Outcome.INCONCLUSIVE)
        outputs = {**{key: value for key, value in request.parameters.items() if key == "revision"}, **_said(done)}
        return StepResult(
            outcome=outcome, reason=f"the probe ended with {done.exit_status}: {done.told}", outputs=outputs
        )

    return probe


def undo_hook(name: str) -> Callable[..., StepResult]:
    """Return the function that takes a hook's change back."""

    def undo(ctx: StepContext, **given: Any) -> StepResult:
        hook = hook_of(name, given)
        request = _request(ctx, name, "undo", given)
        if hook.call is not None:
            taken_back = getattr(_callable(hook.call), "undo", None)
            if taken_back is None:
                raise StepError(f"{hook.call} has no undo")
            taken_back(request)
            return _passed(f"{hook.call} has taken it back", {})
        command = hook.undo or _again_with_what_it_goes_back_to(hook, request)
        done = _run(ctx, hook, command, request)
        told = f"{command[0]} ended with {done.exit_status}: {done.told}"
        return _passed(told, _said(done)) if done.exit_status == 0 else _failed(told, {})

    return undo


def _again_with_what_it_goes_back_to(hook: Hook, request: HookRequest) -> tuple[str, ...]:
    """The command itself, where it takes the revision from its environment, and there is one to go back to."""
    revision = request.parameters.get("revision")
    is_told = isinstance(request.back_to, str) and isinstance(revision, str)
    if not hook.command or not is_told or any(str(revision) in word for word in hook.command):
        raise StepError(f"{hook.name} has no undo", help=f"Give `undo`, or set {VARIABLE}{hook.name.upper()}_UNDO.")
    return hook.command


def _run(ctx: StepContext, hook: Hook, command: tuple[str, ...], request: HookRequest) -> Done:
    parameters = dict(request.parameters)
    if request.act == "undo" and isinstance(request.back_to, str):
        parameters["revision"] = request.back_to
    told = {
        "step": request.step,
        "act": request.act,
        "parameters": parameters,
        "applied": None if request.applied is None else dict(request.applied),
        "back_to": request.back_to,
    }
    singles = {
        f"LEAKDOC_{key.upper()}": str(value)
        for key, value in parameters.items()
        if isinstance(value, str | int | float)
    }
    environment = {**singles, "LEAKDOC_ACT": request.act}
    return run_command(
        ctx, command, environment=environment, secrets=hook.environment, given=json.dumps(told, default=str).encode()
    )


def _request(ctx: StepContext, name: str, act: str, given: Mapping[str, Any]) -> HookRequest:
    own = ("command", "probe_command", "undo_command", "call", "env")
    return HookRequest(
        step=f"leakdoc.{name}",
        act=act,
        parameters={key: value for key, value in given.items() if key not in own},
        applied=None if ctx.applied is None else ctx.applied.outputs,
        back_to=ctx.back_to,
    )


def words_in_environment(name: str) -> tuple[str, ...]:
    text = os.environ.get(VARIABLE + name)
    if not text:
        return ()
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(each, str) for each in words):
        raise UsageError(f'{VARIABLE}{name} is no JSON list of words, such as ["./deploy.sh"]')
    return tuple(words)


def _callable(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise UsageError("call takes module:name")
    try:
        found = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"cannot find the hook {name}: {error}") from None
    if not callable(found):
        raise UsageError(f"the hook {name} cannot be called")
    return found


def _said(done: Done) -> dict[str, Json]:
    """The JSON object on a command's last line; nothing where there is none."""
    lines = done.output.strip().splitlines()
    try:
        said = json.loads(lines[-1]) if lines else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _passed(reason: str, outputs: Mapping[str, Json]) -> StepResult:
    return StepResult(outcome=Outcome.PASSED, reason=reason, outputs=outputs)


def _failed(reason: str, outputs: Mapping[str, Json]) -> StepResult:
    return StepResult(outcome=Outcome.FAILED, reason=reason, outputs=outputs)
