"""Who is looked at: a process, and the subject that one or many processes make up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SubjectKind(StrEnum):
    """What sort of thing a subject is."""

    PROCESS = "process"
    TREE = "tree"
    CGROUP = "cgroup"
    WORKLOAD = "workload"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """One process, told from any other that has had, or will have, its pid.

    Args:
        pid: in our own pid namespace.
        started_at: seconds since the epoch; null where the system does not tell.
        start_ticks: the start in clock ticks since boot, exact (Linux, ``/proc/PID/stat`` field 22); else null.
        boot_id: of this boot of this machine (``/proc/sys/kernel/random/boot_id``); else null.
        pid_namespace: inode of the pid namespace that `pid` counts in; else null.
    """

    pid: int
    started_at: float | None = None
    start_ticks: int | None = None
    boot_id: str | None = None
    pid_namespace: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a trace, a finding and a diagnosis are about."""

    kind: SubjectKind
    name: str
    pid: int | None = None
    started_at: float | None = None
    host: str | None = None
