"""One control group: what it uses, what that is made of, its limit, and what it met (version 1 or 2).

Formats: the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.sampling.cgroups import (
    Membership,
    directories,
    parse_counters,
    parse_limit,
    parse_membership,
    parse_mounts,
)
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory, UnexpectedText

EVENTS: Final = ("low", "high", "max", "oom")  # kills are a metric of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one version of control groups calls its files and counters.

    Args:
        parts: kind to the counter of `memory.stat` that tells it, in bytes.
    """

    usage: str
    events: str
    parts: Mapping[str, str]


NAMES: Final = {
    1: Names(
        usage="memory.usage_in_bytes",
        events="memory.oom_control",
        parts={
            "anon": "total_rss",
            "file": "total_cache",
            "shmem": "total_shmem",
            "inactive_file": "total_inactive_file",
        },
    ),
    2: Names(
        usage="memory.current",
        events="memory.events",
        parts={
            each: each for each in ("anon", "file", "shmem", "slab", "kernel", "kernel_stack", "sock", "inactive_file")
        },
    ),
}


class Group:
    """One control group, and those around it up to the top of its mount.

    Args:
        point: where the hierarchy is mounted.
        below: the path of the group from there.
        kept: what `point` leads through, to be kept open for as long.
    """

    def __init__(self, version: int, point: Path, below: str, kept: KeptFile | None = None) -> None:
        self._kept = kept
        self._version = version
        self._names = NAMES[version]
        self._path = point / below
        self._upwards = [self._path, *(point / each for each in _parents(below))]

    def exists(self) -> bool:
        """Say whether the group is there, and counts memory."""
        if self._version == 1:
            return (self._path / self._names.usage).exists()
        return "memory" in _words(self._path / "cgroup.controllers")

    def limit(self) -> float | None:
        """Return the lowest limit that holds here; null for none."""
        if self._version == 1:
            stat = (self._path / "memory.stat").read_text(encoding="ascii")
            return parse_limit(str(parse_counters(stat).get("hierarchical_memory_limit")))
        limits = [parse_limit(text) for text in map(_text, (each / "memory.max" for each in self._upwards)) if text]
        return min((each for each in limits if each is not None), default=None)

    def usage(self) -> int | None:
        """Return what is in use; null at the root of version 2, which does not tell."""
        return self._number(self._names.usage)

    def parts(self) -> dict[str, int]:
        """Return what the usage is made of, in bytes by kind, where the kernel tells."""
        told = parse_counters(_text(self._path / "memory.stat") or "")
        parts = {kind: told[name] for kind, name in self._names.parts.items() if name in told}
        if self._version == 1 and (kernel := self._number("memory.kmem.usage_in_bytes")) is not None:
            parts["kernel"] = kernel
        return parts

    def events(self) -> dict[str, int]:
        """Return how often the group met its limits, by event."""
        if self._version == 1:
            met = self._number("memory.failcnt")
            return {} if met is None else {"max": met}
        told = parse_counters(_text(self._path / "memory.events") or "")
        return {name: told[name] for name in EVENTS if name in told}

    def oom_kills(self) -> int | None:
        """Return how many were killed here; of the enclosing group, where this one is gone or does not tell."""
        for each in self._upwards:
            kills = parse_counters(_text(each / self._names.events) or "").get("oom_kill")
            if kills is not None:
                return kills
        return None

    def others(self, pids: Set[int]) -> int:
        """Return how many other processes the group itself holds."""
        return len(_words(self._path / "cgroup.procs") - {str(pid) for pid in pids})

    def _number(self, name: str) -> int | None:
        text = (_text(self._path / name) or "").strip()
        return int(text) if text.isascii() and text.isdigit() else None


def find_group(directory: ProcessDirectory, membership_text: str) -> Group:
    """Find the group in our own mounts or, for a target in a container of its own, in those of the target.

    Raises:
        FileNotFoundError: no mount that we can see shows it.
        PermissionError: the group, or the mounts of the target, are not ours to read.
        UnexpectedText: the target is in no group that counts memory.
    """
    membership = parse_membership(membership_text)
    if membership is None:
        raise UnexpectedText("/proc/PID/cgroup names no group")
    refusal: OSError = FileNotFoundError("no mount shows the control group")
    for group in candidates(directory, membership):
        try:
            if group.exists():
                return group
        except PermissionError as error:
            refusal = error
    raise refusal


def candidates(directory: ProcessDirectory, membership: Membership) -> Iterator[Group]:
    """Yield where the group may be seen: below our own mounts, then below those of the target."""
    own = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    for point, below in directories(membership, parse_mounts(own)):
        yield Group(membership.version, Path(point), below)
    for point, below in directories(membership, parse_mounts(directory.text("mountinfo"))):
        kept = KeptFile(directory, f"root{point}", os.O_PATH | os.O_DIRECTORY)
        yield Group(membership.version, Path(kept.path), below, kept)


def _parents(below: str) -> list[str]:
    parts = [part for part in below.split("/") if part]
    return ["/".join(parts[:length]) for length in range(len(parts) - 1, -1, -1)]


def _text(path: Path) -> str | None:
    """Read a file of a group; null where the root has none, or the group is gone.

    Raises:
        OSError: it is there, and cannot be read.
    """
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENODEV:
            return None
        raise


def _words(path: Path) -> set[str]:
    return set((_text(path) or "").split())
