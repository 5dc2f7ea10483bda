"""``leakdoc.apply_circuit_breaker``: a circuit breaker in front of an upstream, by the user's own hook."""

from __future__ import annotations

from typing import Annotated, Any

from leakdoc.playbook import Param
from playbook_steps.hooked import hooked


@hooked(
    "apply_circuit_breaker",
    timeout_s=600,
    outputs=("applied", "previous"),
    hands_on=lambda _, given: {"applied": given["settings"], "previous": None},
)
def apply_circuit_breaker(
    *,
    service: Annotated[str, Param(help="the service")],
    settings: Annotated[Any, Param(help='the settings that are wanted, such as {"failures": 5}')] = None,
    peer: Annotated[str | None, Param(help="the other end")] = None,
    advice: Annotated[Any, Param(help="what earlier steps advise")] = None,
) -> None:
    """Put a circuit breaker in front of an upstream that does not answer.

    A hook that prints {"previous": …} says what held before, for its undo.
    """
