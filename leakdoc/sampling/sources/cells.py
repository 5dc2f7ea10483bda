"""One cell of text as a number, an instant or a pid. The error of each says what the cell is not."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from leakdoc.model.trace import FloatArray
from leakdoc.sampling.instants import EARLIEST, LATEST, is_instant
from leakdoc.units import parse_time

MISSING: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>"})
_LARGEST_PID: Final = 2**31 - 1


def is_missing(cell: str) -> bool:
    """Say whether a cell holds no value."""
    return cell.strip().lower() in MISSING


def number(cell: str) -> float:
    """Read a number; a missing one is NaN.

    Raises:
        ValueError: it is something else.
    """
    try:
        value = float(cell)
    except ValueError:
        if is_missing(cell):
            return math.nan
        raise ValueError("is not a number") from None
    if "_" in cell:
        raise ValueError("is not a number")
    return value


def instant(cell: str) -> float:
    """Read seconds since the epoch or ISO 8601; a missing one is NaN.

    Raises:
        ValueError: it is something else, or beyond the calendar.
    """
    if is_missing(cell):
        return math.nan
    try:
        at = parse_time(cell)
    except (ValueError, OverflowError):
        raise ValueError("is neither seconds since the epoch nor ISO 8601") from None
    return checked_instant(at)


def checked_instant(at: float) -> float:
    """Return the instant, or NaN for NaN.

    Raises:
        ValueError: it is beyond the calendar, as milliseconds are.
    """
    if is_instant(at) or math.isnan(at):
        return at
    raise ValueError("is beyond the year 9999: times are seconds, not milliseconds")


def row_time(cell: str) -> float:
    """Read a row's time, which may not be missing.

    Raises:
        ValueError: it is missing, no time, or beyond the calendar.
    """
    return required(instant(cell))


def required(at: float) -> float:
    """Return a row's time as it is.

    Raises:
        ValueError: it is NaN.
    """
    if math.isnan(at):
        raise ValueError("is no time, and every sample needs one")
    return at


def pid_number(cell: str) -> float:
    """Read a pid, which spreadsheets may write as ``4242.0``; a missing one is NaN.

    Raises:
        ValueError: it is something else.
    """
    return checked_pid(number(cell))


def checked_pid(value: float) -> float:
    """Return the pid, or NaN for NaN.

    Raises:
        ValueError: it is not a whole number that a system would use.
    """
    if math.isnan(value) or (value.is_integer() and 0 <= value <= _LARGEST_PID):
        return value
    raise ValueError("is not a pid")


def are_instants(values: FloatArray) -> bool:
    """Say whether all are instants, none missing."""
    return bool(np.all((values >= EARLIEST) & (values <= LATEST)))


def are_pids(values: FloatArray) -> bool:
    """Say whether all are pids, none missing."""
    return bool(np.all((values >= 0) & (values <= _LARGEST_PID) & (values == np.floor(values))))
