"""What the target's control group uses, of what, up to which limit, and what it met: events and out-of-memory kills."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Set
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.control_group import Group, find_group
from leakdoc.sampling.probes.reading import Reading, reason_of
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText

METRICS: Final = ("limit_bytes", "oom_kills_total", "cgroup_memory_bytes", "cgroup_events_total")
_LIMIT: Final = Column("limit_bytes")
_OOM_KILLS: Final = Column("oom_kills_total")
_USAGE: Final = Column.of("cgroup_memory_bytes", kind="usage")
_WORKING_SET: Final = Column.of("cgroup_memory_bytes", kind="working_set")
_EVENTS: Final = Column("cgroup_events_total")


class CgroupProbe:
    """The control group that counts the target's memory.

    Usage is labelled, so that nobody takes it for the target's own: the group may hold other processes. Working set is
    usage less inactive file pages, which is what Kubernetes evicts by.

    Args:
        looked_at: tells the pids of all that are looked at beside the target.
    """

    def __init__(self, directory: ProcessDirectory, looked_at: Callable[[], Collection[int]] = tuple) -> None:
        self._directory = directory
        self._looked_at = looked_at
        self._group: Group | None = None
        self._membership = ""

    def read(self, reading: Reading) -> None:
        """Put limit, usage by kind, events and kills, and note what a verdict on the limit needs."""
        group = self._find()
        with _refused(_USAGE, reading):
            _put_usage(group, reading)
        with _refused(_EVENTS, reading):
            _put_events(group, reading)
        with _refused(_OOM_KILLS, reading):
            _put_kills(group, reading)
        reading.standing.limit_bytes = None
        with _refused(_LIMIT, reading):
            _put_limit(group, reading)
        _note_company(group, {self._directory.pid, *self._looked_at()}, reading)

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
    usage, parts = group.usage(), group.parts()
    if usage is not None:
        reading.values[_USAGE] = float(usage)
        if "inactive_file" in parts:
            reading.values[_WORKING_SET] = float(max(usage - parts["inactive_file"], 0))
    reading.values.update((Column.of("cgroup_memory_bytes", kind=kind), float(size)) for kind, size in parts.items())


def _put_events(group: Group, reading: Reading) -> None:
    for event, count in group.events().items():
        reading.values[Column.of("cgroup_events_total", event=event)] = float(count)


def _put_kills(group: Group, reading: Reading) -> None:
    kills = group.oom_kills()
    standing = reading.standing
    standing.oom_kills_before = kills if standing.oom_kills is None else standing.oom_kills
    standing.oom_kills = kills
    if kills is not None:
        reading.values[_OOM_KILLS] = float(kills)


def _note_company(group: Group, pids: Set[int], reading: Reading) -> None:
    said = None if reading.standing.limit_bytes is None else _company(group, pids)
    if said is None:
        reading.standing.blind_spots.pop("limit", None)
    else:
        reading.standing.blind_spots["limit"] = said


def _company(group: Group, pids: Set[int]) -> str | None:
    try:
        others = group.others(pids)
    except OSError as error:
        return f"whom else the memory limit counts: {reason_of(error)}"
    what = "another process" if others == 1 else f"{others} other processes"
    return f"the memory limit counts {what} too, not looked at" if others else None
