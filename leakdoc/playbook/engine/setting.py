"""What a run is given beside its playbook: who may be asked, where files go, what was decided outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import Event
from leakdoc.playbook.registry import Registry, installed


def _nobody(question: str) -> None:
    del question


def _unseen(event: Event) -> None:
    del event


def _no_approval(subject: Mapping[str, Any], digest: str) -> None:
    del subject, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a run is given beside its playbook.

    Args:
        directory: where steps write their files.
        actor: the user on whose behalf the run is.
        ask: asks a person at the terminal; null where nobody is there.
        approve: shows what is to be approved, and returns true, false, or null where nobody is there.
        grant: a signature over the approval's digest.
        signers: the file of those whose signatures count; null for where it usually is.
        settle: of steps whose effect is unknown, whether a person says that it happened.
        saw: is told every event once it is on disk.
        progress: is told how far a step is.
    """

    directory: Path
    actor: str
    registry: Registry = field(default_factory=installed)
    now: Callable[[], float] = time.time
    ask: Callable[[str], str | None] = _nobody
    approve: Callable[[Mapping[str, Any], str], bool | None] = _no_approval
    grant: Path | None = None
    signers: Path | None = None
    settle: Mapping[str, bool] = field(default_factory=dict)
    saw: Callable[[Event], None] = _unseen
    progress: Callable[[str], object] = _nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a run does not go on.

    Args:
        waiting: what it waits for, where it waits for an approval.
        is_end: whether this is the run's end, and not a pause from which it may be resumed.
    """

    outcome: Outcome
    reason: str
    waiting: Mapping[str, Any] | None = None
    is_end: bool = False
