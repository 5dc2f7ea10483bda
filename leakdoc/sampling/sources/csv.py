"""A trace from a CSV file, read without pandas and a piece at a time."""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.foreign_file import check_file, refuse_too_many, why
from leakdoc.sampling.sources.cells import are_instants, are_pids, instant, is_missing, number, pid_number, row_time
from leakdoc.sampling.sources.chosen import with_choices
from leakdoc.sampling.sources.table import PID, START, TIME, VERSION, Table, trace_of

_ROWS_AT_ONCE: Final = 8192  # strings are bulky: a piece of a wide file stays under a few MiB
_NAMES_SHOWN: Final = 8
_READERS: Final[dict[str, Callable[[str], float]]] = {TIME: row_time, PID: pid_number, START: instant}
_FITS: Final[dict[str, Callable[[FloatArray], bool]]] = {TIME: are_instants, PID: are_pids, START: are_instants}


def read_csv(
    path: str | os.PathLike[str], *, load_column: str | None = None, limit_bytes: float | None = None
) -> Trace:
    """Read a CSV of samples: ``time,<metric>[,<metric>…]``.

    Args:
        load_column: the column that counts the load; null takes ``requests_total`` where there is one.
        limit_bytes: the memory limit; null takes the last of the column ``limit_bytes`` where there is one.

    Raises:
        UnreadableSource: missing, not permitted, empty, not UTF-8, or without a ``time`` column.
        DamagedSource: a cell cannot be parsed; the message names its line and column.
        UsageError: there is no such load column.
    """
    file = Path(path)
    check_file(file)
    subject = Subject(kind=SubjectKind.FILE, name=inert(file.stem))
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = _Reading(file, lines).table()
    except OSError as error:
        raise UnreadableSource(f"{inert(file.name)} cannot be read: {why(error)}") from error
    return with_choices(trace_of(table, subject), load_column=load_column, limit_bytes=limit_bytes)


class _Reading:
    """One file while it is read."""

    def __init__(self, file: Path, lines: TextIO) -> None:
        self._name = inert(file.name)
        self._file = file
        self._lines = csv.reader(lines)
        self._header = self._read_header()
        self._numbers = {name: array("d") for name in self._header if name and name != VERSION}
        self._versions: list[str | None] = []
        self._short = 0

    def table(self) -> Table:
        rows = self._rows()
        while piece := list(islice(rows, _ROWS_AT_ONCE)):
            self._add([line for line, _ in piece], [cells for _, cells in piece])
            refuse_too_many(self._file, len(self._numbers[TIME]), len(self._header))
        numbers = {name: np.array(values, dtype=np.float64) for name, values in self._numbers.items()}
        return Table(times=numbers.pop(TIME), numbers=numbers, versions=self._versions, notes=self._notes())

    def _read_header(self) -> list[str]:
        try:
            header = [name.strip() for name in next(self._lines, [])]
        except (UnicodeDecodeError, csv.Error) as error:
            raise UnreadableSource(
                f"{self._name} is neither a recording, nor Parquet, nor CSV in UTF-8",
                help="Save it as CSV in UTF-8 with a header line: time,rss_bytes",
            ) from error
        if TIME not in header:
            raise UnreadableSource(
                f"{self._name} has no column named time; its first line is: {_shown(','.join(header[:_NAMES_SHOWN]))}",
                help="The first line names the columns, separated by commas: time,rss_bytes",
            )
        twice = next((name for name in header if name and header.count(name) > 1), None)
        if twice is not None:
            raise DamagedSource(f"{self._name}, line 1: the column {_shown(twice)} is there twice")
        return header

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        width = len(self._header)
        try:
            for cells in self._lines:
                if len(cells) != width:
                    cells = self._mended(cells)
                if cells[0] or any(cells):
                    yield self._lines.line_num, cells
        except UnicodeDecodeError as error:
            raise DamagedSource(f"{self._name} is not UTF-8 after line {self._lines.line_num}") from error
        except csv.Error as error:
            raise DamagedSource(f"{self._name}, line {self._lines.line_num}: {inert(str(error))}") from error

    def _mended(self, cells: list[str]) -> list[str]:
        width = len(self._header)
        if any(cells[width:]):
            raise DamagedSource(
                f"{self._name}, line {self._lines.line_num}: {len(cells)} cells under {width} column names"
            )
        self._short += 0 < len(cells) < width
        return cells[:width] + [""] * (width - len(cells))

    def _add(self, lines: list[int], rows: list[list[str]]) -> None:
        for name, cells in zip(self._header, zip(*rows, strict=True), strict=True):
            if name == VERSION:
                self._versions.extend(None if is_missing(cell) else cell.strip() for cell in cells)
            elif name:
                self._numbers[name].extend(self._parsed(name, cells, lines))

    def _parsed(self, name: str, cells: Sequence[str], lines: list[int]) -> Sequence[float]:
        at_once = _numbers_at_once(name, cells)
        if at_once is not None:
            return at_once
        read = _READERS.get(name, number)
        values = []
        for place, cell in enumerate(cells):
            try:
                values.append(read(cell))
            except ValueError as error:
                where = f"{self._name}, line {lines[place]}, column {_shown(name)}"
                raise DamagedSource(f"{where}: {_shown(cell)!r} {error}") from error
        return values

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if "" in self._header:
            notes.append("a column without a name was left out")
        if self._short:
            notes.append(f"lines with fewer cells than the header, the rest taken as missing: {self._short}")
        return tuple(notes)


def _shown(foreign: str) -> str:
    return inert(without_secrets(foreign), longest=60)


def _numbers_at_once(name: str, cells: Sequence[str]) -> list[float] | None:
    """Read cells that are plain numbers, many times as fast as one by one; null when one needs a closer look."""
    try:
        values = list(map(float, cells))
    except ValueError:
        return None
    if "_" in "".join(cells) or (name in _FITS and not _FITS[name](np.array(values))):
        return None
    return values
