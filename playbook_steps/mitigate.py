"""``leakdoc.mitigate``: relief before the cure, by the user's own hook; what it relieves is not solved by it."""

from __future__ import annotations

from typing import Annotated

from leakdoc.playbook import Param
from playbook_steps.hooked import hooked


@hooked(
    "mitigate",
    timeout_s=600,
    outputs=("applied",),
    hands_on=lambda _, given: {"applied": given["relief"]},
    is_told_early=False,  # a playbook goes on without relief
)
def mitigate(
    *,
    service: Annotated[str, Param(help="the service")],
    relief: Annotated[
        str | None, Param(help="what is done: end held sessions, restart one instance, shed load")
    ] = None,
) -> None:
    """Relieve production before the cure: end held sessions, restart one instance, shed load."""
