"""The parameters with which a step was begun, for its probe and its undo."""

from __future__ import annotations

from typing import Any

from leakdoc.playbook.engine.binding import values_for
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.journal.cleaning import clean
from leakdoc.playbook.model_steps import StepSpec


def begun_with(runner: Runner, spec: StepSpec) -> dict[str, Any]:
    """Return the parameters with which a step was begun.

    The journal holds them without secrets; as long as binding them anew leads to the same, nothing is lost of them.
    """
    inputs: dict[str, Any] = dict(runner.state.begun[spec.id].inputs or {})
    begun: dict[str, Any] = dict(inputs.get("with") or {})
    now = values_for(runner.state, runner.journal, spec)
    return now if clean(now) == begun else begun
