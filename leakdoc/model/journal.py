"""What happened in a run: events, one a line of a journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json

JOURNAL_VERSION: Final = 1


class EventType(StrEnum):
    """What an event tells of."""

    RUN_STARTED = "run_started"
    STEP_INTENT = "step_intent"
    STEP_RESULT = "step_result"
    STEP_UNKNOWN = "step_unknown"
    CHOICE = "choice"
    NOTE = "note"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_DENIED = "approval_denied"
    GUARD_SAMPLE = "guard_sample"
    ROLLBACK_INTENT = "rollback_intent"
    ROLLBACK_RESULT = "rollback_result"
    OUTBOX_QUEUED = "outbox_queued"
    OUTBOX_SENT = "outbox_sent"
    RUN_ENDED = "run_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a journal; what does not apply is null.

    Args:
        seq: from 0, without a gap.
        at: seconds since the epoch, UTC.
        run: the run's id.
        step: the step's id in the playbook.
        attempt: of the step, from 1.
        argv: the command, where the step is one.
        inputs: what it was given; secrets as references only.
        actor: who did it, where it was a person.
        choice: what that person chose or wrote.
        prev: the hash of the line before; null on the first.
        sha256: the hash of this line without this field.
    """

    seq: int
    at: float
    type: EventType
    run: str
    step: str | None = None
    attempt: int | None = None
    argv: tuple[str, ...] | None = None
    inputs: Mapping[str, Json] | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    outputs: Mapping[str, Json] | None = None
    evidence: tuple[Mapping[str, Json], ...] | None = None
    actor: str | None = None
    choice: str | None = None
    prev: str | None = None
    sha256: str = ""
