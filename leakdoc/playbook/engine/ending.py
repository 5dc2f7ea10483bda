"""What a run's steps add up to."""

from __future__ import annotations

from typing import Final

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import EventType
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.state import GUARD, State

WORST_FIRST: Final = (Outcome.ERROR, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)


def end(runner: Runner) -> Stop:
    """Write the run's end."""
    outcome, reason = added_up(runner.state)
    runner.tell(EventType.RUN_ENDED, outcome=outcome, reason=reason)
    return Stop(outcome=outcome, reason=reason, is_end=True)


def added_up(state: State) -> tuple[Outcome, str]:
    """Return a run's outcome and why: error before failed before inconclusive before passed."""
    if state.rolled_back:
        return _of_a_rollback(state)
    counted = {
        name: result
        for name, result in state.results.items()
        if name not in state.flow.handled and not name.endswith(GUARD) and result.outcome is not Outcome.SKIPPED
    }
    outcomes = {result.outcome for result in counted.values()}
    outcome = next((each for each in WORST_FIRST if each in outcomes), Outcome.INCONCLUSIVE)
    conclusion = state.flow.conclusion
    if conclusion is not None and conclusion.outcome in WORST_FIRST:
        outcome = min(outcome, conclusion.outcome, key=WORST_FIRST.index)
    if outcome is Outcome.PASSED:
        told = f"{len(counted)} steps passed" if len(counted) != 1 else "1 step passed"
        return outcome, told if conclusion is None else f"{told}; ended: {conclusion.word}"
    if not counted and conclusion is None:
        return outcome, "every step was skipped"
    told = next((f"{name} {outcome}: {each.reason}" for name, each in counted.items() if each.outcome is outcome), "")
    if conclusion is None:
        return outcome, told
    return outcome, f"{conclusion.word}: {told}" if conclusion.word else told or conclusion.reason


def _of_a_rollback(state: State) -> tuple[Outcome, str]:
    why = state.flow.conclusion.reason if state.flow.conclusion is not None else "asked for"
    broken = {step: event for step, event in state.rolled_back.items() if event.outcome is not Outcome.ROLLED_BACK}
    if broken:
        told = "; ".join(f"{step}: {event.reason}" for step, event in broken.items())
        return Outcome.ERROR, f"rolled back because {why}, and a human is needed: {told}"
    done = ", ".join(state.rolled_back)
    return Outcome.ROLLED_BACK, f"{why}; rolled back and verified: {done}"
