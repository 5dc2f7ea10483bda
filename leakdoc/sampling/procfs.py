"""What `/proc/PID` says, as values: parsers of its text, and a directory handle that a reused pid cannot fool.

Formats: proc_pid_stat(5), proc_pid_status(5), proc_pid_limits(5).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

PF_KTHREAD: Final = 0x0020_0000  # include/linux/sched.h
DEAD_STATES: Final = ("Z", "X", "x")
_LONGEST_FILE: Final = 1 << 24  # 16 MiB: /proc/PID/maps of 100,000 mappings
_CHUNK: Final = 1 << 16
_STATUS_LINE: Final = re.compile(r"^(\w+):[ \t]+([0-9]+)", re.MULTILINE)
_LIMIT_LINE: Final = re.compile(r"^Max open files[ \t]+([0-9]+|unlimited)[ \t]", re.MULTILINE)


class UnexpectedText(ValueError):
    """A file of /proc does not read as its format says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What `/proc/PID/stat` says of a process.

    Args:
        comm: its name, as the kernel cut it (15 bytes); foreign text.
        state: one letter; Z for a zombie.
        cpu_ticks: user and system time, in clock ticks.
        start_ticks: clock ticks from boot to its start.
        minor_faults: page faults that needed no disk; `major_faults` did.
        exit_code: wait status, once it is a zombie and we may see it; 0 otherwise.
    """

    comm: str
    state: str
    parent: int
    flags: int
    cpu_ticks: int
    threads: int
    start_ticks: int
    minor_faults: int = 0
    major_faults: int = 0
    exit_code: int = 0

    @property
    def is_kernel_thread(self) -> bool:
        """Whether this is a thread of the kernel, which has no memory of its own."""
        return bool(self.flags & PF_KTHREAD)

    @property
    def is_dead(self) -> bool:
        """Whether only its exit status is left of it."""
        return self.state in DEAD_STATES


def parse_stat(text: str) -> Stat:
    """Read `/proc/PID/stat`; the name in it may hold spaces, parentheses and newlines.

    Raises:
        UnexpectedText: it is not of that format.
    """
    head, _, rest = text.rpartition(")")
    _, opening, comm = head.partition("(")
    fields = rest.split()
    if not opening or len(fields) < 20:
        raise UnexpectedText("/proc/PID/stat has too few fields")
    number = [_integer(each) for each in fields[1:]]
    return Stat(
        comm=comm,
        state=fields[0],
        parent=number[0],
        flags=number[5],
        cpu_ticks=number[10] + number[11],
        threads=number[16],
        start_ticks=number[18],
        minor_faults=number[6],
        major_faults=number[8],
        exit_code=number[48] if len(number) > 48 else 0,
    )


def parse_status(text: str) -> dict[str, int]:
    """Read the numbers of `/proc/PID/status` by name; sizes stay in its unit, kB of 1,024 bytes.

    The name of the process comes first and is escaped by the kernel, so that it cannot start a line of its own.
    """
    return {name: int(number) for name, number in _STATUS_LINE.findall(text)}


def parse_open_files_limit(text: str) -> float | None:
    """Read the soft limit of open files from `/proc/PID/limits`; null when there is none.

    Raises:
        UnexpectedText: the line is missing.
    """
    match = _LIMIT_LINE.search(text)
    if match is None:
        raise UnexpectedText("/proc/PID/limits has no line of open files")
    return None if match[1] == "unlimited" else float(match[1])


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UnexpectedText(f"not a number where one belongs: {text[:20]!r}") from None


@cache
def clock_ticks_per_s() -> int:
    """Return the unit of the times in `/proc/PID/stat` (`sysconf(_SC_CLK_TCK)`)."""
    return os.sysconf("SC_CLK_TCK")


class ProcessDirectory:
    """An open `/proc/PID`: once the process has ended it answers ESRCH or ENOENT, whoever has its pid by then.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __del__(self) -> None:
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a file of this process; the caller closes the descriptor."""
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self._fd)

    def text(self, name: str) -> str:
        """Return a file's text; bytes that are not UTF-8 survive as surrogates."""
        fd = self.open(name)
        try:
            return read_whole(fd).decode("utf-8", "surrogateescape")
        finally:
            os.close(fd)

    def stat(self) -> Stat:
        """Return what `stat` says now."""
        return parse_stat(self.text("stat"))

    def require_main_thread(self) -> None:
        """Make sure that nothing is nothing: once its main thread has ended, /proc shows a living process as empty.

        Raises:
            ProcessLookupError: the main thread has ended.
        """
        if self.stat().is_dead:
            raise ProcessLookupError("the main thread has ended")

    def size(self, name: str) -> int:
        """Return the size that the kernel reports for one of its entries."""
        return os.stat(name, dir_fd=self._fd).st_size

    def names(self, name: str) -> list[str]:
        """List one of its directories."""
        fd = self.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return os.listdir(fd)  # noqa: PTH208 - a path cannot name an open directory
        finally:
            os.close(fd)

    def link(self, name: str) -> str:
        """Return where one of its links points."""
        return os.readlink(name, dir_fd=self._fd)


def read_whole(fd: int) -> bytes:
    """Read a file of /proc from its start to its end, whatever its position."""
    parts = []
    length = 0
    while length < _LONGEST_FILE and (part := os.pread(fd, _CHUNK, length)):
        parts.append(part)
        length += len(part)
    return b"".join(parts)


class KeptFile:
    """A file or directory of a process that stays open: it stays the same one, and is read in one system call."""

    def __init__(self, directory: ProcessDirectory, name: str, flags: int = os.O_RDONLY) -> None:
        self.fd = directory.open(name, flags)

    def __del__(self) -> None:
        fd, self.fd = getattr(self, "fd", -1), -1
        if fd >= 0:
            os.close(fd)

    @property
    def path(self) -> str:
        """A path to it, good for as long as this object lives."""
        return f"/proc/self/fd/{self.fd}"

    def start(self, length: int = 4_096) -> bytes:
        """Return at most `length` bytes from its start, read anew."""
        return os.pread(self.fd, length, 0)
