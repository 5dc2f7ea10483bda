"""Children that never outlive us: each holds a pipe of ours on its standard input, which ends when we end.

A pipe closes however its owner dies, SIGKILL included, on Linux and macOS alike.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Final

FLAG: Final = "--end-with-parent"
_READY_S: Final = 60.0
_PATIENCE_S: Final = 10.0  # twice what a request in flight, or PostgreSQL's own shutdown, may take


def start_module(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[str]:
    """Start ``python -m MODULE`` in a session of its own (a terminal's Ctrl-C reaches only us), tied to our life.

    Args:
        environment: added to ours; secrets travel here, never among the arguments.
        pass_fds: descriptors the child inherits under the same numbers.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, FLAG, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )


def end(child: subprocess.Popen[str]) -> str:
    """Ask a child to end (SIGTERM), insist after 10 s (SIGKILL), and return what it still had to say."""
    child.terminate()
    try:
        said, _ = child.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        _kill(child)
        said = _last_words(child)
    return said


def first_line(child: subprocess.Popen[str]) -> str:
    """Return what a child says when it is ready; nothing where it ends without a word, or is ended after a minute."""
    assert child.stdout is not None
    silent = threading.Timer(_READY_S, _kill, (child,))
    silent.daemon = True
    silent.start()
    try:
        return child.stdout.readline()
    finally:
        silent.cancel()


def _kill(child: subprocess.Popen[str]) -> None:
    """Kill a child with what it started, which would hold its pipes open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _last_words(child: subprocess.Popen[str]) -> str:
    """Return what a killed child had said; nothing where something else holds its pipe, or the system holds it."""
    try:
        return child.communicate(timeout=_PATIENCE_S)[0]
    except subprocess.TimeoutExpired:
        return ""


def end_with_parent() -> None:
    """In a child: send ourselves SIGTERM when standard input ends, from a thread that does nothing else."""
    threading.Thread(target=_await_end_of_input, name="lifeline", daemon=True).start()


def _await_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
