"""A journal's events told as an incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from leakdoc.errors import JournalError
from leakdoc.model.incident import Happening, Incident, TakenStep
from leakdoc.model.journal import Event, EventType


def incident_of(events: Sequence[Event]) -> Incident:
    """Return the incident that a journal tells.

    Raises:
        JournalError: the journal is empty.
    """
    if not events:
        raise JournalError("the journal is empty")
    first = events[0]
    inputs: dict[str, Any] = dict(first.inputs or {})
    playbook = inputs.get("playbook") or {}
    ended = next((each for each in reversed(events) if each.type is EventType.RUN_ENDED), None)
    return Incident(
        run=first.run,
        playbook=playbook.get("metadata", {}).get("name") or first.reason,
        incident_class=playbook.get("metadata", {}).get("incident_class"),
        params=inputs.get("params") or {},
        began_at=first.at,
        ended_at=None if ended is None else ended.at,
        outcome=None if ended is None else ended.outcome,
        reason="the run has not ended" if ended is None else ended.reason or "",
        steps=tuple(_steps(events)),
        timeline=tuple(
            Happening(at=each.at, text=tell(each), actor=each.actor)
            for each in events
            if (tell := _TOLD.get(each.type)) is not None
        ),
        head=events[-1].sha256,
    )


def _steps(events: Sequence[Event]) -> list[TakenStep]:
    begun: dict[str, Event] = {}
    ended: dict[str, Event] = {}
    uses: dict[str, str] = {}
    for each in events:
        if each.step is None:
            continue
        if (name := (each.inputs or {}).get("uses")) is not None:
            uses[each.step] = str(name)
        if each.type is EventType.STEP_INTENT:
            begun[each.step] = each
            ended.pop(each.step, None)
        elif each.type is EventType.STEP_RESULT or (each.type is EventType.ROLLBACK_RESULT and each.step in ended):
            ended[each.step] = each
    return [_step(name, uses.get(name, ""), begun.get(name), ended.get(name)) for name in {**begun, **ended}]


def _step(name: str, uses: str, begun: Event | None, ended: Event | None) -> TakenStep:
    return TakenStep(
        id=name,
        uses=uses,
        outcome=None if ended is None else ended.outcome,
        reason="it is not known how it ended" if ended is None else ended.reason or "",
        began_at=None if begun is None else begun.at,
        ended_at=None if ended is None else ended.at,
        outputs={} if ended is None else ended.outputs or {},
    )


def _result(event: Event) -> str:
    return f"{event.step} {event.outcome}: {event.reason}"


_TOLD: Final[dict[EventType, Callable[[Event], str]]] = {
    EventType.RUN_STARTED: lambda event: "the run began" if event.reason is None else event.reason,
    EventType.STEP_INTENT: lambda event: f"{event.step} began",
    EventType.STEP_RESULT: _result,
    EventType.STEP_UNKNOWN: lambda event: f"{event.step}: {event.reason}",
    EventType.CHOICE: lambda event: " ".join(filter(None, (event.step, event.choice))) + f": {event.reason}",
    EventType.NOTE: lambda event: f"note: {event.choice}",
    EventType.APPROVAL_REQUESTED: lambda event: f"an approval of {event.step} was asked for",
    EventType.APPROVAL_GRANTED: lambda event: f"{event.step} was approved",
    EventType.APPROVAL_DENIED: lambda event: f"{event.step} was denied",
    EventType.ROLLBACK_INTENT: lambda event: f"rolling back {event.step}: {event.reason}",
    EventType.ROLLBACK_RESULT: _result,
    EventType.OUTBOX_QUEUED: lambda event: f"{event.step}: a message was queued",
    EventType.OUTBOX_SENT: lambda event: f"{event.step}: {event.reason}",
    EventType.RUN_ENDED: lambda event: f"the run ended, {event.outcome}: {event.reason}",
}
