"""What is known of a subject beside its columns: its lives, its limits, how it ended.

Without numpy, so that a watch that has not looked yet stays light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One process from start to end: rows ``first`` up to, not including, ``stop`` of its trace.

    Args:
        pid: null where the source has none.
        started_at: the process's start, seconds since the epoch; null when unknown.
        version: the build that ran, where the source says so.
        limit_bytes: its own memory limit, where each process has one, as pods have; null elsewhere.
    """

    first: int
    stop: int
    pid: int | None = None
    started_at: float | None = None
    version: str | None = None
    limit_bytes: float | None = None

    @property
    def rows(self) -> slice:
        """The life's rows in every column."""
        return slice(self.first, self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a watched process ended.

    Args:
        at: seconds since the epoch.
        cause: ``exited``, ``signalled``, ``oom_killed`` or ``unknown``.
        exit_status: where it is known.
        signal: its number, where one ended the process.
    """

    at: float
    cause: str
    exit_status: int | None = None
    signal: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a subject beside its columns.

    Args:
        limit_bytes: the memory limit that the kernel enforces, of all processes together; null when there is none or it
            is unknown.
        open_files_limit: soft ``RLIMIT_NOFILE``; null when unknown.
        unavailable: metric to the reason why it was not read.
        blind_spots: what the sampler could not look at, in words.
        notes: what the source did to the data on the way in, in words.
        ending: how the process ended, when it did.
        touched: what was done to read the samples, in words; null when nobody knows.
        sorted_rows: places where times were out of order, and were sorted on the way in.
        dropped_duplicates: samples left out on the way in, because a later one has the same time.
    """

    limit_bytes: float | None = None
    open_files_limit: float | None = None
    unavailable: Mapping[str, str] = field(default_factory=dict)
    blind_spots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ending: Ending | None = None
    touched: str | None = None
    sorted_rows: int = 0
    dropped_duplicates: int = 0
