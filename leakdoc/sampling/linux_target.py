"""A process of Linux, found through /proc, and told from any other that has had or will have its pid."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path

from leakdoc.errors import TargetError, TargetGone
from leakdoc.model.subject import ProcessIdentity
from leakdoc.redact import inert
from leakdoc.sampling.naming import display_name
from leakdoc.sampling.process import Target, access_denied, gone, make_target
from leakdoc.sampling.procfs import ProcessDirectory, Stat, UnexpectedText, clock_ticks_per_s, parse_status


def linux_target(pid: int) -> Target:
    """Find the process with this pid.

    Raises:
        TargetGone: there is no such process, or it is a zombie.
        TargetError: it is a thread, or a thread of the kernel.
        AccessDenied: the system does not show it to us.
    """
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


def name_now(directory: ProcessDirectory) -> str | None:
    """Return what a process is called now; null where it has ended, or does not show it."""
    try:
        argv = directory.text("cmdline").rstrip("\0").split("\0")
        return display_name(argv, directory.stat().comm) if argv[0] else None
    except (OSError, UnexpectedText):
        return None


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
        raise TargetError(
            f"{pid} ({name}) is a thread of the kernel and has no user memory",
            help="List the processes that have some with: ps -eo pid,rss,args --sort=-rss",
        )
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
