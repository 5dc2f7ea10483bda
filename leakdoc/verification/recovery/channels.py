"""What can recover: every level that is no memory, the share of requests that fail, connections by peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.errors import UsageError
from leakdoc.model.metrics import HEAP_LIMIT, HEAPS, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert
from leakdoc.verification.channels import WITH_SWAP, was_read, with_sums

ERROR_SHARE: Final = Column("error_share")
_ERRORS: Final = ("errors_total", "failures_total", "request_errors_total", "timeouts_total")
_NEVER: Final = (
    *MEMORY, *HEAPS, "swap_bytes", WITH_SWAP.metric, "limit_bytes", HEAP_LIMIT, "file_bytes",
    "connection_idle_max_s", "connection_oldest_s",
)  # fmt: skip


def with_rates(trace: Trace) -> Trace:
    """Return the trace with sums of connections, and the share of requests that failed since the last reading."""
    trace = with_sums(trace)
    requests = trace.column("requests_total")
    errors = next((found for name in _ERRORS if (found := trace.column(name)) is not None), None)
    if requests is None or errors is None:
        return trace
    share = np.full(len(trace), np.nan)
    for life in trace.lives:
        asked, failed = (np.diff(values[life.rows], prepend=np.nan) for values in (requests, errors))
        with np.errstate(divide="ignore", invalid="ignore"):
            share[life.rows] = np.where((asked > 0.0) & (failed >= 0.0), failed / asked, np.nan)
    return replace(trace, columns={**trace.columns, ERROR_SHARE: share})


def candidates(trace: Trace, metrics: Sequence[str] | None) -> list[Column]:
    """Return the columns that could show an incident: those that are named, or every level that is no memory.

    Raises:
        UsageError: one that is named is not there.
    """
    if metrics is None:
        return [column for column in sorted(trace.columns) if _could(column) and was_read(trace, column)]
    known = {column.text: column for column in trace.columns}
    missing = [name for name in metrics if name not in known]
    if missing:
        likely = [name for name, column in known.items() if _could(column)]
        names = ", ".join(sorted(inert(name) for name in likely or known))
        raise UsageError(f"there is no column {inert(missing[0])}", help=f"There are: {names}.")
    return [known[name] for name in dict.fromkeys(metrics)]


def _could(column: Column) -> bool:
    if column.metric in _NEVER or metric(column.metric).is_counter:
        return False
    labels = [name for name, _ in column.labels]
    return not labels or (column.metric == "connections" and labels == ["peer"])


def medians(times: FloatArray, values: FloatArray, most: int) -> FloatArray:
    """Return medians of equal stretches of time that have readings, in order."""
    read = np.isfinite(values)
    times, values = times[read], values[read]
    if not len(values):
        return np.zeros(0)
    count = int(min(most, max(1, len(values) // 3)))
    edges = np.linspace(times.min(), times.max(), count + 1)
    place = np.clip(np.searchsorted(edges, times, side="right") - 1, 0, count - 1)
    return np.asarray([np.median(values[place == each]) for each in np.unique(place)])
