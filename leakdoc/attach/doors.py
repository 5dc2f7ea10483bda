"""The ways into a running process, the gentlest first; each says what hinders it here, and what it costs the target."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from leakdoc.attach import debugger, held_thread, remote_exec
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way.

    Args:
        cost: what it does to the target, in words.
        needs_bytes: memory that it takes beside the target, which may count against the target's limit.
        hindrance: says why it cannot be used for a process; null where it can.
        enter: makes a process run a file, named as the process names it; raises AttachRefused where that fails.
    """

    name: str
    cost: str
    needs_bytes: int
    hindrance: Callable[[ProcessDirectory], str | None]
    enter: Callable[[ProcessDirectory, str, Clock, threading.Event], None]


DOORS: Final[tuple[Door, ...]] = (
    Door(
        name="held thread",
        cost="one of its threads is held for about 2 ms to let an agent in",
        needs_bytes=0,
        hindrance=held_thread.hindrance,
        enter=held_thread.enter,
    ),
    Door(
        name="sys.remote_exec",
        cost="its main thread lets an agent in when it next may",
        needs_bytes=0,
        hindrance=remote_exec.hindrance,
        enter=remote_exec.enter,
    ),
    Door(
        name="gdb",
        cost="gdb holds all its threads for about half a second to let an agent in",
        needs_bytes=debugger.PEAK_BYTES,
        hindrance=debugger.hindrance,
        enter=debugger.enter,
    ),
)


def door_into(directory: ProcessDirectory) -> Door:
    """Return the first that nothing hinders.

    Raises:
        AttachRefused: there is none; why not is told of each.
    """
    reasons = []
    for door in DOORS:
        why = door.hindrance(directory)
        if why is None:
            return door
        reasons.append(f"{door.name}: {why}")
    raise AttachRefused(
        f"no agent can be sent into process {directory.pid}: {'; '.join(reasons)}",
        help="Start the program with `leakdoc run --agent -- CMD`, or call leakdoc.agent.start() in it.",
    )
