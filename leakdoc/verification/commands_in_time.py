"""Commands that end in time: what has not by then is ended, with all that it began."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psutil

_LOOK_S: Final = 0.5
_POLITE_S: Final = 5.0  # between being asked to end and being ended


def run_in_time(
    argv: Sequence[str], seconds: float, *, output: IO[bytes] | int = subprocess.DEVNULL,
    meanwhile: Callable[[], None] = lambda: None,
) -> int | None:  # fmt: skip
    """Run a command in a session of its own, so that Ctrl-C at our terminal does not leave it half done.

    Args:
        seconds: how long it may take.
        output: takes what it writes; not a pipe.
        meanwhile: called now and then as long as it runs.

    Returns:
        Its exit status; null where it did not end in time, and was ended.

    Raises:
        OSError, ValueError: it cannot be run.
    """
    process = subprocess.Popen(
        list(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0.0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(min(left, _LOOK_S))
            meanwhile()
        return None
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command, its group, and what it began in sessions of their own."""
    begun = _descendants(process.pid)
    _signal(process.pid, begun, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_POLITE_S)
    _signal(process.pid, begun, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):  # a disk or a network keeps it in the system
        process.wait(_POLITE_S)


def _signal(group: int, begun: Sequence[psutil.Process], number: int) -> None:
    import psutil

    with contextlib.suppress(OSError):
        os.killpg(group, number)
    for each in begun:
        with contextlib.suppress(psutil.Error):
            each.send_signal(number)  # which makes sure that it is still the same process


def _descendants(pid: int) -> list[psutil.Process]:
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
