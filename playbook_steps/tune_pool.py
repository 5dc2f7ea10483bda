"""``leakdoc.tune_pool``: a connection pool's settings, changed by the user's own hook."""

from __future__ import annotations

from typing import Annotated, Any

from leakdoc.playbook import Param
from playbook_steps.hooked import hooked


@hooked(
    "tune_pool",
    timeout_s=600,
    outputs=("applied", "previous"),
    hands_on=lambda _, given: {"applied": given["settings"], "previous": None},
)
def tune_pool(
    *,
    service: Annotated[str, Param(help="the service")],
    settings: Annotated[Any, Param(help='the settings that are wanted, such as {"size": 20}')] = None,
    peer: Annotated[str | None, Param(help="the other end")] = None,
    advice: Annotated[Any, Param(help="what earlier steps advise")] = None,
) -> None:
    """Change a connection pool's settings.

    A hook that prints {"previous": …} says what held before, for its undo.
    """
