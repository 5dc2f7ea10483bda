"""Which thread of a process can be asked to run something: its main one when it next may, or one that waits.

Formats: proc_pid_syscall(5), proc_pid_status(5).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leakdoc.attach.needle import WAITS
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory, parse_status

_LOOKED_S: Final = 0.15  # a main thread that has not moved for so long waits for something
_SWITCHES: Final = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """By which thread, and how (`leakdoc.attach.needle`)."""

    thread: int
    mode: str


def way_into(directory: ProcessDirectory, clock: Clock, wait: object) -> Way:
    """Choose the thread.

    Raises:
        AttachRefused: none can be used now.
        OSError: the process has ended.
    """
    import threading

    main = directory.pid
    before = _moves(directory, main)
    clock.wait(_LOOKED_S, wait if isinstance(wait, threading.Event) else threading.Event())
    if _moves(directory, main) != before or _state(directory, main) == "R":
        return Way(thread=main, mode="pending")
    waiting = next((thread for thread in _threads(directory) if _waits(directory, thread)), None)
    if waiting is None:
        raise AttachRefused(
            f"no thread of process {main} can be used now: {_why_none(directory)}",
            help="Try again later; leakdoc heap --for 1m asks for longer.",
        )
    return Way(thread=waiting, mode="borrow")


def _threads(directory: ProcessDirectory) -> Iterator[int]:
    """Yield the threads, the main one first."""
    names = sorted((int(name) for name in directory.names("task")), key=lambda each: each != directory.pid)
    yield from names


def _moves(directory: ProcessDirectory, thread: int) -> tuple[int | None, ...]:
    status = parse_status(directory.text(f"task/{thread}/status"))
    return tuple(status.get(name) for name in _SWITCHES)


def _state(directory: ProcessDirectory, thread: int) -> str:
    text = directory.text(f"task/{thread}/stat")
    return text.rpartition(")")[2].split()[0]


def _why_none(directory: ProcessDirectory) -> str:
    states = set()
    for thread in _threads(directory):
        with contextlib.suppress(OSError, IndexError):
            states.add(_state(directory, thread))
    if states <= {"D"}:
        return "each waits for a disk"
    return "each is stopped" if states <= {"T", "t"} else "none waits where it may be held"


def _waits(directory: ProcessDirectory, thread: int) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        number = int(directory.text(f"task/{thread}/syscall").split()[0])
        return number in WAITS.values() and _state(directory, thread) == "S"
    return False
