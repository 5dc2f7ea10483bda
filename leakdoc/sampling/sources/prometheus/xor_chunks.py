"""XOR chunks of Prometheus decoded in lockstep: the n-th sample of every chunk in one step of numpy.

A chunk whose samples neither change nor miss their pace, as most of the chunks of starts and limits, holds nothing but
zeros after its second sample, and is written down without a step.

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
_SURE: Final = 57  # bits of one gather that are the chunk's, wherever in a byte they begin
_CONTROL: Final = 13  # bits that tell where the changed bits of a value stand; two, where they stand as before

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
    told = np.fromiter((len(chunk.rstrip(b"\0")) for chunk in chunks), dtype=np.int64, count=len(chunks))
    lockstep = _Lockstep(b"".join(chunks), starts + _HEADER_BYTES, counts, starts + told)
    times, bits = lockstep.run()
    if np.any(lockstep.at > 8 * (starts + lengths)):
        raise DamagedSource("a chunk of samples ends before its last sample")
    decoded = Decoded(times_ms=times, values=bits.view(np.float64), counts=counts)
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


@dataclass(slots=True, eq=False)
class _Lanes:
    """The chunks that have samples left, each where it stands; one entry a chunk.

    Args:
        at: position of the next bit.
        out: where the next sample is written to.
        time: of the last sample.
        delta: between the last two.
        bits: of the last value.
        leading: zeros before the changed bits of a value.
        width: of the changed bits; zero before the first change.
    """

    at: Ints
    out: Ints
    time: Ints
    delta: Ints
    bits: Bits
    leading: Ints
    width: Ints

    def only(self, some: npt.NDArray[np.intp]) -> _Lanes:
        """Return some of them."""
        return _Lanes(*(getattr(self, name)[some] for name in self.__slots__))

    def first(self, count: int) -> _Lanes:
        """Return as many from the front, which go on being the same."""
        return _Lanes(*(getattr(self, name)[:count] for name in self.__slots__))


class _Lockstep:
    """All chunks while they are read.

    Args:
        starts: shape (chunks,), where each chunk's samples begin, in bytes.
        counts: shape (chunks,), how many there are.
        told: shape (chunks,), where its last byte that is not zero ends.
    """

    def __init__(self, data: bytes, starts: Ints, counts: Ints, told: Ints) -> None:
        padded = np.frombuffer(data + _PAD, dtype=np.uint8)
        size = len(padded) - 8
        self._words = np.ndarray(size, dtype=">u8", buffer=padded, strides=(1,)).astype(np.uint64)
        self._next = padded[8:]
        self._counts, self._told = counts, told
        self.at: Ints = 8 * starts
        self._times = np.zeros(int(counts.sum()), dtype=np.int64)
        self._bits = np.zeros(len(self._times), dtype=np.uint64)

    def run(self) -> tuple[Ints, Bits]:
        """Return times and the bits of values of all chunks, one chunk after the other."""
        some = np.flatnonzero(self._counts)
        lanes = self._opened(some)
        more = np.flatnonzero(self._counts[some] > 1)
        some, lanes = some[more], lanes.only(more)
        self._second(lanes)
        self.at[some] = lanes.at
        moving = np.flatnonzero(lanes.at >> 3 < self._told[some])
        self._rest(some, lanes, moving)
        moving = moving[np.argsort(-self._counts[some[moving]], kind="stable")]  # those with samples left in front
        some, lanes = some[moving], lanes.only(moving)
        left = np.searchsorted(-self._counts[some], -np.arange(int(np.max(self._counts[some], initial=0))))
        for n, count in enumerate(left.tolist()):
            if n >= 2:
                self._step(lanes.first(count))
        self.at[some] = lanes.at
        return self._times, self._bits

    def _opened(self, some: npt.NDArray[np.intp]) -> _Lanes:
        """Read the first sample of each chunk."""
        at, zeros = self.at[some], np.zeros(len(some), dtype=np.int64)
        raw = self._varint(at)
        time = (raw >> np.uint64(1)).astype(np.int64) ^ -(raw & np.uint64(1)).astype(np.int64)
        bits = self._peek(at)
        at += 64
        self.at[some] = at
        out = (np.cumsum(self._counts) - self._counts)[some]
        lanes = _Lanes(at, out, time, zeros, bits, zeros.copy(), zeros.copy())
        self._write(lanes)
        return lanes

    def _second(self, lanes: _Lanes) -> None:
        lanes.delta[:] = self._varint(lanes.at).view(np.int64)
        lanes.time += lanes.delta
        self._value(lanes, self._head(lanes.at))
        self._write(lanes)

    def _rest(self, some: npt.NDArray[np.intp], lanes: _Lanes, moving: npt.NDArray[np.intp]) -> None:
        """Write down the chunks that only repeat their second sample."""
        still = np.ones(len(some), dtype=bool)
        still[moving] = False
        some, lanes = some[still], lanes.only(np.flatnonzero(still))
        counts = self._counts[some] - 2
        if not np.any(counts):
            return
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        out = np.repeat(lanes.out, counts) + within
        self._times[out] = np.repeat(lanes.time, counts) + np.repeat(lanes.delta, counts) * (within + 1)
        self._bits[out] = np.repeat(lanes.bits, counts)
        self.at[some] += _LEAST_BITS * counts

    def _step(self, lanes: _Lanes) -> None:
        at = lanes.at
        head = self._head(at)
        at += 1
        uneven = np.flatnonzero(head.view(np.int64) < 0)
        head <<= np.uint64(1)
        if len(uneven):
            lanes.delta[uneven] += self._difference(at, uneven)
            head[uneven] = self._head(at[uneven])
        lanes.time += lanes.delta
        self._value(lanes, head)
        self._write(lanes)

    def _write(self, lanes: _Lanes) -> None:
        self._times[lanes.out], self._bits[lanes.out] = lanes.time, lanes.bits
        lanes.out += 1

    def _head(self, at: Ints) -> Bits:
        """The next bits, some 57 of them, and zeros."""
        found: Bits = self._words.take(at >> 3, mode="clip")
        found <<= (at & 7).view(np.uint64)
        return found

    def _peek(self, at: Ints) -> Bits:
        """The 64 bits from each bit position on."""
        after = self._next.take(at >> 3, mode="clip").astype(np.uint64) >> (8 - (at & 7)).view(np.uint64)
        found: Bits = self._head(at) | after
        return found

    def _varint(self, at: Ints) -> Bits:
        """The numbers that begin at bit positions, which are moved behind them."""
        value = np.zeros(len(at), dtype=np.uint64)
        more = np.ones(len(value), dtype=bool)
        for place in range(10):
            byte = self._head(at) >> np.uint64(56)
            value[more] |= (byte[more] & np.uint64(0x7F)) << np.uint64(7 * place)
            at += 8 * more
            more &= byte >= 0x80
            if not np.any(more):
                return value
        raise DamagedSource("a chunk of samples holds a number without an end")

    def _difference(self, at: Ints, some: npt.NDArray[np.intp]) -> Ints:
        """The differences of differences whose first bit was read; their lanes are moved behind them."""
        first = at[some] - 1
        kind = (self._head(first) >> np.uint64(60)).view(np.int64)
        prefix, width = _PREFIX[kind], _SIZE[kind]
        signed = (self._peek(first + prefix) >> (64 - width).view(np.uint64)).view(np.int64)
        short = width < 64
        signed[short] -= np.where(signed[short] > 1 << (width[short] - 1), 1 << width[short], 0)
        at[some] = first + prefix + width
        return signed

    def _value(self, lanes: _Lanes, head: Bits) -> None:
        """Read a value, of which some 56 bits are in the head."""
        at = lanes.at
        at += 1
        some = np.flatnonzero(head.view(np.int64) < 0)
        if not len(some):
            return
        head = head[some] << np.uint64(1)
        fresh = np.flatnonzero(head.view(np.int64) < 0)
        used = np.ones(len(some), dtype=np.int64)
        if len(fresh):
            self._width(lanes, some[fresh], head[fresh])
            used[fresh] = _CONTROL - 1
        width, leading = lanes.width[some], lanes.leading[some]
        if not width.all():
            raise DamagedSource("a chunk of samples refers to a value that it does not have")
        head <<= used.view(np.uint64)
        used += at[some]
        far = np.flatnonzero(width > _SURE - 2 - _CONTROL)
        if len(far):
            head[far] = self._peek(used[far])
        head >>= (64 - width).view(np.uint64)
        head <<= (64 - width - leading).view(np.uint64)
        lanes.bits[some] ^= head
        at[some] = used + width

    def _width(self, lanes: _Lanes, some: npt.NDArray[np.intp], head: Bits) -> None:
        """Read where the changed bits of values stand."""
        leading = ((head >> np.uint64(58)) & np.uint64(0x1F)).view(np.int64)
        width = ((head >> np.uint64(52)) & np.uint64(0x3F)).view(np.int64)
        width[width == 0] = 64
        if np.any(leading + width > 64):
            raise DamagedSource("a chunk of samples holds a value of more than 64 bits")
        lanes.leading[some], lanes.width[some] = leading, width
