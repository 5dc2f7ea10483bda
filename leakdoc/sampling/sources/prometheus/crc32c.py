"""CRC-32C (Castagnoli) of many frames side by side, as remote read guards them with it.

A checksum is linear over GF(2): frames are cut into lanes of one length whose sums are taken in lockstep; each lane's
sum is carried over the bytes that follow it in its frame, and those of a frame are added (as zlib's ``crc32_combine``
does). Zeros in front of a frame change nothing once its first four bytes are inverted, which is what the sum starts
from. Source: RFC 3720, appendix B.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

_POLYNOMIAL: Final = 0x82F63B78
_LANE: Final = 64  # bytes: the longer, the more steps of Python; the shorter, the more lanes to add up
_SHORT: Final = 4

Words = npt.NDArray[np.uint32]


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    return crc32c_of([data])[0]


def crc32c_of(frames: Sequence[bytes]) -> list[int]:
    """Return the CRC-32C of each of many frames."""
    found = [_byte_by_byte(frame) if len(frame) < _SHORT else 0 for frame in frames]
    long = [at for at, frame in enumerate(frames) if len(frame) >= _SHORT]
    if long:
        for at, crc in zip(long, _of_long([frames[at] for at in long]), strict=True):
            found[at] = crc
    return found


def _of_long(frames: Sequence[bytes]) -> list[int]:
    lanes = np.array([-(-len(frame) // _LANE) for frame in frames], dtype=np.int64)
    ends = np.cumsum(lanes)
    laid = np.zeros(int(ends[-1]) * _LANE, dtype=np.uint8)
    for frame, end in zip(frames, (ends * _LANE).tolist(), strict=True):
        first = end - len(frame)
        laid[first:end] = np.frombuffer(frame, dtype=np.uint8)
        laid[first : first + _SHORT] ^= 0xFF
    sums = _of_lanes(laid.reshape(-1, _LANE))
    following = np.repeat(ends, lanes) - 1 - np.arange(len(sums))
    sums = _carried_over_lanes(sums, following)
    of_frames = np.bitwise_xor.reduceat(sums, ends - lanes)
    return [int(each) ^ 0xFFFFFFFF for each in of_frames.tolist()]


def _of_lanes(lanes: npt.NDArray[np.uint8]) -> Words:
    table = _table()
    sums = np.zeros(len(lanes), dtype=np.uint32)
    for column in np.ascontiguousarray(lanes.T):
        sums = table[(sums ^ column) & 0xFF] ^ (sums >> np.uint32(8))
    return sums


def _carried_over_lanes(sums: Words, following: npt.NDArray[np.int64]) -> Words:
    """The sums as if so many lanes of zeros had followed each."""
    power = 0
    while np.any(following >> power):
        far = np.flatnonzero((following >> power) & 1)
        sums[far] = _carried_over(sums[far], power)
        power += 1
    return sums


def _carried_over(sums: Words, power: int) -> Words:
    """The sums as if 2**power lanes of zeros had followed."""
    tables = _zeros(power)
    out: Words = tables[0][sums & 0xFF]
    for place in (1, 2, 3):
        out = out ^ tables[place][(sums >> np.uint32(8 * place)) & 0xFF]
    return out


@cache
def _zeros(power: int) -> Words:
    """Shape (4, 256): what each byte of a sum becomes over 2**power lanes of zeros."""
    sums = np.concatenate([np.arange(256, dtype=np.uint32) << np.uint32(8 * place) for place in range(4)])
    if power:
        return _carried_over(_carried_over(sums, power - 1), power - 1).reshape(4, 256)
    for _ in range(_LANE):
        sums = _table()[sums & 0xFF] ^ (sums >> np.uint32(8))
    return sums.reshape(4, 256)


def _byte_by_byte(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = int(_table()[(crc ^ byte) & 0xFF]) ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


@cache
def _table() -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), table >> np.uint32(1))
    return table
