"""What can leak, side by side: memory, connections in total and by peer, descriptors, threads, and their sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.detectors.unclosed_connections import outgoing
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import HEAP_LIMIT, KNOWN, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert

TOTAL_CONNECTIONS: Final = Column("connections")
SWAP: Final = Column("swap_bytes")
WITH_SWAP: Final = Column("memory_and_swap_bytes")
_SWAPPED: Final = ("rss_bytes", "working_set_bytes", "private_bytes", "anon_bytes")
_NOT_LEAKS: Final = (
    "limit_bytes", HEAP_LIMIT, "file_bytes", "rss_peak_bytes", "connection_idle_max_s", "connection_oldest_s",
)  # fmt: skip


def peer_column(peer: str) -> Column:
    """Name the connections to one peer, in any state."""
    return Column.of("connections", peer=peer)


def was_read(trace: Trace, column: Column) -> bool:
    """Say whether a column has any reading."""
    values = trace.columns.get(column)
    return values is not None and bool(np.isfinite(values).any())


def with_sums(trace: Trace) -> Trace:
    """Return the trace with the columns that are sums: connections by peer and in total, memory and swap."""
    columns = dict(trace.columns)
    labelled = [values for _, values in trace.labelled("connections")]
    if labelled and TOTAL_CONNECTIONS not in columns:
        columns[TOTAL_CONNECTIONS] = trace.connections_summed(labelled)
        trace = replace(trace, columns=dict(columns))
    for peer, parts in outgoing(trace).items():
        columns[peer_column(peer)] = trace.connections_summed(parts.values())
    memory = next((name for name in _SWAPPED if was_read(trace, Column(name))), None)
    if memory is not None and was_read(trace, SWAP):
        columns[WITH_SWAP] = columns[Column(memory)] + _carried_on(trace, columns[SWAP])
    return replace(trace, columns=columns)


def _carried_on(trace: Trace, values: FloatArray) -> FloatArray:
    """Fill rows without a reading with the life's last one: a metric may be read less often than its neighbours."""
    filled = values.copy()
    for life in trace.lives:
        rows = np.arange(life.first, life.stop)
        latest = np.maximum.accumulate(np.where(np.isnan(values[rows]), -1, rows))
        filled[rows] = np.where(latest < 0, np.nan, values[latest])
    return filled


def column_of_finding(finding: Finding, trace: Trace) -> Column:
    """Return the column that a finding speaks of."""
    peer = finding.evidence.get("peer")
    if finding.metric != "connections" or not isinstance(peer, str):
        return Column(finding.metric)
    return next((peer_column(name) for name in outgoing(trace) if inert(name) == peer), TOTAL_CONNECTIONS)


def judged_columns(trace: Trace) -> list[Column]:
    """Return every column of a trace (with its sums) in which a leak could show."""
    return [column for column in sorted(trace.columns) if _could_leak(column) and was_read(trace, column)]


def _could_leak(column: Column) -> bool:
    if column.metric in _NOT_LEAKS or metric(column.metric).is_counter:
        return False
    if column.metric == "connections":
        return not column.labels or [name for name, _ in column.labels] == ["peer"]
    return not column.labels


def common_memory(before: Trace, after: Trace) -> Column | None:
    """Return the best memory metric that both sides have."""
    both = (Column(name) for name in MEMORY if was_read(before, Column(name)) and was_read(after, Column(name)))
    return next(both, None)


def title(column: Column) -> str:
    """Call a column by name: ``resident memory``, ``connections to 10.0.0.5:5432``."""
    peer = column.label("peer")
    if peer is not None:
        return f"connections to {inert(peer)}"
    if column == WITH_SWAP:
        return "memory and swap together"
    return KNOWN[column.metric].title if column.metric in KNOWN else inert(column.metric)
