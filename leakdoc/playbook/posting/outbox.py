"""Exactly one post: what is about to be sent is journaled first, and what may have been sent is looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import Event, EventType
from leakdoc.playbook.journal.writing import JournalFile
from leakdoc.playbook.posting.slack import Attempt, Fate
from leakdoc.playbook.posting.summary import Summary

TRIES: Final = 4
LONGEST_WAIT_S: Final = 30.0
LOOK_AFTER_S: Final = 1.0  # until what may have been posted shows in a channel's history


class Poster(Protocol):
    """Where a summary goes."""

    def post(self, summary: Summary) -> Attempt: ...

    def find(self, summary: Summary) -> Attempt: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """A step's messages in a journal.

    Args:
        pause: waits for some seconds; true when it was told to stop.
    """

    journal: Path
    step: str
    now: Callable[[], float]
    pause: Callable[[float], object]

    def deliver(self, summary: Summary, poster: Poster) -> Attempt:
        """Post a summary once, however often this is called for the same run and step.

        Returns:
            `SENT` when it is there; `NOT_SENT` when it certainly is not, and is left in the outbox; `DOUBTFUL` when
            nobody can know, and it is not sent again.

        Raises:
            JournalError: the journal cannot be written; then nothing is sent.
        """
        with JournalFile(self.journal, self.now) as file:
            before = self._before(file)
            if before is not None and before.fate is Fate.SENT:
                return before
            attempt = poster.find(summary) if before is not None and before.fate is Fate.DOUBTFUL else None
            for _ in range(TRIES):
                if attempt is not None and (attempt.fate is not Fate.NOT_SENT or attempt.wait_s is None):
                    break
                self.pause(0.0 if attempt is None else min(attempt.wait_s or 0.0, LONGEST_WAIT_S))
                file.append(EventType.OUTBOX_QUEUED, summary.run, step=self.step, outputs={"text": summary.text})
                attempt = poster.post(summary)
                if attempt.fate is Fate.DOUBTFUL:
                    attempt = self._looked_for(summary, poster, attempt)
                self._note_unless_doubtful(file, summary, attempt)
            assert attempt is not None
            self._note_unless_doubtful(file, summary, attempt)
            return attempt

    def _looked_for(self, summary: Summary, poster: Poster, attempt: Attempt) -> Attempt:
        self.pause(min(attempt.wait_s or 0.0, LOOK_AFTER_S))
        found = poster.find(summary)
        return found if found.fate is not Fate.DOUBTFUL else Attempt(
            fate=Fate.DOUBTFUL, reason=f"{attempt.reason}; {found.reason}", wait_s=attempt.wait_s
        )  # fmt: skip

    def _before(self, file: JournalFile) -> Attempt | None:
        """What the journal says became of it: null where it was never begun."""
        mine = [each for each in file.events if each.step == self.step and each.type in _OURS]
        if not mine:
            return None
        last = mine[-1]
        if last.type is EventType.OUTBOX_QUEUED:
            return Attempt(fate=Fate.DOUBTFUL, reason="it was begun, and how it ended was never written")
        if last.outcome is Outcome.PASSED:
            return Attempt(fate=Fate.SENT, reason="sent already", permalink=_link(last))
        return Attempt(fate=Fate.NOT_SENT, reason=last.reason or "", wait_s=0.0)

    def _note_unless_doubtful(self, file: JournalFile, summary: Summary, attempt: Attempt) -> None:
        mine = [each for each in file.events if each.step == self.step and each.type in _OURS]
        if attempt.fate is Fate.DOUBTFUL or (mine and mine[-1].type is EventType.OUTBOX_SENT):
            return
        sent = attempt.fate is Fate.SENT
        file.append(
            EventType.OUTBOX_SENT,
            summary.run,
            step=self.step,
            outcome=Outcome.PASSED if sent else Outcome.FAILED,
            reason=attempt.reason if sent else f"not sent: {attempt.reason}",
            outputs={"permalink": attempt.permalink},
        )


_OURS: Final = (EventType.OUTBOX_QUEUED, EventType.OUTBOX_SENT)


def _link(event: Event) -> str | None:
    found = (event.outputs or {}).get("permalink")
    return found if isinstance(found, str) else None
