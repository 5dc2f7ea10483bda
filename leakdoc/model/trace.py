"""A subject's history as columns over one time axis: what every detector reads, whatever it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One process from start to end: rows ``first`` up to, not including, ``stop`` of its trace.

    Args:
        pid: null where the source has none.
        started_at: the process's start, seconds since the epoch; null when unknown.
        version: the build that ran, where the source says so.
    """

    first: int
    stop: int
    pid: int | None = None
    started_at: float | None = None
    version: str | None = None

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
        limit_bytes: the memory limit that the kernel enforces; null when there is none or it is unknown.
        open_files_limit: soft ``RLIMIT_NOFILE``; null when unknown.
        unavailable: metric to the reason why it was not read.
        blind_spots: what the sampler could not look at, in words.
        notes: what the source did to the data on the way in, in words.
        ending: how the process ended, when it did.
        touched: what was done to read the samples, in words; null when nobody knows.
    """

    limit_bytes: float | None = None
    open_files_limit: float | None = None
    unavailable: Mapping[str, str] = field(default_factory=dict)
    blind_spots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ending: Ending | None = None
    touched: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """One subject's time axis, its lives, and labelled columns, with facts beside them.

    Rows are grouped by life (lives in order of their first sample) and ascend in time within each. Lives may
    overlap in time: the workers of one server do.

    Args:
        times: shape (n,), float64, seconds since the epoch.
        lives: at least one when n > 0; they cover all rows, in order, without overlap.
        columns: each of shape (n,), float64; NaN is a missing reading.
    """

    subject: Subject
    times: FloatArray
    lives: tuple[Life, ...]
    columns: Mapping[Column, FloatArray]
    facts: Facts = Facts()

    def __len__(self) -> int:
        return len(self.times)

    def column(self, metric: str) -> FloatArray | None:
        """Return the unlabelled column of a metric, or null when the trace has none."""
        return self.columns.get(Column(metric))

    def labelled(self, metric: str) -> Iterator[tuple[Column, FloatArray]]:
        """Yield the columns of a metric that carry labels, in a fixed order."""
        for column in sorted(self.columns):
            if column.metric == metric and column.labels:
                yield column, self.columns[column]

    @property
    def life_of_row(self) -> npt.NDArray[np.intp]:
        """Shape (n,): the index of the life that each row belongs to."""
        lengths = [life.stop - life.first for life in self.lives]
        return np.repeat(np.arange(len(lengths)), lengths)
