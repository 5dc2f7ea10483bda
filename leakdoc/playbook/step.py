"""The step contract: one typed function, with what it does to the world declared beside it."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from leakdoc.errors import StepError
from leakdoc.model.decision import Decision, Outcome
from leakdoc.model.documents import plain
from leakdoc.model.finding import Json
from leakdoc.model.step import Effect, EvidenceValue, Scope, StepResult
from leakdoc.playbook.context import StepContext
from leakdoc.redact import inert

StepFunction = Callable[..., StepResult]
Lacks = Callable[[Mapping[str, Any]], "str | None"]
Probe = Callable[..., "bool | StepResult | None"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
NOT_FINITE: Final = "numbers that are not finite"
_LONGEST_REASON: Final = 2000  # characters: a reason is for a person to read


class Act(StrEnum):
    """Which of a step's three functions is meant."""

    APPLY = "apply"
    PROBE = "probe"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step, ready to be called like the function that it is made of.

    Args:
        name: the owner's prefix and the step's own name, e.g. ``leakdoc.detect_growth``.
        function: ``(ctx, *, ...) -> StepResult``; of a step that writes, the one that applies the change.
        effect: what it does.
        scope: where that is felt.
        timeout_s: how long it may take, beside what a parameter `for` of its own asks.
        probe: of a step that writes, whether the change has happened; called with the same parameters. True, False,
            null where it cannot tell, or a result, whose outputs then stand for those of the step.
        undo: of a step that writes, takes the change back; called with the same parameters.
        idempotent: running it twice leaves the world as running it once does.
        outputs: the names of what it hands on; null where it does not say.
        lacks: given the parameters as a playbook has them, says what the environment lacks for it; null where nothing.
    """

    name: str
    function: StepFunction
    effect: Effect
    scope: Scope
    timeout_s: float
    probe: Probe | None = None
    undo: StepFunction | None = None
    idempotent: bool = False
    outputs: tuple[str, ...] | None = None
    lacks: Lacks | None = None

    def takes(self, name: str) -> bool:
        """Say whether the step has a parameter, by the name that callers outside of Python use."""
        from leakdoc.playbook.conversion import parameters_of

        return any(each.name == name for each in parameters_of(self.function))

    @property
    def summary(self) -> str:
        """The first paragraph of the function's docstring, on one line."""
        return " ".join((inspect.getdoc(self.function) or "").partition("\n\n")[0].split())

    def __call__(self, ctx: StepContext | None = None, /, **values: Any) -> StepResult:
        """Run the step here and now, without its timeout.

        Args:
            ctx: null for the system's clock and the current directory.
            values: parameters by name, as Python values or as the text that a command line gives.

        Raises:
            UsageError: parameters are missing, unknown or of the wrong type; all are named.
            LeakdocError: the step could not do what it is for.
        """
        from leakdoc.playbook.conversion import convert

        ctx = ctx or StepContext()
        return self.call(ctx, convert(self.function, values, earlier=ctx.earlier))

    def call(self, ctx: StepContext, arguments: dict[str, Any], act: Act = Act.APPLY) -> StepResult:
        """Run the step, or ask its probe, or take it back, with arguments that are converted already.

        A probe's result is `passed` where the change has happened, `failed` where it has not, `inconclusive` where
        that cannot be told.

        Raises:
            StepError: what it returned is not a result, or it has no such function.
        """
        if act is Act.APPLY:
            return _checked(self.name, self.function(ctx, **arguments))
        function = self.probe if act is Act.PROBE else self.undo
        if function is None:
            raise StepError(f"step {self.name} has no {act}")
        answer = function(ctx, **arguments)
        return _checked(self.name, _of_a_probe(answer) if act is Act.PROBE else answer)


def step(
    name: str,
    *,
    effect: Effect | str,
    timeout_s: float,
    scope: Scope | str = Scope.NONE,
    probe: Probe | None = None,
    undo: StepFunction | None = None,
    idempotent: bool = False,
    outputs: Sequence[str] | None = None,
    lacks: Lacks | None = None,
) -> Callable[[StepFunction], Step]:
    """Make a step out of a function ``(ctx: StepContext, *, ...) -> StepResult`` with annotated parameters.

    Args:
        name: lower case, with the owner's prefix: ``acme.restart_worker``.
        effect: ``read``, ``capture``, ``notify`` or ``write``.
        timeout_s: how long it may take, beside what a parameter `for` of its own asks.
        scope: ``none``, ``staging`` or ``production``.
        probe: tells whether the change has happened; a step that writes needs it.
        undo: takes the change back; a step that writes needs it.
        idempotent: running it twice leaves the world as running it once does; then neither is needed.
        outputs: the names of what it hands on, so that a playbook that refers to another is refused.
        lacks: given the parameters as a playbook has them, says what the environment lacks for it, so that a person is
            told when a run begins, and not when it has come that far.

    Raises:
        StepError: the declaration breaks the contract.
    """

    def register(function: StepFunction) -> Step:
        try:
            made = Step(
                name=name,
                function=function,
                effect=Effect(effect),
                scope=Scope(scope),
                timeout_s=timeout_s,
                probe=probe,
                undo=undo,
                idempotent=idempotent,
                outputs=None if outputs is None else tuple(outputs),
                lacks=lacks,
            )
        except ValueError as error:
            raise StepError(f"step {name}: {error}") from None
        _refuse_what_breaks_the_contract(made)
        return made

    return register


def outcome_of(decision: Decision) -> Outcome:
    """Return how a detection step ends that nothing was expected of: passed once it has decided."""
    return Outcome.INCONCLUSIVE if decision is Decision.INCONCLUSIVE else Outcome.PASSED


def _refuse_what_breaks_the_contract(made: Step) -> None:
    problem = next((problem for rule in RULES if (problem := rule(made)) is not None), None)
    if problem is not None:
        raise StepError(f"step {made.name!r} {problem}", help="docs/steps.md says how a step is written.")


def _is_named_with_a_prefix(made: Step) -> str | None:
    if _NAME.fullmatch(made.name):
        return None
    return "is not named like acme.restart_worker: lower case, with its owner's prefix"


def _may_take_some_time(made: Step) -> str | None:
    return None if made.timeout_s > 0 else "has a timeout that is not above 0"


def _takes_a_context_and_named_parameters(made: Step) -> str | None:
    declared = list(inspect.signature(made.function).parameters.values())
    if not declared or declared[0].kind not in (declared[0].POSITIONAL_ONLY, declared[0].POSITIONAL_OR_KEYWORD):
        return "does not take the context as its first argument"
    wrong = [each.name for each in declared[1:] if each.kind is not each.KEYWORD_ONLY or each.annotation is each.empty]
    return f"has parameters that are not keyword-only and annotated: {', '.join(wrong)}" if wrong else None


def _can_be_taken_back_when_it_writes(made: Step) -> str | None:
    if made.effect is not Effect.WRITE or made.idempotent or (made.probe and made.undo):
        return None
    return "writes, and so needs `probe` and `undo`, or to be idempotent"


RULES: Final[tuple[Callable[[Step], str | None], ...]] = (
    _is_named_with_a_prefix,
    _may_take_some_time,
    _takes_a_context_and_named_parameters,
    _can_be_taken_back_when_it_writes,
)


def _of_a_probe(answer: Any) -> Any:
    if answer is None:
        return StepResult(outcome=Outcome.INCONCLUSIVE, reason="cannot tell whether the change has happened")
    if isinstance(answer, bool):
        outcome = Outcome.PASSED if answer else Outcome.FAILED
        return StepResult(outcome=outcome, reason=f"the change has {'' if answer else 'not '}happened")
    return answer


def not_finite(value: Any, name: str = "") -> Iterator[str]:
    """Yield the names of numbers in outputs that are not finite, and so became null."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from not_finite(each, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from not_finite(each, f"{name}.{index}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield name


def _checked(name: str, result: Any) -> StepResult:
    if not isinstance(result, StepResult):
        raise StepError(f"step {name} returned {type(result).__name__}, not a StepResult")
    outputs = plain(result.outputs)
    evidence = result.evidence
    if lost := list(not_finite(result.outputs)):
        evidence = (*evidence, EvidenceValue(name=NOT_FINITE, value=list[Json](lost)))
    try:
        json.dumps(outputs)
        outcome = Outcome(result.outcome)
    except (TypeError, ValueError) as error:
        raise StepError(f"step {name} returned what JSON cannot hold, or no known outcome: {error}") from None
    reason = inert(result.reason, longest=_LONGEST_REASON)
    return replace(result, step=name, outcome=outcome, reason=reason, outputs=outputs, evidence=evidence)
