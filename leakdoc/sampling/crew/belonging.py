"""Which processes belong to one subject: the descendants of a leader, or whoever is in a control group."""

from __future__ import annotations

from collections.abc import Collection, Set
from pathlib import Path
from typing import Protocol

from leakdoc.sampling.cgroups import group_paths
from leakdoc.sampling.procfs import UnexpectedText, parse_stat


class Belonging(Protocol):
    """Tells who of some processes belongs to a subject."""

    def among(self, pids: Collection[int], members: Set[int]) -> set[int]:
        """Return those of the processes that belong, given the members known so far."""


class DescendsFrom:
    """The leader, and all that it and its descendants start, also after those have ended.

    Only the parent at the first look counts: who loses its parent stays in the family.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def among(self, pids: Collection[int], members: Set[int]) -> set[int]:
        """Return the family among the processes."""
        found = {pid for pid in pids if pid == self._leader}
        parents = {pid: parent_of(pid) for pid in pids if pid not in found}
        while found_now := {pid for pid, parent in parents.items() if parent in found or parent in members}:
            found |= found_now
            parents = {pid: parent for pid, parent in parents.items() if pid not in found_now}
        return found


class InGroup:
    """All processes in a control group, and in the groups inside it.

    Args:
        path: of the group, from the root of its hierarchy as we see it.
    """

    def __init__(self, path: str) -> None:
        self._path = path.rstrip("/")

    def among(self, pids: Collection[int], members: Set[int]) -> set[int]:  # noqa: ARG002 - no member vouches for another
        """Return who is in the group."""
        return {pid for pid in pids if any(self._holds(path) for path in paths_of(pid))}

    def _holds(self, path: str) -> bool:
        return path == self._path or path.startswith(f"{self._path}/")


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 where it has ended or is hidden."""
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_bytes().decode("utf-8", "surrogateescape")).parent
    except (OSError, UnexpectedText):
        return 0


def paths_of(pid: int) -> set[str]:
    """Return the paths of the groups that a process is in, in any hierarchy; none where it has ended or is hidden."""
    try:
        return group_paths(Path(f"/proc/{pid}/cgroup").read_bytes().decode("utf-8", "surrogateescape"))
    except OSError:
        return set()
