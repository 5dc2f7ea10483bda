"""A table of samples, as CSV, Parquet and frames give it, made a trace by the rules of the CSV contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject
from leakdoc.model.trace import Facts, FloatArray, Life, Trace
from leakdoc.redact import inert
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.sampling.sources.column_names import column_of

TIME: Final = "time"
PID: Final = "pid"
START: Final = "process_start_time_seconds"
VERSION: Final = "version"
LIMIT: Final = Column("limit_bytes")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Columns of one length n, rows in any order.

    Args:
        times: seconds since the epoch.
        numbers: every other column of numbers by its header, `pid` and `process_start_time_seconds` included; NaN is
            missing.
        versions: the build of each row, null where missing; empty when there is no such column.
        notes: what reading them changed.
    """

    times: FloatArray
    numbers: Mapping[str, FloatArray]
    versions: Sequence[str | None] = ()
    notes: tuple[str, ...] = ()


def trace_of(table: Table, subject: Subject) -> Trace:
    """Return the table as a trace: lives told by pid, process start and version, infinite readings missing."""
    metrics = {name: values for name, values in table.numbers.items() if name not in (PID, START)}
    columns, infinite = _finite(metrics)
    life, lives = _lives(table)
    notes = (*table.notes, f"infinite readings taken as missing: {infinite}") if infinite else table.notes
    rows = LooseRows(times=table.times, life=life, lives=lives, columns=columns)
    return with_limit_of_column(assemble(subject, rows, Facts(notes=notes)))


def with_limit_of_column(trace: Trace) -> Trace:
    """Return the trace limited by the last positive reading of its ``limit_bytes`` column, where there is one."""
    limits = trace.columns.get(LIMIT)
    if limits is None or not np.any(limits > 0):
        return trace
    rows = np.flatnonzero(limits > 0)
    latest = rows[np.argmax(trace.times[rows])]
    return replace(trace, facts=replace(trace.facts, limit_bytes=float(limits[latest])))


def _finite(metrics: Mapping[str, FloatArray]) -> tuple[dict[Column, FloatArray], int]:
    columns, infinite = {}, 0
    for name, values in metrics.items():
        beyond = np.isinf(values)
        infinite += int(np.count_nonzero(beyond))
        columns[column_of(name)] = np.where(beyond, np.nan, values)
    return columns, infinite


def _lives(table: Table) -> tuple[npt.NDArray[np.intp], list[LifeName]]:
    """Number the lives in the order in which the table names them."""
    pid = table.numbers.get(PID, np.full(len(table.times), np.nan))
    order = np.lexsort((table.times, pid))
    start = _carried(table.numbers.get(START), pid, order)
    version, names = _numbered(table.versions, len(table.times))
    version = _carried(version, pid, order)
    told = np.column_stack([pid, start, version])
    _, first, life = np.unique(np.nan_to_num(told, nan=-np.inf), axis=0, return_index=True, return_inverse=True)
    by_place = np.argsort(first, kind="stable")
    rank = np.empty(len(first), dtype=np.intp)
    rank[by_place] = np.arange(len(first))
    return rank[life.reshape(-1)], [_name(told[row], names) for row in first[by_place]]


def _carried(values: FloatArray | None, pid: FloatArray, order: npt.NDArray[np.intp]) -> FloatArray:
    """Fill what is missing from the same pid's reading before, or where there is none, from the one after."""
    if values is None:
        return np.full(len(pid), np.nan)
    filled = values[order]
    for rows in np.split(np.arange(len(order)), np.flatnonzero(~_same(pid[order])) + 1):
        filled[rows] = _fill(filled[rows])
    carried = np.empty_like(filled)
    carried[order] = filled
    return carried


def _same(pid: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray((pid[1:] == pid[:-1]) | (np.isnan(pid[1:]) & np.isnan(pid[:-1])))


def _fill(values: FloatArray) -> FloatArray:
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    before = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    return values[known[np.maximum(before, 0)]]


def _numbered(versions: Sequence[str | None], rows: int) -> tuple[FloatArray, list[str]]:
    if not versions:
        return np.full(rows, np.nan), []
    numbers: dict[str, int] = {}
    numbered = [np.nan if each is None else numbers.setdefault(each, len(numbers)) for each in versions]
    return np.array(numbered, dtype=np.float64), list(numbers)


def _name(told: FloatArray, versions: list[str]) -> LifeName:
    pid, start, version = told.tolist()
    return LifeName(
        pid=None if np.isnan(pid) else int(pid),
        started_at=None if np.isnan(start) else start,
        version=None if np.isnan(version) else inert(versions[int(version)]),
    )


def life_columns(trace: Trace) -> dict[str, list[Any]]:
    """Return what tells the lives, a value a row and null where unknown; what no life knows has no column."""
    told: dict[str, Callable[[Life], Any]] = {
        PID: lambda life: life.pid,
        START: lambda life: life.started_at,
        VERSION: lambda life: life.version,
    }
    return {
        name: [tell(life) for life in trace.lives for _ in range(life.first, life.stop)]
        for name, tell in told.items()
        if any(tell(life) is not None for life in trace.lives)
    }
