"""A dump of thousands of sockets read as arrays, one a field: one by one they would take longer than the kernel does.

Layouts as in `sock_diag`. Whoever imports this loads numpy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.sock_diag import SOCKET_KINDS, SOCKET_SIZE, Dump, Info, info_in, parse_part
from leakdoc.sampling.sockets.tcp import TcpSocket

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_HEAD: Final = struct.Struct("=IHHI")  # of struct nlmsghdr: length, type, flags and sequence
_FIRST_RUN: Final = 64

# Of struct nlmsghdr and struct inet_diag_msg: type and offset. `key` is struct inet_diag_sockid.
_FIELDS: Final = {
    "state": ("u1", 17),
    "timer": ("u1", 18),
    "unanswered": ("u1", 19),
    "key": (("=u8", (6,)), 20),
    "waiting": ("=u4", 72),
    "unsent": ("=u4", 76),
    "inode": ("=u4", 84),
}
# Of the attribute that holds struct tcp_info: fields of `LastData`.
_TIMES: Final = {"sent_ms": 48, "received_ms": 56, "ack_received_ms": 60}
_SEGMENTS: Final = {"segments_in": 156, "segments_out": 160}
_ROW: Final = np.dtype(
    [(name, *(kind if isinstance(kind, tuple) else (kind,))) for name, (kind, _) in _FIELDS.items()]
    + [(name, "=i8") for name in (*_TIMES, *_SEGMENTS)]
    + [("has_times", "?"), ("has_segments", "?"), ("dump", "u1"), ("at", "=i8"), ("length", "=u4")]
)


@dataclass(frozen=True, slots=True)
class ManySockets:
    """Sockets in the order of their dumps.

    Args:
        rows: a record each: the fields of `TcpSocket` and of `LastData` by their names, times and segments 0 where
            `has_times` and `has_segments` say that there are none; and where the message is.
        dumps: where they are.
    """

    rows: Array
    dumps: list[Dump]

    def pick(self, which: Array) -> list[TcpSocket]:
        """Return some of them, by a mask or their numbers, one by one."""
        return [self._one(*place) for place in self.rows[["dump", "at", "length"]][which].tolist()]

    def _one(self, number: int, at: int, length: int) -> TcpSocket:
        dump, sequence = self.dumps[number]
        ((found,), _) = parse_part(bytes(dump[at : at + length]), sequence)
        return found


def read_many(dumps: list[Dump]) -> ManySockets:
    """Read whole dumps.

    Raises:
        OSError, UnexpectedText: as `parse_part`.
    """
    rows = [row for number, (dump, sequence) in enumerate(dumps) for row in _runs(dump, sequence, number)]
    return ManySockets(np.concatenate(rows) if rows else np.empty(0, _ROW), dumps)


def _runs(dump: bytearray, sequence: int, number: int) -> Iterator[Array]:
    """Yield messages that are laid out alike and follow each other, as nearly all do, together."""
    at = 0
    while at + _HEAD.size <= len(dump):
        length, kind, _, answers = _HEAD.unpack_from(dump, at)
        if length < 16 or at + length > len(dump) or (kind in SOCKET_KINDS and length < SOCKET_SIZE):
            raise UnexpectedText("a netlink message is cut short")
        count, step = 1, (length + 3) & ~3
        if answers == sequence and kind in SOCKET_KINDS:
            info = info_in(dump, at + SOCKET_SIZE, at + length)
            count = _alike(dump, at, length, info)
            yield _rows(dump, at, count, step, info, number)
        elif answers == sequence:
            parse_part(bytes(dump[at : at + length]), sequence)  # raises what the kernel says
        at += count * step


def _alike(dump: bytearray, at: int, length: int, info: Info | None) -> int:
    """Return how many messages from here on have the same length, type, sequence, and the information in one place."""
    if info is None and length > SOCKET_SIZE:
        return 1
    step = (length + 3) & ~3
    places = {"length": 0, "kind": 4, "sequence": 8} | ({} if info is None else {"info": info.at - at})
    kinds = {"length": "=u4", "kind": "=u2", "sequence": "=u4", "info": "=u4"}
    head = np.dtype(
        {
            "names": [*places],
            "formats": [kinds[name] for name in places],
            "offsets": [*places.values()],
            "itemsize": step,
        }
    )
    most, found, chunk = (len(dump) - at) // step, 1, _FIRST_RUN
    while found < most:
        some = np.frombuffer(dump, head, min(chunk, most - found), at + found * step)
        first = np.frombuffer(dump, head, 1, at)
        same = np.logical_and.reduce([some[name] == first[name] for name in places])
        if not same.all():
            return found + int(same.argmin())
        found, chunk = found + len(some), chunk * 4
    return max(found, 1)


def _rows(dump: bytearray, at: int, count: int, step: int, info: Info | None, number: int) -> Array:
    rows = np.zeros(count, _ROW)
    for name, (kind, offset) in _FIELDS.items():
        rows[name] = _field(dump, at + offset, count, step, kind)
    told = 0 if info is None else info.told
    for name, offset in (_TIMES | _SEGMENTS).items():
        if info is not None and offset + 4 <= info.told + 48:
            rows[name] = _field(dump, info.at + offset, count, step, "=u4")
    rows["has_times"], rows["has_segments"] = told > 0, told > 16
    rows["dump"], rows["at"] = number, at + step * np.arange(count)
    rows["length"] = _HEAD.unpack_from(dump, at)[0]
    return rows


def _field(dump: bytearray, at: int, count: int, step: int, kind: Any) -> Array:
    """Return one field of messages that follow each other in equal steps, without copying it."""
    of_one = np.dtype(kind)
    base = of_one.base
    shape, strides = (count, *of_one.shape), (step, *([base.itemsize] * len(of_one.shape)))
    return np.ndarray(shape, base, dump, at, strides)


def keys_of(rows: Iterable[bytes]) -> Array:
    """Return keys, 48 bytes each, as they stand in a record."""
    return np.frombuffer(b"".join(rows), "=u8").reshape(-1, 6)


def among(values: Array, ascending: Array) -> Mask:
    """Say which of the values are in an ascending array."""
    if not len(ascending):
        return np.zeros(len(values), bool)
    return np.asarray(ascending[np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)] == values, bool)
