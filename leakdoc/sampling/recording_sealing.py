"""Older rows of a recording sealed into blocks while it is written, and its oldest blocks thinned or dropped."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from leakdoc.sampling.recording_block import MOST_ROWS, Row, checksum_of_block, pack_block
from leakdoc.sampling.recording_schema import unpack_layout
from leakdoc.sampling.retention import Retention, next_level

# A quarter of an hour of one process at one sample a second: a block compresses well, and what is still rows is little.
ROWS_A_BLOCK: Final = 1_024
# Of many processes a block holds more samples, so that each process has some in it; no more than are sealed in 100 ms.
ROWS_A_PROCESS: Final = 64
MOST_ROWS_A_BLOCK: Final = 16_384
FEWEST_SEALED_AT_THE_END: Final = 512  # a short recording stays rows, which any client of SQLite reads
_BYTES_A_ROW: Final = 256
_THINNED_AT_ONCE: Final = 32  # blocks
_FEWEST_THINNED: Final = 8

_OLDEST: Final = "SELECT id, at, process, layout, readings FROM sample ORDER BY id LIMIT ?"
_INSERT: Final = (
    "INSERT OR REPLACE INTO block (id, first_at, last_at, rows, every_s, data, crc) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Sealer:
    """Keeps the table of samples short, and the file within its bounds.

    Args:
        transaction: does several statements as one.
        clock: tells the time, seconds since the epoch.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        retention: Retention,
        transaction: Callable[[], AbstractContextManager[None]],
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._retention = retention
        self._transaction = transaction
        self._clock = clock
        self._rows: int = connection.execute("SELECT count(*) FROM sample").fetchone()[0]
        self._layouts: dict[int, tuple[int, ...]] = {}

    def added(self, rows: int, processes: int) -> None:
        """Take note of rows; seal some, and make room, once there are enough of them.

        Args:
            processes: how many processes they are of.
        """
        self._rows += rows
        block = self._rows_a_block(processes)
        if self._rows >= 2 * block:
            self._seal(block)
            self.make_room()

    def finish(self) -> None:
        """Seal all but the last sample of a recording that is not short."""
        while self._rows > FEWEST_SEALED_AT_THE_END:
            self._seal(min(self._rows - 1, MOST_ROWS_A_BLOCK))
        self.make_room()

    def make_room(self) -> None:
        """Drop and thin what is too old, and the oldest of what is too much."""
        now, bounds = self._clock(), self._retention
        if bounds.keep_s is not None:
            self._connection.execute("DELETE FROM block WHERE last_at < ?", (now - bounds.keep_s,))
        if bounds.whole_s is not None:
            self._thin(before=now - bounds.whole_s)
        while self._used_bytes() > bounds.comfortable_bytes:
            if not self._thin() and not self._drop_oldest():
                return

    def _rows_a_block(self, processes: int) -> int:
        affordable = self._retention.largest_bytes // (8 * _BYTES_A_ROW)
        wanted = min(max(ROWS_A_BLOCK, ROWS_A_PROCESS * processes), MOST_ROWS_A_BLOCK)
        return max(min(wanted, affordable), 16)

    def _seal(self, count: int) -> None:
        stored = self._connection.execute(_OLDEST, (count,)).fetchall()
        rows = [
            Row(at, process, layout, struct.unpack(f"<{len(readings) // 8}d", readings))
            for _, at, process, layout, readings in stored
        ]
        data = pack_block(rows, {layout: self._metrics(layout) for layout in {row.layout for row in rows}})
        last = stored[-1][0]
        with self._transaction():
            self._insert(last, min(row.at for row in rows), max(row.at for row in rows), len(rows), 0.0, data)
            self._connection.execute("DELETE FROM sample WHERE id <= ?", (last,))
        self._rows -= len(rows)

    def _insert(self, key: int, first_at: float, last_at: float, rows: int, every_s: float, data: bytes) -> None:
        crc = checksum_of_block(first_at, last_at, rows, every_s, data)
        self._connection.execute(_INSERT, (key, first_at, last_at, rows, every_s, data, crc))

    def _metrics(self, layout: int) -> tuple[int, ...]:
        known = self._layouts.get(layout)
        if known is None:
            packed = self._connection.execute("SELECT metrics FROM layout WHERE id = ?", (layout,)).fetchone()[0]
            known = self._layouts[layout] = unpack_layout(packed)
        return known

    def _thin(self, before: float | None = None) -> bool:
        """Thin the oldest blocks of one level that are enough together; say whether any were.

        Args:
            before: only whole samples that are older than this; null for the oldest, whatever they are.
        """
        for every_s, keys in self._groups(before):
            level = next_level(every_s)
            if level is not None and self._thin_to(level, every_s, keys):
                return True
        return False

    def _groups(self, before: float | None) -> list[tuple[float, list[int]]]:
        """Return runs of blocks of one level, the oldest first, each at most as long as are thinned at once."""
        groups: list[tuple[float, list[int]]] = []
        rows = 0
        for key, every_s, last_at, count in self._connection.execute(
            "SELECT id, every_s, last_at, rows FROM block ORDER BY id"
        ):
            if before is not None and (every_s > 0 or last_at >= before):
                continue
            full = groups and (len(groups[-1][1]) >= _THINNED_AT_ONCE or rows + count > MOST_ROWS)
            if not groups or groups[-1][0] != every_s or full:
                groups.append((every_s, []))
                rows = 0
            groups[-1][1].append(key)
            rows += count
        return [group for group in groups if len(group[1]) >= _FEWEST_THINNED]

    def _thin_to(self, level: float, every_s: float, keys: list[int]) -> bool:
        """Thin some blocks into one; say whether that is worth it."""
        from leakdoc.sampling.recording_thinning import thinned

        marks = ", ".join("?" * len(keys))
        cells = self._connection.execute(f"SELECT data FROM block WHERE id IN ({marks}) ORDER BY id", keys)
        layouts = {key: unpack_layout(packed) for key, packed in self._connection.execute("SELECT * FROM layout")}
        result = thinned([data for (data,) in cells], layouts, level, were_thinned=every_s > 0)
        if result is None:
            return False
        with self._transaction():
            data = result.packed(self._layout_of(result.metrics))
            self._connection.execute(f"DELETE FROM block WHERE id IN ({marks})", keys)
            self._insert(keys[-1], result.first_at, result.last_at, len(result.at), level, data)
        return True

    def _layout_of(self, metrics: tuple[int, ...]) -> int:
        packed = struct.pack(f"<{len(metrics)}I", *metrics)
        self._connection.execute("INSERT OR IGNORE INTO layout (metrics) VALUES (?)", (packed,))
        return int(self._connection.execute("SELECT id FROM layout WHERE metrics = ?", (packed,)).fetchone()[0])

    def _drop_oldest(self) -> bool:
        dropped = self._connection.execute("DELETE FROM block WHERE id = (SELECT min(id) FROM block)")
        return dropped.rowcount > 0

    def _used_bytes(self) -> int:
        def pragma(name: str) -> int:
            return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

        return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
