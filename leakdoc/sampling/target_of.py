"""One process by its pid, on whatever platform."""

from __future__ import annotations

import sys

from leakdoc.sampling.process import Target


def target_of(pid: int) -> Target:
    """Find the process with this pid.

    Raises:
        TargetGone: there is no such process.
        TargetError: it is a zombie, a thread, or a thread of the kernel.
        AccessDenied: the system does not show it to us.
    """
    if sys.platform == "linux":
        from leakdoc.sampling.linux_target import linux_target

        return linux_target(pid)
    from leakdoc.sampling.portable import portable_target

    return portable_target(pid)
