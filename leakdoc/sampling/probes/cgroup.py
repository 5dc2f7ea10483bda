"""The memory limit that the kernel enforces on the target's control group, its usage, and its out-of-memory kills."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.cgroups import (
    Membership,
    directories,
    parse_counters,
    parse_limit,
    parse_membership,
    parse_mounts,
)
from leakdoc.sampling.probes.reading import Reading, reason_of
from leakdoc.sampling.procfs import KeptFile, ProcessDirectory, UnexpectedText

METRICS: Final = ("limit_bytes", "oom_kills_total", "cgroup_memory_bytes")
_LIMIT: Final = Column("limit_bytes")
_OOM_KILLS: Final = Column("oom_kills_total")
_USAGE: Final = Column.of("cgroup_memory_bytes", kind="usage")
_WORKING_SET: Final = Column.of("cgroup_memory_bytes", kind="working_set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one version of control groups calls its files and counters."""

    usage: str
    events: str
    inactive: str


NAMES: Final = {
    1: Names(usage="memory.usage_in_bytes", events="memory.oom_control", inactive="total_inactive_file"),
    2: Names(usage="memory.current", events="memory.events", inactive="inactive_file"),
}


class CgroupProbe:
    """The control group that counts the target's memory.

    Usage is labelled, so that nobody takes it for the target's own: the group may hold other processes. Working set is
    usage less inactive file pages, which is what Kubernetes evicts by.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._group: Group | None = None
        self._membership = ""

    def read(self, reading: Reading) -> None:
        """Put limit, usage and kills, and note what a verdict on the limit needs."""
        group = self._find()
        with _refused(_USAGE, reading):
            _put_usage(group, reading)
        with _refused(_OOM_KILLS, reading):
            _put_kills(group, reading)
        reading.standing.limit_bytes = None
        with _refused(_LIMIT, reading):
            _put_limit(group, reading)
        _note_company(group, self._directory.pid, reading)

    def oom_kills(self) -> int | None:
        """Return how many were killed so far; from the enclosing group where the target's is gone with it."""
        try:
            return None if self._group is None else self._group.oom_kills()
        except OSError:
            return None

    def _find(self) -> Group:
        membership = self._directory.text("cgroup")
        if self._group is None or membership != self._membership:
            self._group, self._membership = find_group(self._directory, membership), membership
        return self._group


@contextlib.contextmanager
def _refused(column: Column, reading: Reading) -> Iterator[None]:
    """Note why a metric cannot be read; the others are."""
    try:
        yield
    except (OSError, UnexpectedText) as error:
        reading.unavailable[column.metric] = reason_of(error)


def _put_limit(group: Group, reading: Reading) -> None:
    limit = reading.standing.limit_bytes = group.limit()
    if limit is not None:
        reading.values[_LIMIT] = limit


def _put_usage(group: Group, reading: Reading) -> None:
    usage, inactive = group.usage(), group.inactive()
    if usage is not None:
        reading.values[_USAGE] = float(usage)
        if inactive is not None:
            reading.values[_WORKING_SET] = float(max(usage - inactive, 0))


def _put_kills(group: Group, reading: Reading) -> None:
    kills = group.oom_kills()
    standing = reading.standing
    standing.oom_kills_before = kills if standing.oom_kills is None else standing.oom_kills
    standing.oom_kills = kills
    if kills is not None:
        reading.values[_OOM_KILLS] = float(kills)


def _note_company(group: Group, pid: int, reading: Reading) -> None:
    said = None if reading.standing.limit_bytes is None else _company(group, pid)
    if said is None:
        reading.standing.blind_spots.pop("limit", None)
    else:
        reading.standing.blind_spots["limit"] = said


def _company(group: Group, pid: int) -> str | None:
    try:
        others = group.others(pid)
    except OSError as error:
        return f"whom else the memory limit counts: {reason_of(error)}"
    what = "another process" if others == 1 else f"{others} other processes"
    return f"the memory limit counts {what} too, not looked at" if others else None


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
        text = (_text(self._path / self._names.usage) or "").strip()
        return int(text) if text.isascii() and text.isdigit() else None

    def inactive(self) -> int | None:
        """Return what is in use by file pages that nobody has used lately."""
        return parse_counters(_text(self._path / "memory.stat") or "").get(self._names.inactive)

    def oom_kills(self) -> int | None:
        """Return how many were killed here; of the enclosing group, where this one is gone or does not tell."""
        for each in self._upwards:
            kills = parse_counters(_text(each / self._names.events) or "").get("oom_kill")
            if kills is not None:
                return kills
        return None

    def others(self, pid: int) -> int:
        """Return how many other processes the group itself holds."""
        return len(_words(self._path / "cgroup.procs") - {str(pid)})


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
