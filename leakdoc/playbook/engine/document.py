"""A run as the document ``leakdoc.run/1``."""

from __future__ import annotations

from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.playbook.engine.run import Ran
from leakdoc.playbook.engine.state import State
from leakdoc.units import format_time

RUN: Final = "leakdoc.run/1"


def run_document(ran: Ran) -> dict[str, Any]:
    """Lay out how far a run has come: every step that was begun or decided, in the playbook's order."""
    state, stop = ran.state, ran.stop
    conclusion = state.flow.conclusion
    return {
        "schema": RUN,
        "playbook": state.playbook.metadata.name,
        "version": state.playbook.metadata.version,
        "digest": state.digest,
        "run": state.run,
        "outcome": str(stop.outcome),
        "reason": stop.reason,
        "ended": stop.is_end,
        "word": conclusion.word if conclusion is not None else None,
        "waiting": None if stop.waiting is None else dict(stop.waiting),
        "steps": [_step(state, each) for each in names(state)],
        "journal": None if ran.journal is None else str(ran.journal),
        "head": ran.head,
        "dry_run": ran.journal is None,
    }


def names(state: State) -> list[str]:
    """Return the steps that were begun or decided, each followed by its guard."""
    known = {*state.told, *state.begun}
    return [name for spec in state.playbook.steps for name in (spec.id, f"{spec.id}.guard") if name in known]


def _step(state: State, name: str) -> dict[str, Any]:
    begun, told, back = state.begun.get(name), state.told.get(name), state.rolled_back.get(name)
    is_open = begun is not None and (told is None or told.seq < begun.seq)
    outcome = None if is_open or told is None else told.outcome
    reason = "it is not known how it ended" if is_open or told is None else told.reason
    if back is not None and back.outcome is not None:
        outcome, reason = back.outcome, back.reason
    took_s = None if is_open or told is None or begun is None else round(told.at - begun.at, 3)
    return {
        "id": name,
        "outcome": None if outcome is None else str(Outcome(outcome)),
        "reason": reason,
        "started_at": None if begun is None else format_time(begun.at),
        "took_s": took_s,
        "attempts": state.attempts.get(name, 0),
        "outputs": {} if is_open or told is None else dict(told.outputs or {}),
    }
