"""Taking back, the last change first, everything that was applied or may have been; each is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import StepResult
from leakdoc.playbook.engine.begun import begun_with
from leakdoc.playbook.engine.binding import bound
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.state import ROLLBACK_CHECK
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.step import Act

HUMAN: Final = "a human is needed"


def roll_back_next(runner: Runner) -> Stop | None:
    """Take back the last change that still stands."""
    assert runner.state.to_roll_back
    spec = runner.state.playbook.step(runner.state.to_roll_back[0])
    back_to = _back_to(runner, spec)
    runner.tell(
        EventType.ROLLBACK_INTENT,
        spec.id,
        inputs={"uses": spec.uses, "with": begun_with(runner, spec), "back_to": back_to},
        reason=runner.state.flow.conclusion.reason if runner.state.flow.conclusion else None,
    )
    _undo(runner, spec)
    return None


def finish_rollback(runner: Runner, event: Event) -> None:
    """Go on with a rollback whose end was never written: its step's probe says whether it still has to be done."""
    spec = runner.state.playbook.step(str(event.step))
    answer = _probed(runner, spec)
    if answer.outcome is Outcome.FAILED:
        _verify(runner, spec, answer.reason)
    elif answer.outcome is Outcome.PASSED or runner.step_of(spec.uses).idempotent:
        _undo(runner, spec)
    else:
        _tell(runner, spec, Outcome.ERROR, f"it is not known whether it was taken back ({answer.reason}): {HUMAN}")


def _undo(runner: Runner, spec: StepSpec) -> None:
    if runner.step_of(spec.uses).undo is None:
        _tell(runner, spec, Outcome.ERROR, f"{spec.uses} cannot be taken back: {HUMAN}")
        return
    applied = next((each.result for each in runner.state.applied if each.step == spec.id), None)
    result = runner.perform(
        spec.id, spec.uses, begun_with(runner, spec), Act.UNDO, applied=applied, back_to=_back_to(runner, spec)
    )
    if result.outcome is Outcome.PASSED:
        _verify(runner, spec, result.reason)
    else:
        _tell(runner, spec, Outcome.ERROR, f"the rollback did not work: {HUMAN}: {result.reason}")


def _verify(runner: Runner, spec: StepSpec, told: str) -> None:
    """Say that a change was taken back only where that was looked at."""
    verify = spec.rollback.verify if spec.rollback is not None else None
    if verify is None:
        answer = _probed(runner, spec)
        holds = answer.outcome is Outcome.FAILED
    else:
        answer = _asked(runner, spec, verify.uses, verify.with_)
        holds = answer.outcome is Outcome.PASSED
    if holds:
        _tell(runner, spec, Outcome.ROLLED_BACK, f"{told}; verified: {answer.reason}")
    else:
        reason = f"it was taken back, and that does not verify: {HUMAN}: {answer.reason}"
        _tell(runner, spec, Outcome.ERROR, reason)


def _asked(runner: Runner, spec: StepSpec, uses: str, given: Mapping[str, Any]) -> StepResult:
    """Run the step that verifies; what it is not given and takes by name comes from the step and from its guard."""
    name = spec.id + ROLLBACK_CHECK
    state, journal = runner.state, runner.journal
    try:
        known = {"revision": _back_to(runner, spec), **begun_with(runner, spec)}
        known |= bound(state, journal, spec.guard.with_) if spec.guard is not None else {}
        known |= {"revision": _back_to(runner, spec)}
        own = bound(state, journal, given)
    except ValueError as error:
        return StepResult(outcome=Outcome.ERROR, reason=str(error))
    step = runner.step_of(uses)
    values = {each: value for each, value in known.items() if value is not None and step.takes(each)} | own
    runner.tell(EventType.STEP_INTENT, name, attempt=1, inputs={"uses": uses, "with": values})
    result = runner.perform(name, uses, values)
    runner.tell(
        EventType.STEP_RESULT, name, attempt=1, inputs={"uses": uses}, outcome=result.outcome, reason=result.reason,
        outputs=dict(result.outputs), evidence=(),
    )  # fmt: skip
    return result


def _probed(runner: Runner, spec: StepSpec) -> StepResult:
    if runner.step_of(spec.uses).probe is None:
        return StepResult(outcome=Outcome.INCONCLUSIVE, reason=f"{spec.uses} has no probe that could tell")
    return runner.perform(spec.id, spec.uses, begun_with(runner, spec), Act.PROBE)


def _back_to(runner: Runner, spec: StepSpec) -> Any:
    to = spec.rollback.to if spec.rollback is not None else None
    return bound(runner.state, runner.journal, {"to": to})["to"]


def _tell(runner: Runner, spec: StepSpec, outcome: Outcome, reason: str) -> None:
    runner.tell(EventType.ROLLBACK_RESULT, spec.id, outcome=outcome, reason=reason)
