"""A trace's samples written for other programs: CSV, JSON lines, OpenMetrics, Parquet."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Iterator
from typing import Any, Final, TextIO

import numpy as np

from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.sampling.sources.frame import to_frame
from leakdoc.sampling.sources.parquet import pyarrow_parquet
from leakdoc.sampling.sources.table import LIMIT, PID, START, TIME, life_columns

_ROWS_AT_ONCE: Final = 8192


def export_csv(trace: Trace, out: TextIO) -> None:
    """Write the CSV that `read_csv` reads back, every number to its last bit.

    Args:
        out: a text file opened with ``newline=""``.
    """
    columns = _with_limit(trace)
    lives = life_columns(trace)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([TIME, *map(_text, columns), *lives])
    for piece in _pieces(trace):
        told = [values[piece] for values in lives.values()]
        numbers = [map(_cell, values[piece].tolist()) for values in columns.values()]
        writer.writerows(zip(map(_cell, trace.times[piece].tolist()), *numbers, *told, strict=True))


def export_json(trace: Trace, out: TextIO) -> None:
    """Write JSON lines, one sample each: ``{"time": …, "pid": …, "process_start_time_seconds": …, "values": {…}}``.

    What was not read is not in ``values``; infinite readings, which JSON cannot write, neither.
    """
    lives = life_columns(trace)
    for piece in _pieces(trace):
        numbers = [(column.text, values[piece].tolist()) for column, values in trace.columns.items()]
        for place, at in enumerate(trace.times[piece].tolist()):
            values = {name: row[place] for name, row in numbers if math.isfinite(row[place])}
            told = {name: row[piece][place] for name, row in lives.items()}
            out.write(json.dumps({TIME: at, **told, "values": values}, separators=(",", ":")) + "\n")


def export_openmetrics(trace: Trace, out: TextIO) -> None:
    """Write the OpenMetrics text format with a timestamp on every sample, ready for ``promtool tsdb``.

    Lives are told by the labels ``pid`` and ``process_start_time_seconds``. A metric whose name the format does not
    allow is written under one that it does, with its own name in the label ``metric``.
    """
    for name in sorted({column.metric for column in trace.columns}):
        known = metric(name)
        allowed = _allowed(name)
        family = allowed.removesuffix("_total") if known.is_counter else allowed
        out.write(f"# TYPE {family} {'counter' if known.is_counter else 'gauge'}\n")
        for column, values in sorted(trace.columns.items(), key=lambda item: item[0]):
            if column.metric == name:
                out.writelines(_series(trace, column, values))
    out.write("# EOF\n")


def export_parquet(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write the Parquet file that `load_trace` reads back, times to the nanosecond.

    Raises:
        MissingDependency: pyarrow is not installed.
    """
    pyarrow_parquet()
    to_frame(trace).to_parquet(path, index=False, engine="pyarrow")


def _allowed(name: str) -> str:
    """The nearest name that OpenMetrics allows: letters, digits, underscores and colons, no digit first."""
    allowed = re.sub(r"[^a-zA-Z0-9_:]", "_", name)
    return f"_{allowed}" if allowed[:1].isdigit() else allowed


def _with_limit(trace: Trace) -> dict[Column, FloatArray]:
    columns = dict(trace.columns)
    if trace.facts.limit_bytes is not None:
        columns.setdefault(LIMIT, np.full(len(trace), trace.facts.limit_bytes))
    return columns


def _text(column: Column) -> str:
    """Return the column's name in valid UTF-8, which names of processes need not be."""
    return column.text.encode("utf-8", "backslashreplace").decode()


def _pieces(trace: Trace) -> Iterator[slice]:
    return (slice(first, first + _ROWS_AT_ONCE) for first in range(0, len(trace), _ROWS_AT_ONCE))


def _cell(value: float) -> str | float:
    return "" if math.isnan(value) else value


def _series(trace: Trace, column: Column, values: FloatArray) -> Iterator[str]:
    for life in trace.lives:
        told: dict[str, Any] = {PID: life.pid, START: life.started_at}
        labels = dict(column.labels) | {name: str(value) for name, value in told.items() if value is not None}
        if (allowed := _allowed(column.metric)) != column.metric:
            labels["metric"] = column.metric
        series = _text(Column(allowed, tuple(sorted(labels.items()))))
        for at, value in zip(trace.times[life.rows].tolist(), values[life.rows].tolist(), strict=True):
            if not math.isnan(value):
                yield f"{series} {value!r} {at!r}\n"
