"""An intent without a result: did it happen? A probe is asked; what cannot be known stops the run and is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import Effect, StepResult
from leakdoc.playbook.engine.begun import begun_with
from leakdoc.playbook.engine.pausing import ENGINE
from leakdoc.playbook.engine.rolling_back import finish_rollback
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.state import DONE, NOT_DONE
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.step import Act


def settle(runner: Runner) -> Stop | None:
    """Find out what became of the intent that has no result, and go on from there, or stop."""
    event = runner.state.open
    assert event is not None
    if event.type is EventType.ROLLBACK_INTENT:
        finish_rollback(runner, event)
        return None
    if "." in str(event.step) or not _may_act(runner, runner.state.playbook.step(str(event.step))):
        runner.state.open = None  # it only looks: the next intent says that it does so again
        return None
    spec = runner.state.playbook.step(str(event.step))
    said = runner.setting.settle.get(spec.id)
    if said is not None:
        _as_a_person_says(runner, spec, said)
        return None
    answer = _probed(runner, spec, begun_with(runner, spec))
    if answer.outcome is Outcome.PASSED:
        _tell_found(runner, spec, event, answer)
    elif answer.outcome is Outcome.FAILED:
        runner.tell(EventType.CHOICE, spec.id, actor=ENGINE, choice=NOT_DONE, reason=answer.reason)
    elif runner.step_of(spec.uses).idempotent:
        runner.state.open = None
    else:
        return _stop(runner, spec, answer.reason)
    return None


def is_applied_after_an_error(runner: Runner, spec: StepSpec, values: Mapping[str, Any]) -> bool:
    """Before a write is tried again: say whether the try that ended in an error has had its effect after all."""
    last = runner.state.results.get(spec.id)
    step = runner.step_of(spec.uses)
    if last is None or last.outcome is not Outcome.ERROR or not runner.state.flow.errors or step.probe is None:
        return False
    if runner.effect_of(spec) is not Effect.WRITE:
        return False
    answer = runner.perform(spec.id, spec.uses, values, Act.PROBE)
    if answer.outcome is Outcome.PASSED:
        _tell_found(runner, spec, runner.state.begun[spec.id], answer)
        return True
    return False


def _may_act(runner: Runner, spec: StepSpec) -> bool:
    return runner.effect_of(spec) in (Effect.WRITE, Effect.NOTIFY)


def _probed(runner: Runner, spec: StepSpec, values: Mapping[str, Any]) -> StepResult:
    if runner.step_of(spec.uses).probe is None:
        return StepResult(outcome=Outcome.INCONCLUSIVE, reason=f"{spec.uses} has no probe that could tell")
    return runner.perform(spec.id, spec.uses, values, Act.PROBE)


def _tell_found(runner: Runner, spec: StepSpec, event: Event, answer: StepResult) -> None:
    document = step_result_document(answer)
    runner.tell(
        EventType.STEP_RESULT,
        spec.id,
        attempt=event.attempt,
        inputs={"uses": spec.uses},
        outcome=Outcome.PASSED,
        reason=f"found done by its probe: {answer.reason}",
        outputs=document["outputs"],
        evidence=tuple(document["evidence"]),
    )


def _as_a_person_says(runner: Runner, spec: StepSpec, happened: bool) -> None:
    actor = runner.setting.actor
    choice = DONE if happened else NOT_DONE
    runner.tell(EventType.CHOICE, spec.id, actor=actor, choice=choice, reason=f"{actor} has looked")
    if happened:
        told = StepResult(outcome=Outcome.PASSED, reason=f"{actor} says that it was done")
        runner.tell(
            EventType.STEP_RESULT, spec.id, inputs={"uses": spec.uses}, outcome=told.outcome, reason=told.reason,
            outputs={}, evidence=(),
        )  # fmt: skip


def _stop(runner: Runner, spec: StepSpec, why: str) -> Stop:
    reason = (
        f"it is not known whether {spec.id} has happened ({why}); look, then resume with "
        f"--settle {spec.id}=done or --settle {spec.id}=not-done"
    )
    runner.tell(EventType.STEP_UNKNOWN, spec.id, outcome=Outcome.ERROR, reason=reason)
    return Stop(outcome=Outcome.ERROR, reason=reason)
