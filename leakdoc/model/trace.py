"""A subject's history as columns over one time axis: what every detector reads, whatever it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from leakdoc.model.facts import Ending as Ending
from leakdoc.model.facts import Facts as Facts
from leakdoc.model.facts import Life as Life
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject

FloatArray = npt.NDArray[np.float64]


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
    facts: Facts = field(default_factory=Facts)

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

    def connections_summed(self, parts: Iterable[FloatArray]) -> FloatArray:
        """Add some of the columns of connections up, row by row.

        A column is absent in a row in which it had no connection: where sockets were read (``connections`` has a
        number) and none of these was there, the sum is zero; where they were not read, it is missing.
        """
        stacked = np.stack(list(parts))
        every = self.column("connections")
        missing = np.isnan(stacked).all(axis=0) if every is None else np.isnan(every)
        return np.where(missing, np.nan, np.nansum(stacked, axis=0))

    @property
    def life_of_row(self) -> npt.NDArray[np.intp]:
        """Shape (n,): the index of the life that each row belongs to."""
        lengths = [life.stop - life.first for life in self.lives]
        return np.repeat(np.arange(len(lengths)), lengths)


class HasTrace(Protocol):
    """Whatever carries its trace with it, as what a watch returned does."""

    @property
    def trace(self) -> Trace: ...
