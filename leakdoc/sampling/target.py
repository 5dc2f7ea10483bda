"""From what the user typed to one process, told from any other that has had or will have its pid."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from leakdoc.errors import AccessDenied, TargetError, TargetGone, UsageError
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.redact import inert
from leakdoc.sampling.naming import display_name
from leakdoc.sampling.procfs import ProcessDirectory, Stat, parse_status

_PID: Final = re.compile(r"[0-9]{1,10}")
_SUPPORTED: Final = "Give a process id, such as 4242."
_OTHER_USER: Final = "Run leakdoc as the user of that process, or with sudo."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One process to sample.

    Args:
        name: inert, fit for a screen; holds nothing of the process's arguments but a script's name.
    """

    identity: ProcessIdentity
    name: str
    subject: Subject

    @property
    def pid(self) -> int:
        """Its pid, in our own pid namespace."""
        return self.identity.pid


def resolve(text: str) -> Target:
    """Find the process that the text names.

    Args:
        text: a pid.

    Raises:
        UsageError: the text is of a form that is not supported.
        TargetGone: there is no such process.
        TargetError: it is a zombie, a thread, or a thread of the kernel.
        AccessDenied: the system does not show it to us.
    """
    stripped = text.strip()
    if not _PID.fullmatch(stripped) or int(stripped) == 0:
        raise UsageError(f"not a target: {inert(stripped)!r}", help=_SUPPORTED)
    return target_of(int(stripped))


def target_of(pid: int) -> Target:
    """Find the process with this pid; raises as `resolve` does."""
    if sys.platform != "linux":
        from leakdoc.sampling.portable import portable_target

        return portable_target(pid)
    directory = _open(pid)
    try:
        stat = directory.stat()
        _refuse_what_cannot_be_sampled(pid, stat, directory)
        argv = directory.text("cmdline").rstrip("\0").split("\0")
    except PermissionError:
        raise access_denied(pid) from None
    except (ProcessLookupError, FileNotFoundError):
        raise gone(pid) from None
    return make_target(identity_of(pid, stat), display_name(argv, stat.comm))


def make_target(identity: ProcessIdentity, name: str) -> Target:
    """Put a target together from what is known of it."""
    subject = Subject(
        kind=SubjectKind.PROCESS,
        name=name,
        pid=identity.pid,
        started_at=identity.started_at,
        host=inert(socket.gethostname()),
    )
    return Target(identity=identity, name=name, subject=subject)


def gone(pid: int) -> TargetGone:
    """Return the error for a pid that nobody has."""
    return TargetGone(f"there is no process with pid {pid}", help="List what runs with: ps -ef")


def access_denied(pid: int) -> AccessDenied:
    """Return the error for a process that the system hides from us."""
    return AccessDenied(f"process {pid} belongs to another user and the system hides it", help=_OTHER_USER)


def identity_of(pid: int, stat: Stat) -> ProcessIdentity:
    """Return who this is, by boot, pid namespace, pid and start (Linux)."""
    booted_at = _boot_time()
    return ProcessIdentity(
        pid=pid,
        started_at=None if booted_at is None else booted_at + stat.start_ticks / clock_ticks_per_s(),
        start_ticks=stat.start_ticks,
        boot_id=_boot_id(),
        pid_namespace=Path("/proc/self/ns/pid").stat().st_ino,
    )


@cache
def clock_ticks_per_s() -> int:
    """Return the unit of the times in `/proc/PID/stat` (`sysconf(_SC_CLK_TCK)`)."""
    return os.sysconf("SC_CLK_TCK")


def _open(pid: int) -> ProcessDirectory:
    try:
        return ProcessDirectory(pid)
    except PermissionError:
        raise access_denied(pid) from None
    except (ProcessLookupError, FileNotFoundError, NotADirectoryError):
        raise (access_denied(pid) if _is_hidden(pid) else gone(pid)) from None


def _is_hidden(pid: int) -> bool:
    """Say whether a process that /proc does not show exists nevertheless (the mount option `hidepid`)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _refuse_what_cannot_be_sampled(pid: int, stat: Stat, directory: ProcessDirectory) -> None:
    name = inert(stat.comm)
    if stat.is_kernel_thread:
        raise TargetError(f"{pid} ({name}) is a thread of the kernel and has no user memory")
    process = parse_status(directory.text("status")).get("Tgid", pid)
    if process != pid:
        raise TargetError(f"{pid} ({name}) is a thread of process {process}", help=f"Give the process: {process}.")
    if stat.is_dead and stat.threads <= 1:
        raise TargetGone(
            f"process {pid} ({name}) has ended and is a zombie: its parent {stat.parent} has not collected its status",
            help=f"Nothing of its memory is left to look at; look at the parent {stat.parent} if zombies pile up.",
        )


@cache
def _boot_time() -> float | None:
    with Path("/proc/stat").open(encoding="ascii", errors="replace") as lines:
        return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)


@cache
def _boot_id() -> str | None:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None
