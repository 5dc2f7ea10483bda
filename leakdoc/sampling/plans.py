"""The plan that suits the platform."""

from __future__ import annotations

import sys

from leakdoc.sampling.plan import Plan
from leakdoc.sampling.process import Target


def plan_for(target: Target) -> Plan:
    """Return what is read of a target on this platform.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: the system does not show it to us.
    """
    if sys.platform == "linux":
        from leakdoc.sampling.linux_plan import linux_plan

        return linux_plan(target)
    from leakdoc.sampling.portable import portable_plan

    return portable_plan(target)
