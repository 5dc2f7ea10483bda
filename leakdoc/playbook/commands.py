"""Commands that steps run: argv lists, no input from the terminal, bounded output, ended whole when time is up."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from leakdoc.errors import LeakdocError, StepError
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.secret_refs import is_reference, read_secret
from leakdoc.redact import inert, without_secrets

KEPT: Final = 16_384  # bytes of output, from its end
_LOOK_S: Final = 0.05
_POLITE_S: Final = 2.0  # between asking a command to end and ending it


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended.

    Args:
        exit_status: negative for a signal.
        output: the end of what it wrote, without secrets.
        error: the same of its standard error.
    """

    exit_status: int
    output: str
    error: str

    @property
    def told(self) -> str:
        """Its last line, for a reason."""
        lines = [line for text in (self.error, self.output) for line in text.splitlines() if line.strip()]
        return inert(lines[-1] if lines else "it wrote nothing", longest=300)


def run_command(
    ctx: StepContext,
    argv: Sequence[str],
    *,
    shell: bool = False,
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    given: bytes = b"",
    directory: Path | None = None,
) -> Done:
    """Run a command to its end.

    Args:
        argv: the words; with `shell`, one script, which values reach as environment variables only.
        environment: beside ours, as it is.
        secrets: the same, but a value of the form env:NAME or file:PATH is the secret it stands for.
        given: its standard input.

    Raises:
        StepError: it cannot be started, or was told to stop; then all of it has been ended.
    """
    words = ["/bin/sh", "-c", *argv] if shell else list(argv)
    if not words:
        raise StepError("the command is empty")
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error, tempfile.TemporaryFile() as given_file:
        given_file.write(given)
        given_file.seek(0)
        try:
            process = subprocess.Popen(
                words,
                stdin=given_file,
                stdout=output,
                stderr=error,
                env={**os.environ, **_facts(ctx), **_named(environment or {}), **_resolved(secrets or {})},
                cwd=directory,
                start_new_session=not ctx.owns_group,
            )
        except (OSError, ValueError) as failure:
            reason = failure.strerror if isinstance(failure, OSError) else str(failure)
            raise StepError(f"cannot run {inert(words[0])}: {reason}") from None
        status = _waited_for(ctx, process)
        done = Done(exit_status=status, output=_end_of(output), error=_end_of(error))
    if ctx.cancelled.is_set():
        raise StepError(f"{inert(words[0])} was ended, with all that it had begun: it was told to stop")
    return done


def _waited_for(ctx: StepContext, process: subprocess.Popen[bytes]) -> int:
    try:
        while not ctx.cancelled.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_S)
        _signal(ctx, process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLITE_S)
    finally:
        if process.poll() is None or ctx.cancelled.is_set():
            _signal(ctx, process, signal.SIGKILL)
    try:
        return process.wait(_POLITE_S)
    except subprocess.TimeoutExpired:
        raise StepError("it was killed, and the system does not let go of it: look at its disks and networks") from None


def _signal(ctx: StepContext, process: subprocess.Popen[bytes], number: int) -> None:
    """Signal the whole group; where it is the runner's, the runner ends the rest of it."""
    with contextlib.suppress(OSError):
        if not ctx.owns_group:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)


def _end_of(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - KEPT))
    return without_secrets(file.read().decode("utf-8", "replace"))


def _facts(ctx: StepContext) -> dict[str, str]:
    """What a command may know of the run it is part of; run and step together name one effect, however often tried."""
    if ctx.run is None:
        return {}
    return {
        "LEAKDOC_RUN": ctx.run.id,
        "LEAKDOC_STEP": ctx.run.step,
        "LEAKDOC_ATTEMPT": str(ctx.run.attempt),
        "LEAKDOC_PLAYBOOK": ctx.run.playbook,
        "LEAKDOC_JOURNAL": str(ctx.run.journal),
    }


def _named(environment: Mapping[str, str]) -> dict[str, str]:
    for name, value in environment.items():
        if not name or "=" in name or "\0" in name + value:
            raise LeakdocError(f"{inert(name)!r} cannot be an environment variable")
    return dict(environment)


def _resolved(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: read_secret(value) if is_reference(value) else value for name, value in _named(secrets).items()}
