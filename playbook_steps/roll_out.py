"""``leakdoc.roll_out``: a revision is put into production, by the user's own hook."""

from __future__ import annotations

from typing import Annotated

from leakdoc.playbook import Param
from leakdoc.units import format_time
from playbook_steps.hooked import hooked


@hooked(
    "roll_out",
    timeout_s=1800,
    outputs=("revision", "at"),
    hands_on=lambda ctx, given: {"revision": given["revision"], "at": format_time(ctx.now())},
)
def roll_out(
    *,
    service: Annotated[str, Param(help="the service")],
    revision: Annotated[str, Param(help="what is to run")],
) -> None:
    """Put a revision into production."""
