"""What a step is given beside its parameters: the time, a place for files, and a way to be told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leakdoc.model.step import StepResult


def _nobody_listens(text: str) -> None:
    del text


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What one run of one step is given beside its parameters.

    Args:
        directory: where the step writes its files, unless a parameter says otherwise.
        now: seconds since the epoch, UTC.
        cancelled: set when the step is to end soon, with what it has so far.
        progress: takes a line that says how far the step is.
        earlier: the results of the steps that ran before, by their id in the playbook.
    """

    directory: Path = field(default_factory=Path.cwd)
    now: Callable[[], float] = time.time
    cancelled: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[str], None] = _nobody_listens
    earlier: Mapping[str, StepResult] = field(default_factory=dict)
