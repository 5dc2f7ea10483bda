"""Whether another process than the one that did harm stands where it stood, and stays."""

from __future__ import annotations

from leakdoc.errors import TargetError, UsageError
from leakdoc.sampling.target import Target, resolve
from leakdoc.verification.rollback import Serves


def another_than(harmful: Target, target: str) -> Serves:
    """Return a check that is passed while the target is a process other than the harmful one.

    Args:
        target: as the user named it. A bare pid names that one process: once it has gone, nothing can be told.
    """
    names_one_process = target.strip().isdigit()

    def serves() -> bool | None:
        try:
            same = resolve(target).identity == harmful.identity
        except (TargetError, UsageError):  # nobody is there, or old and new still stand side by side
            return None if names_one_process else False
        if same:
            return False
        return None if names_one_process else True

    return serves
