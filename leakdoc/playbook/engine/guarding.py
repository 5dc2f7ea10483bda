"""A guard: it watches what was just applied; what it cannot tell is never promoted."""

from __future__ import annotations

from dataclasses import replace

from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.journal import EventType
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook.engine.binding import bound
from leakdoc.playbook.engine.pausing import pause
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.state import GUARD
from leakdoc.playbook.step import NOT_FINITE


def guard(runner: Runner) -> Stop | None:
    """Run the guard of the step that was just applied."""
    step_id = str(runner.state.flow.guarding)
    spec = runner.state.playbook.step(step_id)
    assert spec.guard is not None
    name = step_id + GUARD
    if step_id in runner.state.flow.paused_by:
        found = runner.state.results[name]
        return pause(runner, step_id, f"{step_id} stands, and is not promoted: its guard is {found.outcome}")
    try:
        values = bound(runner.state, runner.journal, spec.guard.with_)
    except ValueError as error:
        _tell_result(runner, name, spec.guard.uses, StepResult(outcome=Outcome.ERROR, reason=str(error)))
        return None
    attempt = runner.state.attempts.get(name, 0) + 1
    runner.tell(EventType.STEP_INTENT, name, attempt=attempt, inputs={"uses": spec.guard.uses, "with": values})

    def sampled(text: str) -> None:
        runner.tell(EventType.GUARD_SAMPLE, name, attempt=attempt, reason=text)
        runner.setting.progress(text)

    result = runner.perform(name, spec.guard.uses, values, progress=sampled)
    _tell_result(runner, name, spec.guard.uses, never_promoted_blindly(result))
    return None


def never_promoted_blindly(result: StepResult) -> StepResult:
    """Make a guard's pass inconclusive where it rests on no sample, or on numbers that are none."""
    if result.outcome is not Outcome.PASSED:
        return result
    if "samples" in result.outputs and not result.outputs["samples"]:
        return replace(result, outcome=Outcome.INCONCLUSIVE, reason=f"the guard saw no sample: {result.reason}")
    lost = [each for each in result.evidence if isinstance(each, EvidenceValue) and each.name == NOT_FINITE]
    if lost:
        told = f"the guard passed on numbers that are not finite ({lost[0].value}): {result.reason}"
        return replace(result, outcome=Outcome.INCONCLUSIVE, reason=told)
    return result


def _tell_result(runner: Runner, name: str, uses: str, result: StepResult) -> None:
    document = step_result_document(result)
    runner.tell(
        EventType.STEP_RESULT,
        name,
        attempt=runner.state.attempts.get(name),
        inputs={"uses": uses},
        outcome=result.outcome,
        reason=result.reason,
        outputs=document["outputs"],
        evidence=tuple(document["evidence"]),
    )
