"""The frames of a streamed remote read: a length, a checksum, a message; and snappy's framing of the request.

Source: Prometheus ``storage/remote/chunked.go`` (uvarint length, big-endian CRC-32C, data); snappy
``format_description.txt`` (a block of literals only is valid, and a request is small).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from leakdoc.errors import DamagedSource
from leakdoc.sampling.sources.prometheus.crc32c import crc32c_of
from leakdoc.sampling.sources.prometheus.protobuf import varint

LARGEST_FRAME: Final = 64 * 2**20  # Prometheus cuts at 1 MiB by default
_CHECKED_AT_ONCE: Final = 2 * 2**20  # bytes: servers send a frame a series, too little to take its checksum alone
_LITERAL_BYTES: Final = 65_536


def frames_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages of a stream that arrives in pieces, once their checksums are found to be right.

    Raises:
        DamagedSource: a checksum is wrong, a length makes no sense, or the stream ends in the middle of a frame.
    """
    waiting = _Waiting()
    buffer, at = b"", 0
    for piece in pieces:
        buffer, at = buffer[at:] + piece, 0
        while (found := _first(buffer, at)) is not None:
            frame, told, at = found
            waiting.add(frame, told)
        if waiting.size >= _CHECKED_AT_ONCE:
            yield from waiting.checked()
    if at < len(buffer):
        raise DamagedSource("remote read ended in the middle of a frame")
    yield from waiting.checked()


class _Waiting:
    """Frames whose checksums are still to be taken."""

    def __init__(self) -> None:
        self.size = 0
        self._frames: list[bytes] = []
        self._told: list[int] = []

    def add(self, frame: bytes, told: int) -> None:
        self._frames.append(frame)
        self._told.append(told)
        self.size += len(frame)

    def checked(self) -> list[bytes]:
        """Return the frames that were waiting."""
        frames, told = self._frames, self._told
        self._frames, self._told, self.size = [], [], 0
        if crc32c_of(frames) != told:
            raise DamagedSource("a frame of remote read was damaged on its way: its checksum is wrong")
        return frames


def _first(buffer: bytes, at: int) -> tuple[bytes, int, int] | None:
    """Return the frame that begins at a place, its checksum, and where it ends; null while it is not all there."""
    length = shift = 0
    while True:
        if at >= len(buffer):
            return None
        byte = buffer[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > 63:
            raise DamagedSource("a frame of remote read has no length")
    if length > LARGEST_FRAME:
        raise DamagedSource(f"a frame of remote read says that it has {length} bytes")
    end = at + 4 + length
    if len(buffer) < end:
        return None
    return buffer[at + 4 : end], int.from_bytes(buffer[at : at + 4], "big"), end


def snappy(data: bytes) -> bytes:
    """Frame bytes as a snappy block of literals."""
    out = bytearray(varint(len(data)))
    for start in range(0, len(data), _LITERAL_BYTES):
        piece = data[start : start + _LITERAL_BYTES]
        out += bytes([61 << 2]) + (len(piece) - 1).to_bytes(2, "little") + piece
    return bytes(out)
