"""Sealed blocks: the samples of some time in one compressed cell, column by column.

The cell is a zlib stream of: the number of samples (32 bits), and the streams of their times and, ordered by process,
of their places in time's order, their processes and their layouts; then, for each metric that any of the layouts
names, in ascending order of ids, the stream of its readings in the samples that have it. A block of thinned samples
has three such streams a metric: mean, minimum and maximum.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from leakdoc.sampling.recording_streams import pack_floats, pack_whole, unpack

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_ROWS: Final = 1 << 16
LARGEST: Final = 64 * 2**20  # of a block, once it is unpacked
_LEVEL: Final = 6
_COUNT: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<ddqd")


class Row(NamedTuple):
    """One stored sample; ids are the file's own."""

    at: float
    process: int
    layout: int
    readings: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Some samples of a recording, as columns.

    Args:
        at, process: shape (n,), in the order in which they were recorded.
        readings: by metric id, or by metric id and statistic: the rows that have it, and their values.
    """

    at: npt.NDArray[np.float64]
    process: npt.NDArray[np.int64]
    readings: Mapping[tuple[int, str], tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]


def checksum_of_block(first_at: float, last_at: float, rows: int, every_s: float, data: bytes) -> int:
    """Return the CRC-32 of one block's row."""
    return zlib.crc32(data, zlib.crc32(_HEAD.pack(first_at, last_at, rows, every_s)))


def pack_block(rows: Sequence[Row], layouts: Mapping[int, Sequence[int]]) -> bytes:
    """Seal samples.

    Args:
        rows: in the order in which they were recorded.
        layouts: layout id to the ids of its metrics, in the order of the readings.
    """
    order = sorted(range(len(rows)), key=lambda place: rows[place].process)
    parts = [
        _COUNT.pack(len(rows)),
        pack_floats([each.at for each in rows]),
        pack_whole(order),
        pack_whole([rows[place].process for place in order]),
        pack_whole([rows[place].layout for place in order]),
    ]
    columns: dict[int, list[float]] = {}
    for place in order:
        row = rows[place]
        for metric, value in zip(layouts[row.layout], row.readings, strict=True):
            columns.setdefault(metric, []).append(value)
    parts += (pack_floats(columns[metric]) for metric in sorted(columns))
    return zlib.compress(b"".join(parts), _LEVEL)


def pack_thinned(
    at: Sequence[float],
    process: Sequence[int],
    layout: int,
    columns: Iterable[tuple[Sequence[float], Sequence[float], Sequence[float]]],
) -> bytes:
    """Seal thinned samples, all of one layout.

    Args:
        columns: mean, minimum and maximum of each metric of the layout, by ascending id.
    """
    order = sorted(range(len(at)), key=lambda place: process[place])
    parts = [_COUNT.pack(len(at)), pack_floats(at), pack_whole(order)]
    parts += [pack_whole([process[place] for place in order]), pack_whole([layout] * len(at))]
    parts += (pack_floats([each[place] for place in order]) for column in columns for each in column)
    return zlib.compress(b"".join(parts), _LEVEL)


def unpack_block(data: bytes, layouts: Mapping[int, Sequence[int]], *, thinned: bool) -> Piece:
    """Open a block.

    Raises:
        ValueError, KeyError, struct.error, zlib.error: the bytes are no block.
    """
    import numpy as np

    body = memoryview(_inflated(data))
    count = _COUNT.unpack_from(body)[0]
    heads, at = [], _COUNT.size
    for _ in range(4):
        numbers, at = unpack(body, at, min(count, MOST_ROWS))
        if len(numbers) != count:
            raise ValueError("a block whose columns are not of one length")
        heads.append(numbers)
    times, order, process, layout = heads
    if not np.array_equal(np.sort(order), np.arange(count)):
        raise ValueError("a block whose samples have no order")
    order = order.astype(np.intp)
    metrics_of = {each: set(layouts[each]) for each in np.unique(layout).tolist()}
    readings = {}
    for metric in sorted(set().union(*metrics_of.values())):
        has = order[np.isin(layout, [each for each, metrics in metrics_of.items() if metric in metrics])]
        for statistic in ("", "min", "max") if thinned else ("",):
            values, at = unpack(body, at, len(has))
            if len(values) != len(has):
                raise ValueError("a column of a block is not of its length")
            readings[metric, statistic] = has, values.astype(np.float64)
    by_time = np.empty(count, dtype=np.int64)
    by_time[order] = process.astype(np.int64)
    return Piece(at=times.astype(np.float64), process=by_time, readings=readings)


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    body = inflater.decompress(data, LARGEST)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("a block that is cut short, or larger than any")
    return body
