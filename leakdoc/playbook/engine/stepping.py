"""One step of the list: whether it may run, its intent, its result held against what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.journal import EventType
from leakdoc.model.step import Effect, StepResult
from leakdoc.playbook.engine.approving import approve
from leakdoc.playbook.engine.binding import bound, values_for
from leakdoc.playbook.engine.pausing import pause, wait
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.settling import is_applied_after_an_error
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.references import dig
from leakdoc.playbook.review import is_to_be_reviewed
from leakdoc.redact import inert
from leakdoc.units import parse_duration


def run_next(runner: Runner) -> Stop | None:
    """Run the next step of the list, or say why not."""
    spec = runner.state.flow.next
    assert spec is not None
    if runner.effect_of(spec) is Effect.WRITE and runner.state.flow.paused_by:
        undecided = ", ".join(runner.state.flow.paused_by)
        return pause(runner, spec.id, f"{undecided} is inconclusive, so nothing is written: {spec.id} is next")
    missing = unmet(runner.state, spec)
    if missing:
        _tell_result(runner, spec, StepResult(outcome=Outcome.SKIPPED, reason=f"it needs {', '.join(missing)}"))
        return None
    if is_to_be_reviewed(spec):
        return wait(runner, spec.id, f"{spec.id} has to be read by a person first: `review` is still set")
    stop = approve(runner, spec)
    was_denied = runner.state.flow.next is not spec
    return stop if stop is not None or was_denied else run(runner, spec)


def run_last(runner: Runner) -> Stop | None:
    """Run the next of the steps that run at the end, whatever happened."""
    state = runner.state
    return run(runner, next(each for each in state.playbook.steps if each.always and each.id not in state.flow.closed))


def run(runner: Runner, spec: StepSpec) -> Stop | None:
    """Run a step that may run."""
    try:
        values = values_for(runner.state, runner.journal, spec)
        expected = bound(runner.state, runner.journal, spec.expect)
    except ValueError as error:
        _tell_result(runner, spec, StepResult(outcome=Outcome.ERROR, reason=str(error)))
        return None
    if is_applied_after_an_error(runner, spec, values):
        return None
    command = values.get("command")
    argv = tuple(map(str, command)) if isinstance(command, list) else None
    runner.tell(
        EventType.STEP_INTENT,
        spec.id,
        attempt=runner.state.attempts.get(spec.id, 0) + 1,
        argv=argv,
        inputs={"uses": spec.uses, "with": values},
    )
    timeout_s = None if spec.timeout is None else parse_duration(spec.timeout)
    result = held_against(runner.perform(spec.id, spec.uses, values, timeout_s=timeout_s), expected)
    _tell_result(runner, spec, result)
    if result.outcome is Outcome.WAITING:
        return Stop(outcome=Outcome.WAITING, reason=f"{spec.id}: {result.reason}")
    return None


def unmet(state: State, spec: StepSpec) -> list[str]:
    """Return the needs that are not met, each with what is so instead."""
    missing = []
    for need in spec.needs:
        step_id, _, outcome = need.partition(".")
        result = state.results.get(step_id)
        if result is None or result.outcome != outcome:
            missing.append(f"{need}, which is {'not run' if result is None else result.outcome}")
    return missing


def held_against(result: StepResult, expected: Mapping[str, Any]) -> StepResult:
    """Make a result that passed a failed one where an output is not as expected."""
    if result.outcome is not Outcome.PASSED:
        return result
    for name, wanted in expected.items():
        found = dig(result.outputs, name.split("."))
        if found != wanted and not (isinstance(wanted, list) and found in wanted):
            told = f"expected {name} to be {_shown(wanted)}, and it is {_shown(found)}: {result.reason}"
            return replace(result, outcome=Outcome.FAILED, reason=told)
    return result


def _shown(value: Any) -> str:
    return inert(" or ".join(map(str, value)) if isinstance(value, list) else str(value), longest=80)


def _tell_result(runner: Runner, spec: StepSpec, result: StepResult) -> None:
    document = step_result_document(result)
    runner.tell(
        EventType.STEP_RESULT,
        spec.id,
        attempt=runner.state.attempts.get(spec.id),
        inputs={"uses": spec.uses},
        outcome=result.outcome,
        reason=result.reason,
        outputs=document["outputs"],
        evidence=tuple(document["evidence"]),
    )
