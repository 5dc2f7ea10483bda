"""What can still be said of a workload after one of its processes was killed."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Interval
from leakdoc.model.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeStory:
    """One process, from its first to its last sample.

    Args:
        version: its build, where it is told.
        started_at: when it began, where that is told; `first` and `last` are its samples'.
        decision: of its memory alone.
        slope_per_hour: growth of its memory in bytes an hour; null where it cannot be told.
        peak: the most memory that was sampled, in bytes.
        at_end: the memory of its last sample.
        running: whether it was still there at the end of what was looked at.
        killed: whether it is the one that the postmortem is about.
    """

    version: str | None
    started_at: float | None
    first: float
    last: float
    samples: int
    decision: Decision
    reason: str
    slope_per_hour: Interval | None
    peak: float | None
    at_end: float | None
    running: bool
    killed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Why it ended, as far as samples tell.

    Args:
        cause: ``oom_killed``, ``evicted``, ``unknown``.
        basis: whether the server has a record of it, or it is inferred from how it grew.
    """

    cause: str
    basis: Basis
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """What can be said of a workload around the moment of a kill.

    Args:
        at: the moment that was asked about; seconds since the epoch.
        metric: which memory is spoken of; null where none was read.
        limit: of one process, in bytes; null where it is not known.
        lives: in the order in which they began.
        since: since which build it leaks; null where that cannot be told, `since_reason` says why.
        load: what the load has to do with it, in words.
        cannot_be_known: what no sample tells, in words.
    """

    subject: Subject
    at: float
    metric: str | None
    limit: float | None
    lives: tuple[LifeStory, ...]
    death: Death
    since: str | None
    since_reason: str
    load: str
    cannot_be_known: tuple[str, ...]
