"""A journal that a person or a notebook writes: ``with leakdoc.Journal("incident.journal.jsonl") as journal: …``."""

from __future__ import annotations

import getpass
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from leakdoc.errors import JournalError, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import StepResult
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.journal.writing import JournalFile


def new_run_id(now: float) -> str:
    """Return an id that no other run has: the instant and some chance, ``20260310T031200Z-1f0c9a2b``."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def who() -> str:
    """Return the name of the user that this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class Journal:
    """A record of an incident, appended while it happens.

    A new file begins a run of its own, which ends with the block. An existing journal is written into as it stands.

    Args:
        path: the file.
        title: what the incident is about; told by a new journal's first line.
        actor: who writes; null for the user that this process runs as.
        now: seconds since the epoch, UTC.

    Raises:
        JournalError: it cannot be written.
        DamagedSource: what is there already was changed by somebody.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        actor: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._file = JournalFile(Path(path), now)
        self._actor = actor or who()
        self._is_ours = not self._file.events
        self._attempts: dict[str, int] = {}
        if self._is_ours:
            self.run = new_run_id(now())
            self._append(EventType.RUN_STARTED, reason=title, inputs={"playbook": None, "params": {}})
        else:
            self.run = self._file.events[0].run

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def head(self) -> str | None:
        """The hash of the last line."""
        return self._file.head

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_ours:
            told = "the journal's block ended" if kind is None else f"ended by {kind.__name__}"
            self._append(EventType.RUN_ENDED, outcome=self._outcome(kind), reason=told)
        self._file.close()

    def note(self, text: str) -> Event:
        """Write a note.

        Raises:
            UsageError: it is empty.
        """
        if not text.strip():
            raise UsageError("the note is empty")
        return self._append(EventType.NOTE, choice=text)

    def choose(self, choice: str, *, reason: str) -> Event:
        """Write down what was decided, and why."""
        return self._append(EventType.CHOICE, choice=choice, reason=reason)

    def step(self, name: str, ctx: StepContext | None = None, /, **values: Any) -> StepResult:
        """Run one reading step, with its intent and its result in the journal.

        Raises:
            UsageError: the step changes something, or its parameters do not fit.
        """
        from leakdoc.model.step import Effect
        from leakdoc.playbook.registry import installed
        from leakdoc.playbook.running import run_step

        registered = installed().get(name)
        if registered.effect not in (Effect.READ, Effect.CAPTURE):
            raise UsageError(f"{registered.name} changes something; run it in a playbook, which can resume and undo it")
        attempt = self._attempts[registered.name] = self._attempts.get(registered.name, 0) + 1
        told = {"step": registered.name.rpartition(".")[2], "attempt": attempt}
        self._append(EventType.STEP_INTENT, **told, inputs={"uses": registered.name, "with": values})
        result = run_step(registered, values, ctx)
        document = step_result_document(result)
        kept = {name: document[name] for name in ("outputs", "evidence")}
        self._append(EventType.STEP_RESULT, **told, outcome=result.outcome, reason=result.reason, **kept)
        return result

    def _append(self, type_: EventType, **fields: Any) -> Event:
        return self._file.append(type_, self.run, actor=self._actor, **fields)

    def _outcome(self, kind: type[BaseException] | None) -> Outcome:
        if kind is not None:
            return Outcome.ERROR
        results = [each.outcome for each in self._file.events if each.type is EventType.STEP_RESULT]
        order = (Outcome.ERROR, Outcome.FAILED, Outcome.INCONCLUSIVE)
        return next((each for each in order if each in results), Outcome.PASSED)


def open_for_notes(path: Path) -> Journal:
    """Open a journal that is there already.

    Raises:
        JournalError: it is not there, or holds nothing.
    """
    if not path.is_file() or not path.stat().st_size:
        raise JournalError(f"there is no journal {path}", help="`leakdoc playbook run` begins one.")
    return Journal(path)
