"""Which step is next: an ordered list, what `then` says of an outcome, and bounded repeats. Nothing else moves it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.decision import Outcome
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.model_words import Action

ENDS_BY_ITSELF: Final = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How the forward part of a run ended before its last step.

    Args:
        word: what the playbook calls it, where it says so.
    """

    outcome: Outcome
    reason: str
    word: str | None = None


@dataclass(slots=True)
class Flow:
    """A place in the list.

    Args:
        place: the index of the next step; the list's length at its end.
        errors: how often the present step has ended in an error.
        guarding: a step that was applied and is to be guarded.
        paused_by: inconclusive steps and guards, ahead of which nothing is written.
        visits: how often a repeat has come to each step again.
        handled: steps whose outcome the playbook goes on from, by its own word.
    """

    playbook: Playbook
    steps: tuple[StepSpec, ...] = field(init=False)
    place: int = 0
    errors: int = 0
    guarding: str | None = None
    paused_by: list[str] = field(default_factory=list)
    handled: set[str] = field(default_factory=set)
    repeats: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    conclusion: Conclusion | None = None
    closed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.steps = tuple(each for each in self.playbook.steps if not each.always)

    @property
    def next(self) -> StepSpec | None:
        """The next step; null at the end, or once the run was concluded."""
        if self.conclusion is not None or self.place >= len(self.steps):
            return None
        return self.steps[self.place]

    def conclude(self, conclusion: Conclusion) -> None:
        """End the forward part."""
        self.conclusion = self.conclusion or conclusion

    def ended(self, step_id: str, outcome: Outcome) -> str | None:
        """Move on after a step's result.

        Returns:
            The step down to which everything is taken back; null where nothing is.
        """
        spec = self.playbook.step(step_id)
        if not spec.always and (self.next is None or self.next.id != step_id):
            return None
        self.errors += outcome is Outcome.ERROR
        if outcome is Outcome.WAITING or (outcome is Outcome.ERROR and self.errors <= spec.retries):
            return None
        if spec.always:
            self.errors = 0
            self.closed.add(step_id)
            self._note_handled(spec, outcome)
            return None
        if outcome is Outcome.PASSED and spec.guard is not None:
            self.guarding = step_id
            return None
        return self._follow(spec, outcome)

    def guarded(self, step_id: str, outcome: Outcome) -> str | None:
        """Move on after a guard's result; only what passed is promoted."""
        spec = self.playbook.step(step_id)
        if outcome is Outcome.PASSED:
            self.guarding = None
            return self._follow(spec, outcome)
        decides = outcome is Outcome.FAILED or (spec.guard is not None and spec.guard.inconclusive == "rollback")
        if decides:
            self.guarding = None
            return self._take_back(step_id, f"the guard of {step_id} said {outcome}")
        self.paused_by.append(step_id)
        return None

    def resumed(self) -> None:
        """Look again where a run had paused, with what a repeat would look at; a guard is simply asked once more."""
        guards = {self.guarding}
        ids = [each.id for each in self.steps]
        again = [ids.index(self._looks_from(each)) for each in self.paused_by if each not in guards and each in ids]
        self.paused_by.clear()
        if again and not guards - {None}:
            self._go_to(min(again))

    def _looks_from(self, step_id: str) -> str:
        """Return where looking again begins: what was too little to decide stays too little, so not at the step."""
        action = self.playbook.step(step_id).then.get(Outcome.INCONCLUSIVE)
        return step_id if action is None or action.repeat is None else action.repeat.from_

    def _follow(self, spec: StepSpec, outcome: Outcome) -> str | None:
        action = spec.then.get(outcome)
        self._note_handled(spec, outcome)
        if action is None or self._is_used_up(spec, outcome, action):
            return self._by_default(spec, outcome)
        if action.rollback is not None:
            return self._take_back(action.rollback, f"{spec.id} {outcome}")
        if action.end is not None:
            self.conclude(Conclusion(outcome=outcome, reason=f"{spec.id} {outcome}", word=action.end))
        elif action.repeat is not None:
            self.repeats[spec.id, outcome] += 1
            ids = [each.id for each in self.steps]
            self._go_to(ids.index(action.repeat.from_))
        else:
            self._go_to(self.place + 1)
        return None

    def _by_default(self, spec: StepSpec, outcome: Outcome) -> str | None:
        if outcome in ENDS_BY_ITSELF:
            if spec.rollback is not None:
                return self._take_back(spec.id, f"{spec.id} {outcome}, and its change may stand")
            self.conclude(Conclusion(outcome=outcome, reason=f"{spec.id} {outcome}"))
            return None
        if outcome is Outcome.INCONCLUSIVE:
            self.paused_by.append(spec.id)
        self._go_to(self.place + 1)
        return None

    def _take_back(self, step_id: str, reason: str) -> str:
        self.conclude(Conclusion(outcome=Outcome.ROLLED_BACK, reason=reason))
        return step_id

    def _is_used_up(self, spec: StepSpec, outcome: Outcome, action: Action) -> bool:
        return action.repeat is not None and self.repeats[spec.id, outcome] >= action.repeat.max

    def _note_handled(self, spec: StepSpec, outcome: Outcome) -> None:
        action = spec.then.get(outcome)
        (self.handled.add if action is not None and action.continue_ else self.handled.discard)(spec.id)

    def _go_to(self, place: int) -> None:
        again = {each.id for each in self.steps[place:]}
        self.paused_by = [each for each in self.paused_by if each not in again or place > self.place]
        if place <= self.place:
            self.visits.update(again)
        self.place = place
        self.errors = 0
