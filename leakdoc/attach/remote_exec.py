"""The interpreter's own door, from Python 3.14 on: `sys.remote_exec` (PEP 768), for any processor.

The file is run when the target's main thread next may; one that waits in the system is not reached. Both sides have to
be of one feature version: ours finds its way in the target by the layout of its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from leakdoc.attach.interpreter import interpreter_of
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory

_FIRST: Final = (3, 14)
ENTRY: Final = "enter.py"  # beside the file: runs it, and leaves no name behind


def hindrance(directory: ProcessDirectory) -> str | None:
    """Say why it cannot be used; null where it can."""
    if _remote_exec() is None:
        return "this leakdoc runs on a Python older than 3.14"
    theirs, ours = interpreter_of(directory.pid).version, sys.version_info
    if theirs[:2] < _FIRST:
        return f"the target's Python {theirs[0]}.{theirs[1]} is older than 3.14"
    if theirs[:2] != ours[:2]:
        return f"the target's Python is {theirs[0]}.{theirs[1]}, leakdoc's {ours[0]}.{ours[1]}"
    return None


def enter(directory: ProcessDirectory, path: str, clock: Clock, stop: threading.Event) -> None:
    """Ask the target's interpreter to run a file.

    Raises:
        AttachRefused: it refuses, or the file is in another mount namespace, where ours cannot name it.
    """
    del clock, stop
    run, entry = _remote_exec(), Path(path).with_name(ENTRY)
    if run is None or not entry.exists():
        raise AttachRefused(f"{entry} of process {directory.pid} cannot be named from here, for sys.remote_exec")
    try:
        run(directory.pid, str(entry))
    except (OSError, RuntimeError, ValueError) as error:
        raise AttachRefused(
            f"sys.remote_exec refuses process {directory.pid}: {error}", help="It goes on as before."
        ) from error


def _remote_exec() -> Callable[[int, str], None] | None:
    return getattr(sys, "remote_exec", None)
