"""The door that needs no debugger: one thread is held for a moment (ptrace(2)), by code for x86-64."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from leakdoc.attach.capabilities import CAN_SEND
from leakdoc.attach.threads import way_into
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory

_NEEDLE_S: Final = 60.0  # longer than the needle may take by its own rules


def hindrance(directory: ProcessDirectory) -> str | None:
    """Say why it cannot be used; null where it can."""
    del directory
    here = platform.system(), platform.machine()
    return None if here == CAN_SEND else f"for Linux on x86-64 only, not {here[0]} on {here[1]}"


def enter(directory: ProcessDirectory, path: str, clock: Clock, stop: threading.Event) -> None:
    """Run the needle (`leakdoc.attach.needle`); it ends by itself whatever becomes of us.

    Raises:
        AttachRefused: the process could not be entered.
    """
    way = way_into(directory, clock, stop)
    command = [sys.executable, "-m", "leakdoc.attach.needle", str(directory.pid), str(way.thread), way.mode, path]
    needle = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        said, complaint = needle.communicate(timeout=_NEEDLE_S)
    except subprocess.TimeoutExpired:  # it is not killed: it puts back what it has touched, and ends
        said, complaint = "it took too long", ""
    if said != "done":
        why = said or complaint.strip().rpartition("\n")[2]
        raise AttachRefused(
            f"process {directory.pid} could not be entered: {why}", help="It goes on as before; try again."
        )
