"""What an approval binds: the run, the playbook, the step's bound values, and the evidence as it is now."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from leakdoc.playbook.engine.binding import bound, look_up, values_for
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.journal.cleaning import clean
from leakdoc.playbook.model_steps import StepSpec


def approval_subject(state: State, journal: Path, spec: StepSpec, *, request: int) -> dict[str, Any]:
    """Return what is to be approved. Files among the evidence stand there with what they hold at this moment.

    Args:
        request: which request for this step this is, from 1: what was granted for one holds for no other.
    """
    binds = spec.approval.binds if spec.approval is not None else ()
    return {
        "run": state.run,
        "playbook": state.digest,
        "step": spec.id,
        "visit": state.flow.visits[spec.id],
        "request": request,
        "role": spec.approval.role if spec.approval is not None else None,
        "uses": spec.uses,
        "with": clean(values_for(state, journal, spec)),
        "shell": spec.shell,
        "back_to": clean(bound(state, journal, {"to": spec.rollback.to if spec.rollback else None})["to"]),
        "binds": {path: clean(_as_it_is_now(look_up(state, journal, path))) for path in binds},
    }


def digest_of(subject: Any) -> str:
    """Return the SHA-256, in hexadecimal, of a subject as canonical JSON (RFC 8785)."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(subject)).hexdigest()


def _as_it_is_now(value: Any) -> Any:
    """Add to every file with a hash what it holds now; null where it is gone."""
    if isinstance(value, list):
        return [_as_it_is_now(each) for each in value]
    if isinstance(value, dict) and isinstance(value.get("path"), str) and "sha256" in value:
        return {**value, "now": _hash_of(Path(value["path"]))}
    return value


def _hash_of(path: Path) -> str | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
