"""One step run to its end, within its timeout: whatever happens to it is an outcome with a reason."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.conversion import convert, parameters_of
from leakdoc.playbook.registry import installed
from leakdoc.playbook.step import Act, Step
from leakdoc.redact import inert, without_secrets
from leakdoc.units import format_duration

GRACE_S: Final = 5.0  # for a step to give what it has, once it is told to stop: a watch needs one look
_LONGEST_REASON: Final = 1000
_ASKED_TIME: Final = "for"


def run_step(
    name: str | Step,
    values: Mapping[str, Any],
    ctx: StepContext | None = None,
    *,
    timeout_s: float | None = None,
    act: Act = Act.APPLY,
) -> StepResult:
    """Run one step.

    Args:
        name: of an installed step, or the step itself.
        values: its parameters, as `convert` reads them.
        ctx: null for the system's clock and the current directory. Its `cancelled` is set when time is up.
        timeout_s: instead of the step's own.
        act: which of the step's functions: it itself, its probe or its undo.

    Returns:
        Its result. What goes wrong inside of it is the outcome `error`, with the reason.

    Raises:
        UsageError: there is no such step, or the parameters do not fit, as it is called or as the step itself finds.
        StepError: the step is installed, but cannot be used.
    """
    step = name if isinstance(name, Step) else installed().get(name)
    ctx = ctx or StepContext()
    arguments = convert(step.function, values, earlier=ctx.earlier)
    return _Run(step, arguments, ctx, act).within(limit_of(step, arguments) if timeout_s is None else timeout_s)


class _Run:
    """One call of a step in a thread of its own, so that the caller can stop waiting for it."""

    def __init__(self, step: Step, arguments: dict[str, Any], ctx: StepContext, act: Act) -> None:
        self._step = step
        self._act = act
        self._arguments = arguments
        self._ctx = ctx
        self._result: StepResult | None = None
        self._misuse: UsageError | None = None
        self._thread = threading.Thread(target=self._call, name=f"step {step.name}", daemon=True)

    def within(self, limit_s: float) -> StepResult:
        self._thread.start()
        try:
            self._thread.join(limit_s)
        finally:
            if self._thread.is_alive():
                self._ctx.cancelled.set()
        if not self._thread.is_alive():
            return self._ended()
        self._thread.join(GRACE_S)
        reason = f"did not end within {format_duration(limit_s)}"
        if self._thread.is_alive():
            reason += ", nor when it was told to stop; it may still be at work"
        return _error(self._step, reason, self._result)

    def _ended(self) -> StepResult:
        if self._misuse is not None:
            raise self._misuse
        return self._result or _error(self._step, "ended without a result")

    def _call(self) -> None:
        try:
            self._result = self._step.call(self._ctx, self._arguments, self._act)
        except UsageError as error:
            self._misuse = error
        except LeakdocError as error:
            self._result = _error(self._step, _in_one_line(error))
        except (Exception, SystemExit) as error:
            self._result = _error(self._step, f"failed unexpectedly: {type(error).__name__}: {error}")


def _error(step: Step, reason: str, so_far: StepResult | None = None) -> StepResult:
    return StepResult(
        step=step.name,
        outcome=Outcome.ERROR,
        reason=without_secrets(inert(reason, longest=_LONGEST_REASON)),
        outputs=so_far.outputs if so_far is not None else {},
        evidence=so_far.evidence if so_far is not None else (),
    )


def _in_one_line(error: LeakdocError) -> str:
    return error.message if error.help is None else f"{error.message}. {error.help}"


def limit_of(step: Step, arguments: Mapping[str, Any]) -> float:
    """Return the seconds that a step may take: its own, and what its parameter `for` asks."""
    return step.timeout_s + _asked_time(step, arguments)


def _asked_time(step: Step, arguments: Mapping[str, Any]) -> float:
    """Seconds that the step's own parameter ``for`` asks: a step that is told to look for 10m is given them."""
    for each in parameters_of(step.function):
        if each.name == _ASKED_TIME:
            asked = arguments.get(each.keyword, each.default)
            return float(asked) if isinstance(asked, int | float) else 0.0
    return 0.0
