"""A rollback: one command, run once, its output kept; it counts only when the old build serves again."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from leakdoc.errors import SourceError
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.verification.commands_in_time import run_in_time

PATIENCE_S: Final = 900.0
SERVING_S: Final = 120.0  # how long the old build may take until it serves
_EVERY_S: Final = 1.0
_IN_A_ROW: Final = 3  # a build that answers once and dies does not serve
_MOST_OUTPUT: Final = 65_536  # bytes kept, from the end
_MOST_ON_DISK: Final = 16 * 2**20
_LONGEST_LINE: Final = 1_000  # characters
_ONE_CHECK_S: Final = 30.0

Serves = Callable[[], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback came to.

    Args:
        exit_status: of the command; null where it could not be run, or did not end in time.
        output: what it wrote, secrets taken out, the end of it where it is long.
        verified: whether the old build serves again; null where nobody could tell.
    """

    argv: tuple[str, ...]
    exit_status: int | None
    output: str
    took_s: float
    verified: bool | None
    reason: str


def roll_back(argv: Sequence[str], serves: Serves, *, clock: Clock | None = None) -> Rollback:
    """Run the command to its end, whatever signals come meanwhile, then see whether the old build serves.

    Args:
        serves: whether it serves right now; null where that cannot be told.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    status, output, trouble = _run(argv)
    took = clock.monotonic() - started
    if status != 0:
        told = trouble or f"it ended with exit status {status}"
        verified: bool | None = False
        reason = f"the rollback failed: {told}; a person is needed"
    else:
        verified, reason = _verified(serves, clock)
    return Rollback(argv=tuple(argv), exit_status=status, output=output, took_s=took, verified=verified, reason=reason)


def _run(argv: Sequence[str]) -> tuple[int | None, str, str | None]:
    with tempfile.TemporaryFile("a+b") as kept:
        status, trouble = None, None
        try:
            status = run_in_time(argv, PATIENCE_S, output=kept, meanwhile=partial(_keep_the_end, kept.fileno()))
        except (OSError, ValueError) as error:
            trouble = f"it cannot be run: {inert(str(error))}"
        else:
            if status is None:
                trouble = f"it did not end within {PATIENCE_S:.0f} s, and was ended with all that it had begun"
        size = kept.seek(0, 2)
        kept.seek(max(0, size - _MOST_OUTPUT))
        return status, _shown(kept.read()), trouble


def _keep_the_end(kept: int) -> None:
    """Drop all but the end of what was written, when it becomes much: a command that never stops fills no disk."""
    size = os.fstat(kept).st_size
    if size > _MOST_ON_DISK:
        end = os.pread(kept, _MOST_OUTPUT, size - _MOST_OUTPUT)
        os.ftruncate(kept, 0)
        os.write(kept, end)  # at what is now the end: the file is appended to, by the command as well


def _shown(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").splitlines()
    return "\n".join(without_secrets(inert(line, longest=_LONGEST_LINE)) for line in lines)


def _verified(serves: Serves, clock: Clock) -> tuple[bool | None, str]:
    deadline, good, untold = clock.monotonic() + SERVING_S, 0, ""
    while True:
        try:
            said, untold = serves(), ""
        except SourceError as error:  # a server that is away for a moment says nothing of the build
            said, untold = False, error.message
        if said is None:
            return None, "the rollback ran; whether the old build serves could not be told: give --serving CMD"
        good = good + 1 if said else 0
        if good >= _IN_A_ROW:
            return True, "rolled back: the old build serves again"
        if clock.monotonic() >= deadline:
            return _not_seen_to_serve(untold)
        clock.wait(_EVERY_S, threading.Event())


def _not_seen_to_serve(untold: str) -> tuple[bool | None, str]:
    if untold:
        return None, f"the rollback ran; whether the old build serves could not be told: {untold}"
    return False, f"the rollback ran, but the old build does not serve after {SERVING_S:.0f} s; a person is needed"


def passes(argv: Sequence[str]) -> Serves:
    """Return a check that is passed while a command ends with exit status 0."""

    def serves() -> bool:
        try:
            return run_in_time(argv, _ONE_CHECK_S) == 0
        except (OSError, ValueError):
            return False

    return serves
