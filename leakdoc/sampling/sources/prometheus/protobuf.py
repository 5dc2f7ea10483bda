"""The little of protocol buffers that remote read needs: written for requests, read for streamed frames.

Source: Prometheus ``prompb/remote.proto`` and ``types.proto``; https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from leakdoc.errors import DamagedSource

EQUAL: Final = 0
DIFFERS: Final = 1
MATCHES: Final = 2
XOR: Final = 1
_STREAMED_XOR_CHUNKS: Final = 1
_LENGTH_DELIMITED: Final = 2
_NAME: Final = 0x0A  # fields 1 and 2 of a label, as they are tagged
_VALUE: Final = 0x12


class Matcher(NamedTuple):
    """What a label must be: `EQUAL` to a value, or `MATCHES` an anchored expression; 1 and 3 negate these."""

    name: str
    value: str
    kind: int = EQUAL

    def matches(self, value: str) -> bool:
        """Whether a label of this value is what it must be; one that is not there is empty."""
        if self.kind in (EQUAL, DIFFERS):
            return (value == self.value) == (self.kind == EQUAL)
        return (re.fullmatch(self.value, value) is not None) == (self.kind == MATCHES)


class Query(NamedTuple):
    """One query: from and to in milliseconds, both included."""

    start_ms: int
    end_ms: int
    matchers: Sequence[Matcher]


class ChunkedSeries(NamedTuple):
    """Some chunks of one series, and which query they answer; ``kinds`` are the chunks' encodings."""

    query: int
    labels: bytes
    chunks: list[bytes]
    kinds: set[int]


def read_request(queries: Sequence[Query]) -> bytes:
    """Write a ``ReadRequest`` that asks for streamed XOR chunks."""
    return b"".join(_field(1, _query(each)) for each in queries) + b"\x10" + bytes([_STREAMED_XOR_CHUNKS])


def _query(query: Query) -> bytes:
    matchers = b"".join(
        _field(3, b"\x08" + varint(each.kind) + _field(2, each.name.encode()) + _field(3, each.value.encode()))
        for each in query.matchers
    )
    return b"\x08" + varint(query.start_ms) + b"\x10" + varint(query.end_ms) + matchers


def _field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Write an unsigned number, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def take_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read an unsigned number; return it with where it ends.

    Raises:
        DamagedSource: it has no end.
    """
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise DamagedSource("a frame of remote read holds a number without an end")


def series_of_frame(frame: bytes) -> Iterator[ChunkedSeries]:
    """Yield the series of a ``ChunkedReadResponse``.

    Raises:
        DamagedSource: it is none.
    """
    found = list(_fields(frame, 0, len(frame)))
    query = next((value for number, value, end in found if number == 2 and end is None), 0)
    for number, start, end in found:
        if number == 1 and end is not None:
            yield _chunked_series(query, frame, start, end)


def _chunked_series(query: int, data: bytes, at: int, end: int) -> ChunkedSeries:
    labels: list[bytes] = []
    chunks: list[bytes] = []
    kinds: set[int] = set()
    for number, start, stop in _fields(data, at, end):
        if stop is None:
            continue
        if number == 1:
            labels += (varint(stop - start), data[start:stop])
        elif number == 2:
            kind, first, last = _chunk(data, start, stop)
            kinds.add(kind)
            chunks.append(data[first:last])
    return ChunkedSeries(query, b"".join(labels), chunks, kinds)


def _chunk(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the encoding of a chunk, and where its data begins and ends.

    Times from 1978 to 2109 have six bytes in milliseconds, so that fields stand at fixed places: the quick way.
    """
    if end - at > 18 and data[at] == 0x08 and data[at + 7] == 0x10 and data[at + 14 : at + 17] == b"\x18\x01\x22":
        length, first = data[at + 17], at + 18
        if length >= 0x80:
            length, first = length & 0x7F | data[first] << 7, first + 1
        if first + length == end:
            return XOR, first, end
    kind, first, last = 0, end, end
    for number, value, stop in _fields(data, at, end):
        if number == 3 and stop is None:
            kind = value
        elif number == 4 and stop is not None:
            first, last = value, stop
    return kind, first, last


def labels_of(packed: bytes) -> dict[str, str]:
    """Read labels as `ChunkedSeries` carries them."""
    found: dict[str, str] = {}
    at = 0
    while at < len(packed):
        length, at = _number(packed, at)
        name, value = _short_label(packed, at, at + length) or _label(packed, at, at + length)
        found[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += length
    return found


def _short_label(packed: bytes, at: int, end: int) -> tuple[bytes, bytes] | None:
    """A label as servers write it, name and value in this order with a byte for the length of each: the quick way."""
    middle = at + 2 + packed[at + 1] if end - at < 0x80 and end - at >= 4 else end
    if middle + 2 > end or packed[at] != _NAME or packed[middle] != _VALUE or packed[middle + 1] != end - middle - 2:
        return None
    return packed[at + 2 : middle], packed[middle + 2 : end]


def _label(packed: bytes, at: int, end: int) -> tuple[bytes, bytes]:
    parts = {number: packed[start:stop] for number, start, stop in _fields(packed, at, end)}
    return parts.get(1, b""), parts.get(2, b"")


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Yield the fields of a message: a number with its value and null, or with where its bytes begin and end."""
    while at < end:
        tag = data[at]
        if tag < 0x80 and tag & 7 == _LENGTH_DELIMITED and at + 1 < end and (length := data[at + 1]) < 0x80:
            at += 2  # as almost all are
        else:
            tag, at = _number(data, at)
            kind = tag & 7
            if kind == 0:
                value, at = _number(data, at)
                yield tag >> 3, value, None
                continue
            if kind in (1, 5):
                at += 8 if kind == 1 else 4
                continue
            if kind != _LENGTH_DELIMITED:
                raise DamagedSource("a frame of remote read holds a field of an unknown kind")
            length, at = _number(data, at)
        if at + length > end:
            raise DamagedSource("a frame of remote read ends in the middle of a field")
        yield tag >> 3, at, at + length
        at += length


def _number(data: bytes, at: int) -> tuple[int, int]:
    """`take_varint`, quicker for the single byte that most numbers are."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    return take_varint(data, at)
