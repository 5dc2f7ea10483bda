"""How one process of a crew is read: as a single one is, with its share of the budgets, or as lightly as can be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from leakdoc.errors import TargetGone
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target_of import target_of

if TYPE_CHECKING:
    from leakdoc.sampling.crew.light_member import LightMember

# A prefork server has two workers a core or so; of a fleet of more only the first is read fully, with this part of the
# budgets, and of the others memory and descriptors.
FULLY_READ_MOST: Final = 32
SHARE_OF_THE_FIRST: Final = 1.0 / 40


def fully_read(pid: int, clock: Clock, *, share: float, looked_at: Callable[[], Collection[int]]) -> Sampler:
    """Return a sampler of a process, kept to its share of the budgets.

    Raises:
        TargetGone, TargetError: it has ended, or cannot be sampled.
        AccessDenied: the system does not show it to us.
    """
    target = target_of(pid)
    if sys.platform != "linux":
        return Sampler(target, clock=clock)
    from leakdoc.sampling.linux_plan import linux_plan

    return Sampler(target, linux_plan(target, share=share, looked_at=looked_at), clock)


def lightly_read(pid: int) -> LightMember:
    """Return what reads a process's memory and descriptors.

    Raises:
        TargetGone: there is no such way on this system.
        OSError: it has ended, or is not shown to us.
    """
    if sys.platform != "linux":
        raise TargetGone(f"process {pid} is beyond the {FULLY_READ_MOST} that are read on this system")
    from leakdoc.sampling.crew.light_member import LightMember

    return LightMember(pid)
