"""XOR chunks of Prometheus decoded in lockstep: the n-th sample of every chunk in one step of numpy.

Format: two bytes with the number of samples; the first time as a zigzag varint and the first value as 64 bits; the
second time as an unsigned varint difference; then differences of differences in 1, 16, 20, 24 or 68 bits, and values
as the exclusive or with the one before. Source: Prometheus ``tsdb/chunkenc/xor.go``; Pelkonen et al., "Gorilla", VLDB
2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.errors import DamagedSource

Bits = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_HEADER_BYTES: Final = 2
_LEAST_BITS: Final = 2  # of a sample that repeats the one before
_PAD: Final = b"\0" * 32

# By the first four bits: how many are the prefix, and how many bits of a difference of differences follow.
_PREFIX: Final = np.array([1] * 8 + [2] * 4 + [3] * 2 + [4, 4], dtype=np.int64)
_SIZE: Final = np.array([0] * 8 + [14] * 4 + [17] * 2 + [20, 64], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """Samples of many chunks, one chunk after the other, in the order in which they were given.

    Args:
        times_ms: shape (n,), int64, milliseconds since the epoch, ascending within each chunk.
        values: shape (n,), float64; stale markers are NaN like any other.
        counts: shape (chunks,), how many samples each chunk has.
    """

    times_ms: Ints
    values: npt.NDArray[np.float64]
    counts: Ints


def decode(chunks: Sequence[bytes]) -> Decoded:
    """Decode XOR chunks.

    Raises:
        DamagedSource: a chunk is shorter than it says, or its times do not ascend.
    """
    lengths = np.fromiter(map(len, chunks), dtype=np.int64, count=len(chunks))
    counts = _counts(chunks, lengths)
    if not len(chunks) or not np.any(counts):
        return Decoded(times_ms=np.zeros(0, dtype=np.int64), values=np.zeros(0), counts=counts)
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(-counts, kind="stable")
    lockstep = _Lockstep(b"".join(chunks), starts[order] + _HEADER_BYTES, counts[order])
    times, bits = lockstep.run()
    if np.any(lockstep.at > 8 * (starts + lengths)[order]):
        raise DamagedSource("a chunk of samples ends before its last sample")
    back = np.argsort(order, kind="stable")
    there = np.arange(len(times))[None, :] < counts[:, None]
    decoded = Decoded(times_ms=times.T[back][there], values=bits.T[back][there].view(np.float64), counts=counts)
    _refuse_unordered(decoded)
    return decoded


def _counts(chunks: Sequence[bytes], lengths: Ints) -> Ints:
    if np.any(lengths < _HEADER_BYTES):
        raise DamagedSource("a chunk of samples is shorter than its header")
    counts = np.fromiter((chunk[0] << 8 | chunk[1] for chunk in chunks), dtype=np.int64, count=len(chunks))
    if np.any(_LEAST_BITS * counts > 8 * (lengths - _HEADER_BYTES)):
        raise DamagedSource("a chunk of samples says that it holds more than it has room for")
    return counts


def _refuse_unordered(decoded: Decoded) -> None:
    ends = np.cumsum(decoded.counts)
    within = np.ones(len(decoded.times_ms), dtype=bool)
    within[ends[decoded.counts > 0] - 1] = False
    if np.any(np.diff(decoded.times_ms)[within[:-1]] <= 0):
        raise DamagedSource("the times in a chunk of samples do not ascend")


class _Lockstep:
    """All chunks while they are read; lanes are sorted so that those with samples left stand in front.

    Args:
        starts: shape (lanes,), where each chunk's samples begin, in bytes.
        counts: shape (lanes,), descending.
    """

    def __init__(self, data: bytes, starts: Ints, counts: Ints) -> None:
        padded = np.frombuffer(data + _PAD, dtype=np.uint8)
        size = len(padded) - 8
        self._words = np.ndarray(size, dtype=">u8", buffer=padded, strides=(1,)).astype(np.uint64)
        self._next = padded[8:].astype(np.uint64)
        self._last = size - 1
        self._counts = counts
        lanes = len(counts)
        self.at: Ints = 8 * starts
        self._time = np.zeros(lanes, dtype=np.int64)
        self._delta = np.zeros(lanes, dtype=np.int64)
        self._bits = np.zeros(lanes, dtype=np.uint64)
        self._leading = np.zeros(lanes, dtype=np.int64)
        self._width = np.zeros(lanes, dtype=np.int64)

    def run(self) -> tuple[Ints, Bits]:
        """Return times and the bits of values, each of shape (most samples, lanes)."""
        most, lanes = int(self._counts[0]), len(self._counts)
        times, bits = np.zeros((most, lanes), dtype=np.int64), np.zeros((most, lanes), dtype=np.uint64)
        left = np.searchsorted(-self._counts, -np.arange(most), side="left")  # lanes with more samples than n
        for n in range(most):
            lanes = int(left[n])
            self._step(n, slice(lanes))
            times[n, :lanes], bits[n, :lanes] = self._time[:lanes], self._bits[:lanes]
        return times, bits

    def _step(self, n: int, lanes: slice) -> None:
        if n == 0:
            raw = self._varint(lanes)
            self._time[lanes] = (raw >> np.uint64(1)).astype(np.int64) ^ -(raw & np.uint64(1)).astype(np.int64)
            self._bits[lanes] = self._peek(self.at[lanes])
            self.at[lanes] += 64
            return
        if n == 1:
            self._delta[lanes] = self._varint(lanes).astype(np.int64)
        else:
            self._delta[lanes] += self._difference(lanes)
        self._time[lanes] += self._delta[lanes]
        self._value(lanes)

    def _peek(self, at: Ints) -> Bits:
        """The 64 bits from each bit position on."""
        byte = np.minimum(at >> 3, self._last)
        shift = (at & 7).astype(np.uint64)
        found: Bits = (self._words[byte] << shift) | (self._next[byte] >> (np.uint64(8) - shift))
        return found

    def _varint(self, lanes: slice) -> Bits:
        value = np.zeros(len(self.at[lanes]), dtype=np.uint64)
        more = np.ones(len(value), dtype=bool)
        for place in range(10):
            byte = self._peek(self.at[lanes]) >> np.uint64(56)
            value[more] |= (byte[more] & np.uint64(0x7F)) << np.uint64(7 * place)
            self.at[lanes] += 8 * more
            more &= byte >= 0x80
            if not np.any(more):
                return value
        raise DamagedSource("a chunk of samples holds a number without an end")

    def _difference(self, lanes: slice) -> Ints:
        at = self.at[lanes]
        head = self._peek(at)
        kind = (head >> np.uint64(60)).astype(np.intp)
        prefix, size = _PREFIX[kind], _SIZE[kind]
        found = np.zeros(len(at), dtype=np.int64)
        some = np.flatnonzero(size)
        if len(some):
            width = size[some]
            taken = self._peek(at[some] + prefix[some]) >> (64 - width).astype(np.uint64)
            signed = taken.astype(np.int64)
            short = width < 64
            signed[short] -= np.where(signed[short] > 1 << (width[short] - 1), 1 << width[short], 0)
            found[some] = signed
        at += prefix + size
        return found

    def _value(self, lanes: slice) -> None:
        at = self.at[lanes]
        head = self._peek(at)
        at += 1
        some = np.flatnonzero(head >> np.uint64(63))
        if not len(some):
            return
        fresh = (head[some] >> np.uint64(62)) & np.uint64(1) == 1
        at[some] += 1
        new = some[fresh]
        if len(new):
            told = head[new]
            leading = ((told >> np.uint64(57)) & np.uint64(0x1F)).astype(np.int64)
            width = ((told >> np.uint64(51)) & np.uint64(0x3F)).astype(np.int64)
            width[width == 0] = 64
            if np.any(leading + width > 64):
                raise DamagedSource("a chunk of samples holds a value of more than 64 bits")
            self._leading[new], self._width[new] = leading, width
            at[new] += 11
        width = self._width[some]
        if np.any(width == 0):
            raise DamagedSource("a chunk of samples refers to a value that it does not have")
        taken = self._peek(at[some]) >> (64 - width).astype(np.uint64)
        self._bits[some] ^= taken << (64 - width - self._leading[some]).astype(np.uint64)
        at[some] += width
