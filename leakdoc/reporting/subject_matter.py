"""What a report can be about, told apart by shape: reports know the model only, not who made the value."""

from __future__ import annotations

from typing import Any

from leakdoc.errors import UsageError
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Trace


def matter(value: Any, trace: Trace | None) -> tuple[Diagnosis | Proof, Trace | None]:
    """Return the judgement in a value, and the samples that it rests on where they are known.

    Args:
        value: a diagnosis, a proof, or what a watch returned (anything with a `diagnosis` and a `trace`).
        trace: the samples of a diagnosis.

    Raises:
        UsageError: the value is something else.
    """
    judged = getattr(value, "diagnosis", value)
    if not isinstance(judged, Diagnosis | Proof):
        raise UsageError(
            f"there is no report of a {type(value).__name__}",
            help="Give a diagnosis, a proof, or what leakdoc.watch returned; leakdoc.diagnose makes a diagnosis.",
        )
    return judged, trace if trace is not None else getattr(value, "trace", None)
