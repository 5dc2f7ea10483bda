"""What ``${{ … }}`` stands for in a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leakdoc.model.documents import step_result_document
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.references import bind, dig
from leakdoc.units import format_time


def look_up(state: State, journal: Path, path: str) -> Any:
    """Return what a dotted path stands for; null where it leads nowhere."""
    root, *rest = path.split(".")
    if root == "params":
        return dig(state.params, rest)
    if root == "run":
        return dig(_run(state, journal), rest)
    result = state.results.get(rest[0]) if rest else None
    return None if result is None else dig(step_result_document(result), rest[1:])


def bound(state: State, journal: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with their references replaced, in one pass.

    Raises:
        ValueError: a list or a mapping stands within longer text.
    """
    found: dict[str, Any] = bind(values, lambda path: look_up(state, journal, path))
    return found


def _run(state: State, journal: Path) -> dict[str, Any]:
    return {
        "id": state.run,
        "journal": str(journal),
        "playbook": state.playbook.metadata.name,
        "started_at": None if state.started_at is None else format_time(state.started_at),
    }
