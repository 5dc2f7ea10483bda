"""A trace from a pandas frame of the CSV contract's shape, and a frame of that shape from a trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from leakdoc.errors import DamagedSource, UnreadableSource, UsageError
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import FloatArray, HasTrace, Trace
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.sources.cells import (
    are_instants,
    are_pids,
    checked_instant,
    checked_pid,
    instant,
    number,
    required,
)
from leakdoc.sampling.sources.chosen import with_choices
from leakdoc.sampling.sources.table import LIMIT, PID, START, TIME, VERSION, Table, life_columns, trace_of

if TYPE_CHECKING:
    import pandas as pd

_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LAST_NANOSECOND_S: Final = 9.2e9  # in the year 2261, shortly before 64 bits of nanoseconds end


def from_frame(
    frame: pd.DataFrame, *, name: str = "frame", load_column: str | None = None, limit_bytes: float | None = None
) -> Trace:
    """Read a frame of samples: columns as in a CSV; ``time`` may also be the index, or hold datetimes (naive is UTC).

    Args:
        name: of the subject.
        load_column: the column that counts the load; null takes ``requests_total`` where there is one.
        limit_bytes: the memory limit; null takes the last of the column ``limit_bytes`` where there is one.

    Raises:
        UnreadableSource: no column and no index is named ``time``.
        DamagedSource: a cell cannot be parsed; the message names its row and column.
        UsageError: there is no such load column.
    """
    by_name = _by_name(frame, name)
    versions = by_name.pop(VERSION, None)
    numbers = {each: _column(name, each, values) for each, values in by_name.items()}
    table = Table(
        times=numbers.pop(TIME),
        numbers=numbers,
        versions=() if versions is None else [None if _is_missing(each) else str(each) for each in versions.tolist()],
    )
    trace = trace_of(table, Subject(kind=SubjectKind.FILE, name=inert(name)))
    return with_choices(trace, load_column=load_column, limit_bytes=limit_bytes)


def to_frame(source: Trace | HasTrace) -> pd.DataFrame:
    """Return a trace as a pandas frame that `from_frame` reads back.

    Args:
        source: a trace, or what a watch returned.

    Returns:
        A row a sample: ``time`` (datetime, UTC, to the nanosecond), a column a metric named as `Column.text` writes
        it, and, where they are known, ``pid``, ``process_start_time_seconds`` and ``version``.

    Raises:
        UsageError: it is neither.
    """
    import pandas as pd

    trace = source if isinstance(source, Trace) else getattr(source, "trace", None)
    if not isinstance(trace, Trace):
        raise UsageError(
            f"there are no samples in a {type(source).__name__}",
            help="Give a trace, or what a watch returned; leakdoc.load_trace reads a file.",
        )
    columns: dict[str, Any] = {TIME: _datetimes(trace.times)}
    columns |= {column.text: values for column, values in trace.columns.items()}
    if trace.facts.limit_bytes is not None:
        columns.setdefault(LIMIT.text, np.full(len(trace), trace.facts.limit_bytes))
    for name, known in life_columns(trace).items():
        columns[name] = pd.array(known, dtype="Int64") if name == PID else known
    return pd.DataFrame(columns)


def _by_name(frame: pd.DataFrame, name: str) -> dict[str, pd.Series[Any]]:
    if TIME in frame.index.names and TIME not in frame.columns:
        frame = frame.reset_index(level=TIME)
    names = [_text(each) for each in frame.columns]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise DamagedSource(f"{inert(name)}: the column {_shown(twice)} is there twice")
    if TIME not in names:
        raise UnreadableSource(
            f"{inert(name)} has no column named time; it has: {_shown(', '.join(names))}",
            help="Name one column, or the index, time: seconds since the epoch, or datetimes.",
        )
    return {each: frame.iloc[:, place] for place, each in enumerate(names)}


def _column(source: str, name: str, values: pd.Series[Any]) -> FloatArray:
    import pandas as pd

    if values.dtype.kind == "M" and name in (TIME, START):
        values = pd.Series(_seconds(values))
    read = _READERS.get(name, _number)
    if name not in _READERS and values.dtype.kind in "fiu":
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if name in _SURE and values.dtype.kind in "fiu":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        if _SURE[name](numbers):
            return numbers  # else cell by cell, to name the first that is wrong
    parsed = np.empty(len(values))
    for row, cell in enumerate(values.tolist()):
        try:
            parsed[row] = read(cell)
        except (ValueError, TypeError, OverflowError) as error:
            where = f"{inert(source)}, row {row}, column {_shown(name)}"
            raise DamagedSource(f"{where}: {_shown(str(cell))!r} {error}") from error
    return parsed


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        return number(cell)
    if _is_missing(cell):
        return math.nan
    try:
        return float(cell)
    except (ValueError, TypeError):
        raise ValueError("is not a number") from None


def _instant(cell: Any) -> float:
    if isinstance(cell, str):
        return instant(cell)
    if hasattr(cell, "isoformat") and not _is_missing(cell):
        return instant(cell.isoformat())
    return checked_instant(_number(cell))


_READERS: Final[dict[str, Callable[[Any], float]]] = {
    TIME: lambda cell: required(_instant(cell)),
    PID: lambda cell: checked_pid(_number(cell)),
    START: _instant,
}

_SURE: Final[dict[str, Callable[[FloatArray], bool]]] = {TIME: are_instants, PID: are_pids, START: are_instants}


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _seconds(values: pd.Series[Any]) -> FloatArray:
    """Return datetimes as seconds since the epoch, rounded once; a naive one is UTC."""
    moments = (values if values.dt.tz is None else values.dt.tz_convert(None)).to_numpy()
    unit, count = np.datetime_data(moments.dtype)
    whole, rest = np.divmod(moments.astype(np.int64), _PER_SECOND[unit] // count)
    return np.where(np.isnat(moments), np.nan, whole + rest / (_PER_SECOND[unit] // count))


def _datetimes(times: FloatArray) -> pd.DatetimeIndex:
    import pandas as pd

    unit = "ns" if np.all(np.abs(times) < _LAST_NANOSECOND_S) else "us"
    whole = np.floor(times)
    rest = np.rint((times - whole) * _PER_SECOND[unit]).astype(np.int64)
    moments = (whole.astype(np.int64) * _PER_SECOND[unit] + rest).astype(f"datetime64[{unit}]")
    return pd.DatetimeIndex(moments).tz_localize("UTC")


def _text(name: Hashable) -> str:
    return name.strip() if isinstance(name, str) else str(name)


def _shown(foreign: str) -> str:
    return inert(without_secrets(foreign), longest=60)
