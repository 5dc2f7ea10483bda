"""Where the memory of a process is counted and limited: its control group, version 1 or 2, found through mounts.

Formats: cgroups(7), proc_pid_mountinfo(5), the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leakdoc.sampling.procfs import UnexpectedText

_OCTAL: Final = re.compile(r"\\([0-7]{3})")
# Version 1 writes "no limit" as the largest counter that its pages allow (PAGE_COUNTER_MAX), about 2**63.
NO_LIMIT: Final = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A mounted hierarchy: which version, what of it is shown, and where."""

    version: int
    root: str
    point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The group that counts a process's memory, as a path from the root that the reader sees."""

    version: int
    path: str


def parse_membership(text: str) -> Membership | None:
    """Read `/proc/PID/cgroup`: version 1's memory controller where it is in use, else version 2; null with neither."""
    for _, controllers, path in _memberships(text):
        if "memory" in controllers.split(","):
            return Membership(version=1, path=path)
    unified = parse_unified(text)
    return None if unified is None else Membership(version=2, path=unified)


def parse_unified(text: str) -> str | None:
    """Read the path in the hierarchy of version 2 from `/proc/PID/cgroup`; null where there is none."""
    paths = (path for number, controllers, path in _memberships(text) if number == "0" and not controllers and path)
    return next(paths, None)


def group_paths(text: str) -> set[str]:
    """Read every path that `/proc/PID/cgroup` names, in whatever hierarchy; the roots are left out."""
    return {path.rstrip("/") for _, _, path in _memberships(text) if path.startswith("/") and path != "/"}


def _memberships(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield number, controllers, path


def parse_mounts(text: str) -> Iterator[Mount]:
    """Yield the mounts in `/proc/PID/mountinfo` that show memory groups."""
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, tail = before.split(" "), after.split(" ")
        if not separator or len(fields) < 6 or len(tail) < 3:
            continue
        if tail[0] == "cgroup2":
            yield Mount(version=2, root=_unescaped(fields[3]), point=_unescaped(fields[4]))
        elif tail[0] == "cgroup" and "memory" in tail[2].split(","):
            yield Mount(version=1, root=_unescaped(fields[3]), point=_unescaped(fields[4]))


def directories(membership: Membership, mounts: Iterator[Mount]) -> Iterator[tuple[str, str]]:
    """Yield where the group may be found: the mount point, and the path of the group below it ('' for the top)."""
    for mount in mounts:
        if mount.version == membership.version:
            below = _below(membership.path, mount.root)
            if below is not None:
                yield mount.point, below


def parse_limit(text: str) -> float | None:
    """Read a limit in bytes; null for none.

    Raises:
        UnexpectedText: it is neither a number nor `max`.
    """
    stripped = text.strip()
    if stripped == "max":
        return None
    try:
        limit = int(stripped)
    except ValueError:
        raise UnexpectedText("a limit of a control group is not a number") from None
    return None if limit >= NO_LIMIT or limit < 0 else float(limit)


def parse_counters(text: str) -> dict[str, int]:
    """Read lines of a name and a number, as in `memory.events`, `memory.stat` and `memory.oom_control`."""
    counters = {}
    for line in text.splitlines():
        name, _, number = line.partition(" ")
        if number.strip().isascii() and number.strip().isdigit():
            counters[name] = int(number)
    return counters


def _below(path: str, root: str) -> str | None:
    """Return the path of a group below a mount's root; null when the mount does not show it."""
    top = "" if root == "/" else root
    if path != top and not path.startswith(top + "/"):
        return None
    below = path[len(top) :].strip("/")
    return None if ".." in below.split("/") else below


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
