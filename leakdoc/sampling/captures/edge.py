"""How close a subject is to its limit at each tick, and which of its processes to capture there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import Subject
from leakdoc.sampling.captures.capture import Captures

_RSS: Final = Column("rss_bytes")
_TOTAL: Final = Column("total_private_bytes")
_GROUP: Final = Column.of("cgroup_memory_bytes", kind="working_set")
_LIMIT: Final = Column("limit_bytes")


class Edge:
    """Follows what is used of the limit: the larger of what the control group counts and what the processes have.

    The group is read less often than the processes; its last reading stands in between. Against a limit that only the
    user knows of, the processes alone count.
    """

    def __init__(self, subject: Subject, captures: Captures) -> None:
        self.captures = captures
        self._subject = subject
        self._group = 0.0
        self._limit: float | None = None

    def look(self, samples: Sequence[Sample], monotonic_s: float) -> None:
        """Take one tick in, and capture the largest process if it is time."""
        largest = max(samples, key=lambda each: each.values.get(_RSS, 0.0))
        first = samples[0].values
        self._limit = first.get(_LIMIT, self._limit)
        self._group = first.get(_GROUP, self._group)
        group = 0.0 if self._limit is None else self._group
        used = max(group, first.get(_TOTAL, 0.0), largest.values.get(_RSS, 0.0))
        if used:
            self.captures.consider(self._subject, largest, used, self._limit, monotonic_s)
