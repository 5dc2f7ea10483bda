"""Chunks, frames and checksums of remote read, against an encoder that is written for nothing but being plain."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakdoc.errors import DamagedSource
from leakdoc.sampling.sources.prometheus.crc32c import crc32c, crc32c_of
from leakdoc.sampling.sources.prometheus.frames import frames_of, snappy
from leakdoc.sampling.sources.prometheus.protobuf import (
    Matcher,
    Query,
    labels_of,
    read_request,
    series_of_frame,
    varint,
)
from leakdoc.sampling.sources.prometheus.xor_chunks import decode

Samples = list[tuple[int, float]]


class Bits:
    """Bits in the order in which they are written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, value: int, width: int) -> None:
        self.text += format(value & ((1 << width) - 1), f"0{width}b")

    def varint(self, value: int) -> None:
        for byte in varint(value):
            self.write(byte, 8)


def encode(samples: Samples) -> bytes:
    """Write an XOR chunk as ``tsdb/chunkenc/xor.go`` does."""
    bits = Bits()
    leading, trailing = None, 0
    at = delta = raw = 0
    for place, (time, value) in enumerate(samples):
        now = struct.unpack(">Q", struct.pack(">d", value))[0]
        if place == 0:
            bits.varint((time << 1) ^ (time >> 63))
            bits.write(now, 64)
        else:
            if place == 1:
                bits.varint(time - at)
            else:
                _difference(bits, (time - at) - delta)
            leading, trailing = _value(bits, raw ^ now, leading, trailing)
            delta = time - at
        at, raw = time, now
    text = bits.text + "0" * (-len(bits.text) % 8)
    return len(samples).to_bytes(2, "big") + int(text or "0", 2).to_bytes(len(text) // 8, "big")


def _difference(bits: Bits, found: int) -> None:
    for prefix, prefix_width, width in ((0b10, 2, 14), (0b110, 3, 17), (0b1110, 4, 20)):
        if found == 0:
            return bits.write(0, 1)
        if -((1 << (width - 1)) - 1) <= found <= 1 << (width - 1):
            bits.write(prefix, prefix_width)
            return bits.write(found, width)
    bits.write(0b1111, 4)
    return bits.write(found, 64)


def _value(bits: Bits, xor: int, leading: int | None, trailing: int) -> tuple[int | None, int]:
    if xor == 0:
        bits.write(0, 1)
        return leading, trailing
    bits.write(1, 1)
    front, back = min(64 - xor.bit_length(), 31), (xor & -xor).bit_length() - 1
    if leading is not None and front >= leading and back >= trailing:
        bits.write(0, 1)
        bits.write(xor >> trailing, 64 - leading - trailing)
        return leading, trailing
    width = 64 - front - back
    bits.write(1, 1)
    bits.write(front, 5)
    bits.write(width, 6)
    bits.write(xor >> back, width)
    return front, back


steps = st.integers(1, 2**40) | st.sampled_from([15_000, 60_000, 59_999, 60_001, 1])
values = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, math.inf, 4096.0, 1e300])


@st.composite
def chunks(draw: st.DrawFn) -> Samples:
    at = draw(st.integers(-(2**40), 2**42))
    found: Samples = []
    for step in draw(st.lists(steps, min_size=1, max_size=30)):
        found.append((at, draw(values)))
        at += step
    return found


@given(st.lists(chunks(), min_size=1, max_size=6))
def test_what_was_written_is_read_bit_by_bit(written: list[Samples]) -> None:
    decoded = decode([encode(each) for each in written])
    assert decoded.counts.tolist() == [len(each) for each in written]
    flat = [sample for each in written for sample in each]
    assert decoded.times_ms.tolist() == [at for at, _ in flat]
    assert decoded.values.tobytes() == np.array([value for _, value in flat]).tobytes()


def test_a_stale_marker_is_read_as_it_is() -> None:
    stale = struct.unpack(">d", bytes.fromhex("7ff0000000000002"))[0]
    decoded = decode([encode([(0, 1.0), (60_000, stale), (120_000, 2.0)])])
    assert decoded.values.view(np.uint64)[1] == 0x7FF0000000000002


@given(chunks(), st.data())
def test_a_chunk_that_is_cut_short_is_refused(written: Samples, data: st.DataObject) -> None:
    whole = encode(written)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DamagedSource):
        decode([whole[:cut], encode([(0, 1.0)])])


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    try:
        decoded = decode([noise])
    except DamagedSource:
        return
    assert len(decoded.times_ms) == len(decoded.values) == decoded.counts.sum()


def test_times_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(DamagedSource, match="ascend"):
        decode([encode([(60_000, 1.0), (60_000, 2.0)])])


def test_no_chunks_hold_no_samples() -> None:
    assert len(decode([]).times_ms) == 0
    assert decode([b"\0\0"]).counts.tolist() == [0]


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_checksums_side_by_side_are_those_of_each(frames: list[bytes]) -> None:
    assert crc32c_of(frames) == [plain_crc(frame) for frame in frames]


def plain_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "known"),  # RFC 3720, B.4
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_checksums_are_the_published_ones(data: bytes, known: int) -> None:
    assert crc32c(data) == known


def framed(message: bytes) -> bytes:
    return varint(len(message)) + crc32c(message).to_bytes(4, "big") + message


@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(1, 50))
def test_frames_are_found_however_they_arrive(messages: list[bytes], size: int) -> None:
    stream = b"".join(map(framed, messages))
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert list(frames_of(pieces)) == messages


@pytest.mark.parametrize("place", [-1, 2, 5])
def test_a_damaged_frame_is_refused(place: int) -> None:
    stream = bytearray(framed(b"a message of some length"))
    stream[place] ^= 1
    with pytest.raises(DamagedSource):
        list(frames_of([bytes(stream)]))


@pytest.mark.parametrize("stream", [framed(b"message")[:-1], b"\xff" * 12, varint(2**40)])
def test_a_stream_that_ends_early_or_makes_no_sense_is_refused(stream: bytes) -> None:
    with pytest.raises(DamagedSource):
        list(frames_of([stream]))


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def chunked_series(labels: dict[str, str], chunk: bytes, *, kind: int = 1, at: int = 1_700_000_000_000) -> bytes:
    told = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels.items())
    times = b"\x08" + varint(at) + b"\x10" + varint(at + 1)
    return field(1, told + field(2, times + b"\x18" + varint(kind) + field(4, chunk)))


@pytest.mark.parametrize("at", [1_700_000_000_000, 5])
@pytest.mark.parametrize("size", [3, 200, 20_000])
def test_a_frame_is_taken_apart(at: int, size: int) -> None:
    labels = {"__name__": "a_metric", "job": "ünï"}
    frame = chunked_series(labels, b"x" * size, at=at) + b"\x10\x03"
    (series,) = series_of_frame(frame)
    assert labels_of(series.labels) == labels
    assert series.chunks == [b"x" * size]
    assert (series.query, series.kinds) == (3, {1})


@given(st.binary(max_size=80))
def test_any_frame_is_read_or_refused(noise: bytes) -> None:
    try:
        for series in series_of_frame(noise):
            labels_of(series.labels)
    except DamagedSource:
        pass


def test_a_request_is_what_prometheus_documents() -> None:
    request = read_request([Query(1, 2, [Matcher("a", "b")])])
    assert request == bytes.fromhex("0a0e 0801 1002 1a08 0800 1201 61 1a01 62 1001".replace(" ", ""))
    framed_by_hand = bytes([len(request), 61 << 2, len(request) - 1, 0]) + request
    assert snappy(request) == framed_by_hand
