"""From what the user typed to one process."""

from __future__ import annotations

import re
import sys
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.process import Target

__all__ = ["Target", "resolve", "target_of"]

_PID: Final = re.compile(r"[0-9]{1,10}")
_SUPPORTED: Final = "Give a process id, such as 4242."


def resolve(text: str) -> Target:
    """Find the process that the text names.

    Args:
        text: a pid.

    Raises:
        UsageError: the text is of a form that is not supported.
        TargetGone: there is no such process.
        TargetError: it is a zombie, a thread, or a thread of the kernel.
        AccessDenied: the system does not show it to us.
    """
    stripped = text.strip()
    if not _PID.fullmatch(stripped) or int(stripped) == 0:
        raise UsageError(f"not a target: {inert(stripped)!r}", help=_SUPPORTED)
    return target_of(int(stripped))


def target_of(pid: int) -> Target:
    """Find the process with this pid; raises as `resolve` does."""
    if sys.platform == "linux":
        from leakdoc.sampling.linux_target import linux_target

        return linux_target(pid)
    from leakdoc.sampling.portable import portable_target

    return portable_target(pid)
