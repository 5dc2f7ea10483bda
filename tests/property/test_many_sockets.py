"""Thousands of sockets are read by arrays: what comes of it is what comes of them one by one."""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.census import Census
from leakdoc.sampling.sockets.many_census import ManyCensus
from leakdoc.sampling.sockets.many_sockets import read_many
from leakdoc.sampling.sockets.sock_diag import Dump, parse_part
from leakdoc.sampling.sockets.tally import Tally
from leakdoc.sampling.sockets.tcp import KEY_ENDS

HERE = [b"\x7f\x00\x00\x01", b"\x0a\x00\x00\x09", bytes(15) + b"\x01", bytes(10) + b"\xff\xff\x0a\x00\x00\x09"]
THERE = [*HERE, b"\x0a\x00\x00\x05", b"\x20\x01" + bytes(13) + b"\x05"]
PORTS = st.sampled_from([80, 5432, 5433, 40_000, 40_001, 40_002])
MILLISECONDS = st.sampled_from([0, 1, 40, 250, 251, 2_000, 9_999, 10_000, 3_600_000, 2**32 - 1])
DONE = struct.pack("=IHHII", 20, 3, 2, 1, 0) + bytes(4)


class Servers:
    def kind(self, inode: int) -> str | None:
        return "postgres" if inode % 2 else None


@dataclass(frozen=True)
class Told:
    """What the kernel tells of a socket, which `message` writes as it does."""

    cookie: int
    local: tuple[bytes, int]
    remote: tuple[bytes, int]
    state: int = 1
    inode: int = 1
    timer: int = 0
    unanswered: int = 0
    queues: tuple[int, int] = (0, 0)
    times: tuple[int, int, int, int] | None = (0, 0, 0, 0)
    segments: tuple[int, int] | None = None
    before: tuple[bytes, ...] = field(default=())

    def message(self) -> bytes:
        local, remote = self.local, self.remote
        family = socket.AF_INET if len(local[0]) == 4 else socket.AF_INET6
        ends = KEY_ENDS.pack(local[1], remote[1], local[0], remote[0])
        body = struct.pack("=BBBB", family, self.state, self.timer, self.unanswered) + ends
        body += struct.pack("=IQ5I", 0, self.cookie, 0, *self.queues, 0, self.inode)
        for value in self.before:
            body += struct.pack("=HH", 4 + len(value), 8) + value + bytes(-len(value) % 4)
        if self.times is not None:
            info = bytes(44) + struct.pack("=4I", *self.times)
            info += b"" if self.segments is None else bytes(92) + struct.pack("=2I", *self.segments) + bytes(8)
            body += struct.pack("=HH", 4 + len(info), 2) + info
        return struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 0) + body


@st.composite
def told(draw: st.DrawFn) -> Told:
    local = draw(st.sampled_from(HERE))
    remote = draw(st.sampled_from([each for each in THERE if len(each) == len(local)]))
    alike = st.sampled_from([(40, 0, 40, 0), (40, 0, 40, 40), (9_999, 0, 9_999, 9_749), (9_999, 0, 9_999, 9_748)])
    four = st.one_of(st.tuples(MILLISECONDS, MILLISECONDS, MILLISECONDS, MILLISECONDS), alike)
    segments = st.sampled_from([0, 1, 7])
    return Told(
        cookie=0,
        local=(local, draw(PORTS)),
        remote=(remote, draw(PORTS)),
        state=draw(st.sampled_from([1, 1, 1, 2, 4, 5, 8, 10])),
        inode=draw(st.integers(0, 4)),
        timer=draw(st.integers(0, 4)),
        unanswered=draw(st.sampled_from([0, 0, 3, 4])),
        queues=draw(st.tuples(st.sampled_from([0, 5, 2**32 - 1]), st.sampled_from([0, 7]))),
        times=draw(st.one_of(st.none(), four)),
        segments=draw(st.one_of(st.none(), st.tuples(segments, segments))),
        before=tuple(draw(st.lists(st.sampled_from([b"\0", bytes(5)]), max_size=2))),
    )


@st.composite
def readings(draw: st.DrawFn) -> list[list[Told]]:
    """Sockets that come, change and go."""
    every = [replace(each, cookie=cookie) for cookie, each in enumerate(draw(st.lists(told(), max_size=12)), 1)]
    found = []
    for _ in range(draw(st.integers(1, 4))):
        there = draw(st.permutations([each for each in every if draw(st.booleans())]))
        found.append([replace(each, state=8) if draw(st.booleans()) and each.state == 1 else each for each in there])
    return found


def dump_of(sockets: Sequence[Told]) -> bytes:
    return b"".join(each.message() for each in sockets) + DONE


@given(
    readings(), st.sampled_from([frozenset({1, 2, 3}), frozenset({0, 2, 3, 4}), frozenset[int]()]), st.integers(0, 3)
)
def test_columns_are_the_same_by_arrays_and_one_by_one(
    every: list[list[Told]], held: frozenset[int], one_by_one: int
) -> None:
    straight, early = Census(Servers()), Census(Servers())
    usual, tally = Tally(), Tally()
    many: ManyCensus | None = None
    for number, sockets in enumerate(every):
        dump, now_s = dump_of(sockets), 7.5 * number
        expected = usual.columns(straight.take(parse_part(dump, 1)[0], held, now_s), straight.closed)
        if many is None and number < one_by_one:
            found = tally.columns(early.take(parse_part(dump, 1)[0], held, now_s), early.closed)
            assert found == expected
            continue
        many = ManyCensus(early) if many is None else many
        rows = read_many([Dump(bytearray(dump), 1)])
        peers = many.take(rows, np.isin(rows.rows["inode"], [*held]), now_s)
        assert Counter(many.closed) == Counter(straight.closed)
        assert tally.columns([], many.closed, peers) == expected
        assert {**many.group_of_inode()}.keys() == straight.group_of_inode.keys()
        assert {**many.group_of_port()}.keys() == straight.group_of_port.keys()


@given(st.lists(told(), max_size=12))
def test_a_dump_by_arrays_holds_the_same_sockets(sockets: list[Told]) -> None:
    dump = dump_of(sockets)
    many = read_many([Dump(bytearray(dump), 1), Dump(bytearray(DONE), 1)])
    expected, _ = parse_part(dump, 1)
    assert many.pick(np.ones(len(sockets), bool)) == expected
    assert many.rows["unsent"].tolist() == [each.unsent for each in expected]
    assert many.rows["has_times"].tolist() == [each.last is not None for each in expected]


def test_messages_laid_out_alike_are_read_together_and_in_order() -> None:
    alike = [Told(each, (HERE[1], 40_000), (THERE[4], 5432), inode=each) for each in range(1, 3_000)]
    other = Told(3_000, (HERE[2], 80), (bytes(16), 0), state=10, inode=3_000, before=(b"\0",))
    found = read_many([Dump(bytearray(dump_of([*alike, other, *alike])), 1)])
    assert found.rows["inode"].tolist() == [*range(1, 3_001), *range(1, 3_000)]


@given(st.lists(told(), min_size=1, max_size=4), st.data())
def test_a_spoilt_dump_reads_or_says_that_it_does_not(sockets: list[Told], data: st.DataObject) -> None:
    whole = bytearray(dump_of(sockets))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
        whole[position] = data.draw(st.integers(0, 255))
    try:
        found = read_many([Dump(whole[: data.draw(st.integers(0, len(whole)))], 1)])
        found.pick(np.ones(len(found.rows), bool))
    except (UnexpectedText, OSError):
        return
