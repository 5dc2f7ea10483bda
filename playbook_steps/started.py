"""Programs that a step starts beside itself, and ends with everything that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from leakdoc.errors import UsageError

PATIENCE_S: Final = 10.0


def started(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; what it writes goes nowhere.

    Raises:
        UsageError: it cannot be started.
    """
    try:
        return subprocess.Popen(
            list(words), env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"{words[0]} cannot be started: {error}", help="Check the command.") from None


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a program and its session: SIGTERM, and SIGKILL to what is left after a while."""
    _tell(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_S)
    _tell(process, signal.SIGKILL)
    process.wait()


def _tell(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
