"""A recording's samples as columns: those in sealed blocks, and the recent ones that are still rows."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from leakdoc.sampling.instants import EARLIEST, LATEST, is_instant
from leakdoc.sampling.recording_block import MOST_ROWS, Piece, checksum_of_block, unpack_block
from leakdoc.sampling.recording_schema import checksum

if TYPE_CHECKING:
    import numpy.typing as npt

Layouts = Mapping[int, Sequence[int]]


class Sealed(NamedTuple):
    """One row of the table of blocks."""

    id: int
    first_at: float
    last_at: float
    rows: int
    every_s: float
    data: bytes
    crc: int


def how_many(connection: sqlite3.Connection, *, has_blocks: bool) -> int:
    """Return how many samples a recording holds, by what it says itself."""
    sealed = "SELECT coalesce(sum(rows), 0) FROM block" if has_blocks else "SELECT 0"
    return int(connection.execute(f"SELECT ({sealed}) + (SELECT count(*) FROM sample)").fetchone()[0])


def sealed_pieces(connection: sqlite3.Connection, layouts: Layouts) -> Iterator[Piece]:
    """Yield the blocks, the oldest first.

    Raises:
        ValueError, TypeError, KeyError, struct.error, zlib.error: a block is not what was written.
    """
    last = 0
    stored = connection.execute("SELECT id, first_at, last_at, rows, every_s, data, crc FROM block ORDER BY id")
    for each in map(Sealed._make, stored):
        if each.id <= last or not 0 < each.rows <= MOST_ROWS or each.crc != checksum_of_block(*each[1:6]):
            raise ValueError(f"block {each.id} is not what was written")
        last = each.id
        piece = unpack_block(each.data, layouts, thinned=each.every_s > 0)
        if len(piece.at) != each.rows or not np.all((piece.at >= EARLIEST) & (piece.at <= LATEST)):
            raise ValueError(f"block {each.id} does not hold what it says")
        yield piece


def recent_piece(connection: sqlite3.Connection, layouts: Layouts) -> Piece:
    """Return the samples that are rows.

    Raises:
        ValueError, TypeError, KeyError: a row is not what was written.
    """
    at, process, layout = array("d"), array("q"), array("q")
    readings: list[bytes] = []
    last = 0
    for key, *row, crc in connection.execute("SELECT id, at, process, layout, readings, crc FROM sample ORDER BY id"):
        if key <= last or not is_instant(row[0]) or crc != checksum(*row):
            raise ValueError(f"sample {key} is not what was written")
        last = key
        at.append(row[0])
        process.append(row[1])
        layout.append(row[2])
        readings.append(row[3])
    columns = _columns(np.array(layout, dtype=np.int64), readings, layouts)
    return Piece(at=np.array(at), process=np.array(process, dtype=np.int64), readings=columns)


def _columns(
    layout: npt.NDArray[np.int64], readings: Sequence[bytes], layouts: Layouts
) -> dict[tuple[int, str], tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]:
    found: dict[tuple[int, str], list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]] = {}
    for rows in _rows_by_layout(layout):
        metrics = layouts[int(layout[rows[0]])]
        joined = b"".join([readings[row] for row in rows.tolist()])
        matrix = np.frombuffer(joined, dtype="<f8").reshape(len(rows), len(metrics))
        for place, metric in enumerate(metrics):
            found.setdefault((metric, ""), []).append((rows, matrix[:, place]))
    return {
        key: (np.concatenate([rows for rows, _ in parts]), np.concatenate([values for _, values in parts]))
        for key, parts in found.items()
    }


def _rows_by_layout(layout: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.intp]]:
    order = np.argsort(layout, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(layout[order])) + 1):
        if len(rows):
            yield rows
