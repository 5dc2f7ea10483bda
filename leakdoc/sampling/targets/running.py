"""The processes that run now, as far as a search for a target needs to know them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leakdoc.sampling.crew.roster import listed_pids
from leakdoc.sampling.naming import display_name
from leakdoc.sampling.procfs import UnexpectedText, parse_stat


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One running process.

    Args:
        name: what to call it, inert.
        comm: the kernel's name of it, foreign text of at most 15 bytes; the name where there is no such thing.
        began: orders processes by their start, in whatever unit.
    """

    pid: int
    parent: int
    name: str
    comm: str
    began: float


def running() -> dict[int, Running]:
    """Return all processes with memory of their own that this system shows us, by pid."""
    of = _of_proc if sys.platform == "linux" else _of_psutil
    return {each.pid: each for pid in listed_pids() for each in of(pid)}


def ancestors(pid: int, everyone: Mapping[int, Running]) -> Iterator[int]:
    """Yield the pids above a process, its parent first."""
    seen: set[int] = set()
    while (process := everyone.get(pid)) is not None and process.parent not in seen:
        pid = process.parent
        seen.add(pid)
        yield pid


def _of_proc(pid: int) -> Iterator[Running]:
    try:
        stat = parse_stat(_text(pid, "stat"))
        argv = _text(pid, "cmdline").rstrip("\0").split("\0")
    except (OSError, UnexpectedText):
        return  # it has ended
    if not stat.is_kernel_thread and not stat.is_dead:
        name = display_name(argv, stat.comm)
        yield Running(pid=pid, parent=stat.parent, name=name, comm=stat.comm, began=stat.start_ticks)


def _text(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "surrogateescape")


def _of_psutil(pid: int) -> Iterator[Running]:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            name, parent, began = process.name(), process.ppid(), process.create_time()
            try:
                argv = process.cmdline()
            except psutil.AccessDenied:
                argv = []  # not ours to read, as of others' processes on macOS
    except psutil.Error:
        return
    yield Running(pid=pid, parent=parent, name=display_name(argv, name), comm=name, began=began)
