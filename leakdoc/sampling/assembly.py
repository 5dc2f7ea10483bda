"""Loose rows put in the order that a trace demands: grouped by life, ascending in time, each instant once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject
from leakdoc.model.trace import Facts, FloatArray, Life, Trace

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeName:
    """What is known of a life before its rows are in order; the fields are those of `Life`."""

    pid: int | None = None
    started_at: float | None = None
    version: str | None = None
    limit_bytes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LooseRows:
    """Rows as a source gave them, in any order.

    Args:
        times: shape (n,), finite seconds since the epoch.
        life: shape (n,), index into `lives` of each row.
        columns: each of shape (n,); NaN is a missing reading. They become the trace's own.
    """

    times: FloatArray
    life: IntArray
    lives: Sequence[LifeName]
    columns: Mapping[Column, FloatArray]


def assemble(subject: Subject, rows: LooseRows, facts: Facts) -> Trace:
    """Return the rows as a trace.

    Times are sorted within each life, and of rows with the same time the last wins; the facts say how often, and in
    words. Lives without rows are left out.
    """
    order, unsorted = _order(rows)
    is_in_order = np.array_equal(order, np.arange(len(rows.times)))  # as it mostly is: then nothing is held twice
    return Trace(
        subject=subject,
        times=rows.times[order],
        lives=_lives(rows.life[order], rows.lives),
        columns={column: values if is_in_order else values[order] for column, values in rows.columns.items()},
        facts=_tidied(facts, unsorted, len(rows.times) - len(order)),
    )


def _tidied(facts: Facts, unsorted: int, repeated: int) -> Facts:
    return replace(
        facts,
        notes=facts.notes + _notes(unsorted, repeated),
        sorted_rows=facts.sorted_rows + unsorted,
        dropped_duplicates=facts.dropped_duplicates + repeated,
    )


def _order(rows: LooseRows) -> tuple[IntArray, int]:
    """Return the rows that are kept, in order, and at how many places they were not."""
    rank = _rank_by_first_time(rows)[rows.life]
    order = np.lexsort((rows.times, rank))
    within = rank[order][1:] == rank[order][:-1]
    unsorted = int(np.count_nonzero(within & (np.diff(order) < 0)))
    repeated = within & (np.diff(rows.times[order]) == 0)
    kept = order[np.append(~repeated, True)] if len(order) else order
    return kept, unsorted


def _rank_by_first_time(rows: LooseRows) -> IntArray:
    first = np.full(len(rows.lives), np.inf)
    np.minimum.at(first, rows.life, rows.times)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank


def _notes(unsorted: int, repeated: int) -> tuple[str, ...]:
    notes = []
    if unsorted:
        notes.append(f"places where times were out of order, now sorted: {unsorted}")
    if repeated:
        notes.append(f"samples left out because a later one has the same time: {repeated}")
    return tuple(notes)


def _lives(life: IntArray, names: Sequence[LifeName]) -> tuple[Life, ...]:
    if not len(life):
        return ()
    starts = np.flatnonzero(np.append(True, np.diff(life) != 0)).tolist()
    stops = [*starts[1:], len(life)]
    return tuple(_life(names[life[first]], first, stop) for first, stop in zip(starts, stops, strict=True))


def _life(name: LifeName, first: int, stop: int) -> Life:
    return Life(
        first=first, stop=stop, pid=name.pid, started_at=name.started_at, version=name.version,
        limit_bytes=name.limit_bytes,
    )  # fmt: skip
