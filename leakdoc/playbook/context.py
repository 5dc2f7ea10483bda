"""What a step is given beside its parameters: the time, a place for files, and a way to be told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult


def _nobody_listens(text: str) -> None:
    del text


def _nobody_answers(question: str) -> None:
    del question


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The run that a step is part of.

    Args:
        id: the run's; together with `step` it names one effect, however often the step is tried.
        step: the step's id in the playbook.
        attempt: from 1.
        playbook: its name.
        journal: the run's journal.
    """

    id: str
    step: str
    attempt: int
    playbook: str
    journal: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What one run of one step is given beside its parameters.

    Args:
        directory: where the step writes its files, unless a parameter says otherwise.
        now: seconds since the epoch, UTC.
        cancelled: set when the step is to end soon, with what it has so far.
        progress: takes a line that says how far the step is.
        earlier: the results of the steps that ran before, by their id in the playbook.
        ask: asks a person; null where there is nobody to ask, or who does not answer.
        run: null where the step runs alone.
        applied: of a step that is taken back, what it returned; null where that is unknown.
        back_to: of a step that is taken back, what the playbook says it goes back to.
        owns_group: commands may stay in this process's group, since whoever runs the step ends it whole.
    """

    directory: Path = field(default_factory=Path.cwd)
    now: Callable[[], float] = time.time
    cancelled: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[str], None] = _nobody_listens
    earlier: Mapping[str, StepResult] = field(default_factory=dict)
    ask: Callable[[str], str | None] = _nobody_answers
    run: RunFacts | None = None
    applied: StepResult | None = None
    back_to: Json = None
    owns_group: bool = False
