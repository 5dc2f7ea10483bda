"""A step that the user's hook does, declared by what is its own; the parameters of every hook come with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_type_hints

from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult
from leakdoc.playbook import Step, StepContext, step
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

HandsOn = Callable[[StepContext, Mapping[str, Any]], Mapping[str, Json]]


def hook_parameters(
    *,
    evidence: Evidence = None,
    command: Command = (),
    probe_command: ProbeCommand = (),
    undo_command: UndoCommand = (),
    call: Call = None,
    env: Environment = None,
) -> None:
    """Declare what every step takes that a hook does."""


_HOOKS: Final = tuple(inspect.signature(hook_parameters).parameters.values())


def hooked(
    name: str, *, timeout_s: float, outputs: Sequence[str], hands_on: HandsOn, is_told_early: bool = True
) -> Callable[[Callable[..., None]], Step]:
    """Make a step that changes production out of a declaration: its parameters and its docstring.

    Args:
        name: the step's, without its owner; the hook is named for it.
        outputs: the names of what is handed on.
        hands_on: what is handed on beside what the hook says, given the parameters by their names in Python.
        is_told_early: whether a run says when it begins that there is no hook.
    """

    def register(declared: Callable[..., None]) -> Step:
        parameters = (*inspect.signature(declared).parameters.values(), *_HOOKS)
        defaults = {each.name: each.default for each in parameters if each.default is not each.empty}

        @functools.wraps(declared)
        def done_by_its_hook(ctx: StepContext, **values: Any) -> StepResult:
            given = {**defaults, **values}
            return apply_hook(ctx, name, given, hands_on(ctx, given))

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=StepContext)
        done_by_its_hook.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
        done_by_its_hook.__annotations__ = {
            "ctx": StepContext,
            **get_type_hints(declared, include_extras=True),
            **get_type_hints(hook_parameters, include_extras=True),
            "return": StepResult,
        }
        return step(
            f"leakdoc.{name}",
            effect="write",
            scope="production",
            timeout_s=timeout_s,
            probe=probe_hook(name),
            undo=undo_hook(name),
            outputs=outputs,
            lacks=lacks_hook(name) if is_told_early else None,
        )(done_by_its_hook)

    return register
