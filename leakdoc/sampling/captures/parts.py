"""What is captured at the edge: an ordered table of parts. A new one is one function and one line.

A part is asked once a life, shortly before the end may come. It may read, and ask an agent that is there; it attaches
nothing, and starts nothing in the target's container.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.redact import inert
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.probes.descriptor_kinds import kind_of
from leakdoc.sampling.probes.mappings import heap_mapped
from leakdoc.sampling.procfs import ProcessDirectory

Part = Callable[[int], Mapping[str, Any]]

# smaps_rollup holds the target's memory lock for some 10 µs a MB (half a second at this size): once, and no larger.
LARGEST_ROLLED_UP: Final = 32 * 2**30
SHOWN: Final = 40
_SIZE: Final = re.compile(r"^(\w+):[ \t]+([0-9]+) kB$", re.MULTILINE | re.ASCII)
_KIB: Final = 1_024


def memory(pid: int) -> dict[str, Any]:
    """Read what the process's memory is made of, in bytes, as the kernel counts it."""
    directory = ProcessDirectory(pid)
    status = _sizes(directory.text("status"))
    told: dict[str, Any] = {"status": status}
    if status.get("VmRSS", 0) <= LARGEST_ROLLED_UP:
        told["smaps_rollup"] = _sizes(directory.text("smaps_rollup"))
    return told


def mappings(pid: int) -> dict[str, Any]:
    """Read the largest mappings by name, in bytes of address space."""
    lines = ProcessDirectory(pid).text("maps").splitlines()
    sizes: Counter[str] = Counter()
    for line in lines:
        fields = line.split(maxsplit=5)
        start, _, end = fields[0].partition("-")
        name = fields[5] if len(fields) == 6 else "anonymous"
        sizes[inert(name)] += int(end, 16) - int(start, 16)
    return {"mappings": len(lines), "heap_mapped_bytes": heap_mapped(lines), "largest": sizes.most_common(SHOWN)}


def threads(pid: int) -> dict[str, Any]:
    """Count the threads by their names."""
    directory = ProcessDirectory(pid)
    names: Counter[str] = Counter()
    for thread in directory.names("task"):
        try:
            names[inert(directory.text(f"task/{thread}/comm").strip())] += 1
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has ended since
    return {"threads": names.total(), "names": names.most_common(SHOWN)}


def descriptors(pid: int) -> dict[str, Any]:
    """Count the open descriptors by kind; no path is kept."""
    directory = ProcessDirectory(pid)
    kinds: Counter[str] = Counter()
    for name in directory.names("fd"):
        try:
            kinds[kind_of(directory.link(f"fd/{name}"))] += 1
        except FileNotFoundError:
            continue  # closed since
    return {"open_fds": kinds.total(), "kinds": dict(kinds.most_common())}


def control_group(pid: int) -> dict[str, Any]:
    """Read what the control group counts, of what, and what it met."""
    from leakdoc.sampling.control_group import find_group

    directory = ProcessDirectory(pid)
    group = find_group(directory, directory.text("cgroup"))
    return {
        "limit_bytes": group.limit(),
        "usage_bytes": group.usage(),
        "parts": group.parts(),
        "events": group.events(),
        "oom_kills_total": group.oom_kills(),
    }


def _sizes(text: str) -> dict[str, int]:
    """Read the lines in kB, in bytes by name."""
    return {name: int(number) * _KIB for name, number in _SIZE.findall(text)}


def agent(question: str, **arguments: Any) -> Part:
    """Return a part that asks the target's agent one question; without an agent, the reason is the answer."""

    def ask(pid: int) -> dict[str, Any]:
        with AgentSocket(pid, patience_s=5.0) as socket:
            return socket.ask(question, **arguments)

    return ask


PARTS: Final[Mapping[str, Part]] = {
    "memory": memory,
    "control_group": control_group,
    "mappings": mappings,
    "descriptors": descriptors,
    "threads": threads,
    "heap": agent("heap"),
    "types": agent("types", most=SHOWN),
    "connections": agent("connections"),
}

BROKEN: Final = (OSError, ValueError, KeyError, IndexError, LeakdocError)
