"""The state of a run, folded from its journal: the same live, after a crash, and for whoever reads it later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import StepResult
from leakdoc.playbook.earlier import step_result_from
from leakdoc.playbook.engine.flow import Conclusion, Flow
from leakdoc.playbook.model import Playbook

GUARD: Final = ".guard"
ROLLBACK_CHECK: Final = ".rollback"
RESUME: Final = "resume"
DONE: Final = "done"
NOT_DONE: Final = "not_done"


@dataclass(slots=True, kw_only=True)
class Applied:
    """A writing step whose change may stand.

    Args:
        result: null as long as it is unknown.
    """

    step: str
    result: StepResult | None = None


@dataclass(slots=True, kw_only=True)
class Approval:
    """The last approval that was asked for a step."""

    digest: str
    requested_at: float
    granted: bool = False
    denied: bool = False
    requests: int = 1


@dataclass(slots=True)
class State:
    """What is known of a run.

    Args:
        results: the last result of each step, by its id.
        attempts: how often each step was begun.
        open: an intent that has no result.
        applied: writing steps that may have changed something, the oldest first.
        to_roll_back: ids of steps, the next first; null where nothing is rolled back.
        rolled_back: what came of those that were.
    """

    playbook: Playbook
    writes: Callable[[str], bool]
    flow: Flow = field(init=False)
    run: str = ""
    digest: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    started_at: float | None = None
    results: dict[str, StepResult] = field(default_factory=dict)
    told: dict[str, Event] = field(default_factory=dict)
    begun: dict[str, Event] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    open: Event | None = None
    unknown: Event | None = None
    applied: list[Applied] = field(default_factory=list)
    approvals: dict[str, Approval] = field(default_factory=dict)
    used_grants: set[str] = field(default_factory=set)
    to_roll_back: list[str] | None = None
    rolled_back: dict[str, Event] = field(default_factory=dict)
    ended: Event | None = None

    def __post_init__(self) -> None:
        self.flow = Flow(self.playbook)

    def feed_all(self, events: Iterable[Event]) -> None:
        """Fold events, in order."""
        for event in events:
            self.feed(event)

    def feed(self, event: Event) -> None:
        """Fold one event; what only informs changes nothing."""
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event)

    def _started(self, event: Event) -> None:
        inputs: dict[str, Any] = dict(event.inputs or {})
        self.run, self.started_at = event.run, event.at
        self.params, self.digest = dict(inputs.get("params") or {}), str(inputs.get("digest"))

    def _intent(self, event: Event) -> None:
        step = str(event.step)
        self.attempts[step] = self.attempts.get(step, 0) + 1
        self.begun[step] = event
        if step.endswith(ROLLBACK_CHECK):
            return  # part of a rollback, whose own intent stays open until its result
        self.open, self.unknown = event, None
        if self.writes(step):
            self.applied = [each for each in self.applied if each.step != step]
            self.applied.append(Applied(step=step))

    def _result(self, event: Event) -> None:
        step, result = str(event.step), result_of(event)
        self.told[step] = event
        if step.endswith(ROLLBACK_CHECK):
            return
        self.open = self.unknown = None
        if step.endswith(GUARD):
            self._guarded(step.removesuffix(GUARD), result)
            return
        self.results[step] = result
        if result.outcome in (Outcome.SKIPPED, Outcome.WAITING):
            self.applied = [each for each in self.applied if each.step != step]
        elif result.outcome is Outcome.PASSED:
            for each in self.applied:
                each.result = result if each.step == step else each.result
        self._roll_back_down_to(self.flow.ended(step, result.outcome))

    def _guarded(self, step: str, result: StepResult) -> None:
        self.results[step + GUARD] = result
        self._roll_back_down_to(self.flow.guarded(step, result.outcome))

    def _roll_back_down_to(self, step: str | None) -> None:
        if step is None:
            return
        order = [each.id for each in self.playbook.steps]
        since = set(order[order.index(step) :])
        self.to_roll_back = [each.step for each in reversed(self.applied) if each.step in since]

    def _rollback_result(self, event: Event) -> None:
        step = str(event.step)
        self.open = None
        self.rolled_back[step] = event
        self.to_roll_back = [each for each in self.to_roll_back or () if each != step]
        if event.outcome is Outcome.ROLLED_BACK:
            self.applied = [each for each in self.applied if each.step != step]

    def _rollback_intent(self, event: Event) -> None:
        self.open = event

    def _unknown(self, event: Event) -> None:
        self.unknown = event

    def _choice(self, event: Event) -> None:
        if event.choice == RESUME:
            self.flow.resumed()
        elif event.choice == NOT_DONE and event.step is not None:
            self.open = self.unknown = None
            self.applied = [each for each in self.applied if each.step != event.step]

    def _requested(self, event: Event) -> None:
        step, inputs = str(event.step), dict(event.inputs or {})
        before = self.approvals.get(step)
        count = 1 if before is None else before.requests + 1
        self.approvals[step] = Approval(digest=str(inputs["digest"]), requested_at=event.at, requests=count)

    def _granted(self, event: Event) -> None:
        self.approvals[str(event.step)].granted = True
        for item in event.evidence or ():
            if "sha256" in item:
                self.used_grants.add(str(item["sha256"]))

    def _denied(self, event: Event) -> None:
        self.approvals[str(event.step)].denied = True
        self.flow.conclude(Conclusion(outcome=Outcome.FAILED, reason=f"{event.step} was not approved"))

    def _ended(self, event: Event) -> None:
        self.ended = event


def result_of(event: Event) -> StepResult:
    """Return the result that a `step_result` tells of."""
    uses = str((event.inputs or {}).get("uses", ""))
    return step_result_from(
        {
            "schema": "leakdoc.step-result/1",
            "step": uses,
            "outcome": event.outcome,
            "reason": event.reason or "",
            "outputs": event.outputs or {},
            "evidence": event.evidence or (),
        }
    )


_HANDLERS: Final[dict[EventType, Callable[[State, Event], None]]] = {
    EventType.RUN_STARTED: State._started,
    EventType.STEP_INTENT: State._intent,
    EventType.STEP_RESULT: State._result,
    EventType.STEP_UNKNOWN: State._unknown,
    EventType.CHOICE: State._choice,
    EventType.APPROVAL_REQUESTED: State._requested,
    EventType.APPROVAL_GRANTED: State._granted,
    EventType.APPROVAL_DENIED: State._denied,
    EventType.ROLLBACK_INTENT: State._rollback_intent,
    EventType.ROLLBACK_RESULT: State._rollback_result,
    EventType.RUN_ENDED: State._ended,
}
