"""The dictionaries of a recording that is being written: processes, metrics and layouts, each stored once."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable
from typing import Final, TypeVar

from leakdoc.model.sample import Column
from leakdoc.model.subject import ProcessIdentity
from leakdoc.sampling.recording_schema import column_text, pack_layout, process_text

_REMEMBERED: Final = 4096  # children and peers come and go: what was not seen for long is looked up in the file again
K = TypeVar("K", bound=Hashable)


class RecordingNames:
    """Tells the ids under which one recording knows names, and stores those it does not know yet."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._processes: dict[ProcessIdentity, int] = {}
        self._metrics: dict[Column, int] = {}
        self._layouts: dict[bytes, int] = {}
        self._last_columns: tuple[Column, ...] | None = None
        self._last_layout = 0

    def process(self, process: ProcessIdentity) -> int:
        """Return a process's id."""
        known = self._processes.get(process)
        if known is None:
            known = self._stored("process", "identity", process_text(process))
            _remember(self._processes, process, known)
        return known

    def layout(self, columns: tuple[Column, ...]) -> int:
        """Return the id of the columns that a sample has, in its order."""
        if columns != self._last_columns:  # cheap where a sampler names its columns with the same objects each time
            self._last_layout, self._last_columns = self._layout(columns), columns
        return self._last_layout

    def _layout(self, columns: tuple[Column, ...]) -> int:
        packed = pack_layout([self._metric(column) for column in columns])
        known = self._layouts.get(packed)
        if known is None:
            known = self._stored("layout", "metrics", packed)
            _remember(self._layouts, packed, known)
        return known

    def _metric(self, column: Column) -> int:
        known = self._metrics.get(column)
        if known is None:
            known = self._stored("metric", "name", column_text(column))
            _remember(self._metrics, column, known)
        return known

    def _stored(self, table: str, column: str, name: str | bytes) -> int:
        found = self._connection.execute(f"SELECT id FROM {table} WHERE {column} = ?", (name,)).fetchone()
        if found is not None:
            return int(found[0])
        return int(self._connection.execute(f"INSERT INTO {table} ({column}) VALUES (?)", (name,)).lastrowid or 0)


def _remember(names: dict[K, int], name: K, known: int) -> None:
    if len(names) >= _REMEMBERED:
        names.clear()
    names[name] = known
