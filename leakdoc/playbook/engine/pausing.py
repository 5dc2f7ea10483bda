"""Where a run stops without having ended: it is written down, so that whoever reads the journal knows why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.journal import EventType
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop

ENGINE: Final = "leakdoc"


def wait(runner: Runner, step_id: str, reason: str, waiting: Mapping[str, Any] | None = None) -> Stop:
    """Stop for a person's word."""
    runner.tell(EventType.CHOICE, step_id, actor=ENGINE, choice="wait", reason=reason)
    return Stop(outcome=Outcome.WAITING, reason=reason, waiting=waiting)


def pause(runner: Runner, step_id: str, reason: str) -> Stop:
    """Stop because something is not known."""
    runner.tell(EventType.CHOICE, step_id, actor=ENGINE, choice="pause", reason=reason)
    return Stop(outcome=Outcome.INCONCLUSIVE, reason=reason)
