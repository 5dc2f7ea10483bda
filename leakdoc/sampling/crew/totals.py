"""What the processes of one subject have together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Final

from leakdoc.model.sample import Column, Sample

PROCESSES: Final = Column("total_processes")
SUMMED: Final = tuple(
    (Column(name), Column(f"total_{name}")) for name in ("rss_bytes", "private_bytes", "open_fds", "threads")
)


def with_totals(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples of one instant, the first of which carries what all have together.

    A total is there only where every process told its part: a sum of some would look like a fall.
    """
    if not samples:
        return ()
    first, *others = samples
    together = {**first.values, PROCESSES: float(len(samples)), **dict(_totals(samples))}
    return (replace(first, values=together), *others)


def _totals(samples: Sequence[Sample]) -> Iterator[tuple[Column, float]]:
    values = [each.values for each in samples]
    for column, total in SUMMED:
        try:
            yield total, sum(map(itemgetter(column), values))
        except KeyError:
            continue
