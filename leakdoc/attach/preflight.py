"""Everything that must hold before anything is put into a process: an ordered list, the first objection refuses."""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.attach.capabilities import CAP_SYS_PTRACE, has_capability
from leakdoc.attach.doors import door_into
from leakdoc.attach.interpreter import interpreter_of
from leakdoc.attach.place import BASES, bases_in
from leakdoc.errors import AttachBusy, AttachRefused
from leakdoc.sampling.control_group import find_group
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText, parse_status
from leakdoc.units import format_size

AGENT_BYTES: Final = 8 << 20  # what the agent took where it was sent: 2 to 4 MiB, and as much again in a look
ROOM_FACTOR: Final = 3  # never be the last straw: so many times the measured cost must be free
_LIMITED: Final = {"Max address space": "VmSize", "Max data size": "VmData"}
_MEMORY: Final = Path("/proc/meminfo")
_STRICT: Final = 1  # linux/seccomp.h, SECCOMP_MODE_STRICT
_PTRACE_DETACH: Final = 17  # sys/ptrace.h
_NO_PROCESS: Final = 2**31 - 1  # no pid is so high


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at before: the process, and what the user accepts."""

    directory: ProcessDirectory
    accept_oom_risk: bool = False

    @property
    def pid(self) -> int:
        """Its pid."""
        return self.directory.pid


Check = Callable[[Subject], None]


def preflight(subject: Subject) -> None:
    """Make sure that everything in `CHECKS` holds.

    Raises:
        AttachRefused: something does not; the reason, and what to do, are told.
    """
    for check in CHECKS:
        try:
            check(subject)
        except PermissionError as error:
            raise AttachRefused(
                f"process {subject.pid} cannot be looked into: {error.strerror}",
                help="Run leakdoc as the target's user, or as root."
                if os.geteuid()
                else "Root is not enough here: what started it forbids it (a container or a sandbox, say).",
            ) from error


def room_of(directory: ProcessDirectory) -> float | None:
    """Return how many bytes may still be used before the target's limit, or the machine's; null where unknown."""
    rooms = []
    try:
        group = find_group(directory, directory.text("cgroup"))
        limit, usage = group.limit(), group.usage()
        if limit is not None:
            if usage is None:
                return None
            rooms.append(limit - usage)
    except (FileNotFoundError, UnexpectedText):
        pass  # in no group that counts memory: the machine is the limit
    except OSError:
        return None
    rooms.extend(_rooms_of_limits(directory))
    available = parse_status(_MEMORY.read_text(encoding="ascii")).get("MemAvailable")
    if available is not None:
        rooms.append(float(available) * 1024)
    return min(rooms) if rooms else None


def room_for(directory: ProcessDirectory, needed: int) -> str | None:
    """Say that, and why, there is no room for what takes so many bytes; null where there is."""
    room = room_of(directory)
    if room is None:
        return "how much memory it may still use is not known (--accept-oom-risk)"
    if room >= ROOM_FACTOR * needed:
        return None
    return f"{format_size(max(room, 0))} are left under its limit, not {format_size(ROOM_FACTOR * needed)}"


def _rooms_of_limits(directory: ProcessDirectory) -> Iterator[float]:
    """Yield what the process's own limits leave (setrlimit(2)): beyond them its allocations fail."""
    try:
        limits, status = directory.text("limits"), parse_status(directory.text("status"))
    except OSError:
        return
    for name, counter in _LIMITED.items():
        match = re.search(rf"^{name} +(\d+) ", limits, re.MULTILINE)
        if match is not None and counter in status:
            yield float(match[1]) - status[counter] * 1024


def require_not_forbidden(subject: Subject) -> None:
    """Make sure that the process does not forbid it to others.

    Raises:
        AttachRefused: it does.
    """
    environment = subject.directory.text("environ").split("\0")
    words = subject.directory.text("cmdline").split("\0")
    forbids = any(each.partition("=")[0] == "PYTHON_DISABLE_REMOTE_DEBUG" and each[-1] != "=" for each in environment)
    if forbids or any("disable-remote-debug" in word or "disable_remote_debug" in word for word in words):
        raise AttachRefused(
            f"process {subject.pid} forbids it: PYTHON_DISABLE_REMOTE_DEBUG is set",
            help="Start it without, or with an agent: `leakdoc run --agent -- CMD`.",
        )


def _not_traced(subject: Subject) -> None:
    tracer = parse_status(subject.directory.text("status")).get("TracerPid", 0)
    if tracer:
        raise AttachBusy(
            f"process {tracer} is tracing process {subject.pid} already", help="Let that debugger or strace end first."
        )


def _running(subject: Subject) -> None:
    state = subject.directory.stat().state
    if state in ("T", "t"):
        raise AttachRefused(f"process {subject.pid} is stopped", help=f"Let it go on with: kill -CONT {subject.pid}")


def _allowed(subject: Subject) -> None:
    if has_capability(CAP_SYS_PTRACE):
        return
    owner = Path(f"/proc/{subject.pid}").stat().st_uid
    if owner != os.geteuid():
        raise AttachRefused(
            f"process {subject.pid} belongs to user {owner}", help="Run leakdoc as that user, or as root."
        )
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.exists() and scope.read_text().strip() != "0":
        raise AttachRefused(
            f"the system lets no process trace another: kernel.yama.ptrace_scope is {scope.read_text().strip()}",
            help="sudo sysctl kernel.yama.ptrace_scope=0, or in a container --cap-add SYS_PTRACE; or run with sudo.",
        )


def _seccomp(subject: Subject) -> None:
    """Neither side's filter of system calls may stand in the way (seccomp(2))."""
    if parse_status(subject.directory.text("status")).get("Seccomp", 0) == _STRICT:
        raise AttachRefused(
            f"process {subject.pid} may only read and write (seccomp strict mode): anything else would end it",
            help="Look at it from outside: leakdoc watch.",
        )
    if not _may_call_ptrace():
        raise AttachRefused(
            "a filter of system calls (seccomp) keeps ptrace from leakdoc here",
            help="Run leakdoc on the host, or the container with --cap-add SYS_PTRACE.",
        )


def _may_call_ptrace() -> bool:
    """Ask for what cannot be there: without a filter the answer is that there is no such process."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace(ctypes.c_long(_PTRACE_DETACH), ctypes.c_long(_NO_PROCESS), None, None)
    return ctypes.get_errno() == errno.ESRCH


def _python(subject: Subject) -> None:
    interpreter_of(subject.pid)


def _way_in(subject: Subject) -> None:
    door_into(subject.directory)


def _room(subject: Subject) -> None:
    if subject.accept_oom_risk:
        return
    room = room_of(subject.directory)
    needed = ROOM_FACTOR * max(AGENT_BYTES, door_into(subject.directory).needs_bytes)
    if room is None:
        raise AttachRefused(
            f"how much memory process {subject.pid} may still use is not known",
            help="Say --accept-oom-risk if it may be the last straw.",
        )
    if room < needed:
        raise AttachRefused(
            f"process {subject.pid} has {format_size(max(room, 0))} left under its limit, not {format_size(needed)}",
            help="Raise its limit for a while, or say --accept-oom-risk.",
        )


def _disk(subject: Subject) -> None:
    if not bases_in(subject.directory):
        raise AttachRefused(
            f"{', '.join(BASES)} of process {subject.pid} are not there, full or read-only",
            help="Free a megabyte there, or start it with an agent: `leakdoc run --agent -- CMD`.",
        )


CHECKS: Final[tuple[Check, ...]] = (
    _allowed,
    _seccomp,
    require_not_forbidden,
    _not_traced,
    _running,
    _python,
    _way_in,
    _room,
    _disk,
)
