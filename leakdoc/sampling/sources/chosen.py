"""What the user says of a trace that its source does not: which column is the load, and where the limit stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.sampling.sources.column_names import column_of

LOAD: Final = Column("requests_total")
_NAMES_SHOWN: Final = 12


def with_choices(trace: Trace, *, load_column: str | None, limit_bytes: float | None) -> Trace:
    """Return the trace with the load under ``requests_total`` and the limit in its facts; null leaves it as it is.

    Raises:
        UsageError: there is no such column, or the limit is no positive size.
    """
    if load_column is not None:
        trace = _with_load(trace, column_of(load_column.strip()))
    if limit_bytes is None:
        return trace
    if not 0 < limit_bytes < float("inf"):
        raise UsageError(f"a memory limit of {limit_bytes} bytes is none", help="Write it like 512MiB.")
    return replace(trace, facts=replace(trace.facts, limit_bytes=float(limit_bytes)))


def _with_load(trace: Trace, load: Column) -> Trace:
    if load not in trace.columns:
        names = ", ".join(inert(column.text) for column in sorted(trace.columns)[:_NAMES_SHOWN])
        raise UsageError(f"there is no load column {inert(load.text)!r}", help=f"There are: {names}.")
    if load == LOAD:
        return trace
    columns = {LOAD if column == load else column: values for column, values in trace.columns.items() if column != LOAD}
    notes = (*trace.facts.notes, f"{inert(load.text)} is taken as the load, a running count of requests")
    return replace(trace, columns=columns, facts=replace(trace.facts, notes=notes))
