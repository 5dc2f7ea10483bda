"""Who has to answer whom, what is severed, Unix sockets, and ports in TIME_WAIT: as the kernel tells it."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest

from leakdoc.model.sample import Column
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.census import Census
from leakdoc.sampling.sockets.elsewhere import Elsewhere
from leakdoc.sampling.sockets.peers import IN, OUT, Group
from leakdoc.sampling.sockets.proc_net import ProcNetTable
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tally import abandoned_columns
from leakdoc.sampling.sockets.tcp import LastData, TcpSocket
from leakdoc.sampling.sockets.time_wait import LOOK_EVERY_S, TimeWait
from leakdoc.sampling.sockets.unix_census import UnixCensus
from leakdoc.sampling.sockets.unix_diag import UnixSocket, parse_unix_part
from tests.unit.test_sampling_sockets import Servers, message, tcp


@pytest.mark.parametrize(
    ("last", "unanswered", "unserved"),
    [
        (LastData(5_000, 0, 9_000, 9_000, 3, 4), 5.0, None),  # asked after the last answer
        (LastData(9_000, 0, 5_000, 5_000, 4, 4), None, 5.0),  # answered, or asked by the other side
        (LastData(7_000, 0, 7_000, 7_000, 4, 4), None, None),  # in one tick, and the answer was the last to come
        (LastData(7_000, 0, 7_000, 6_960, 4, 5), 7.0, None),  # in one tick, and acknowledged by itself a moment later
        (LastData(7_000, 0, 7_000, 1_000, 4, 4), None, None),  # a keepalive was answered much later
        (LastData(7_000, 0, 7_000, 7_000, 0, 1), 7.0, None),  # asked at once, and nothing ever came
        (LastData(7_000, 0, 7_000, 7_000, 1, 0), None, 7.0),  # was asked at once, and never answered
        (LastData(7_000, 0, 7_000, 7_000, 0, 0), None, None),  # carried nothing
        (LastData(7_000, 0, 7_000, 7_000), None, None),  # an old kernel
    ],
)
def test_whoever_sent_the_last_data_waits(last: LastData, unanswered: float | None, unserved: float | None) -> None:
    assert (last.unanswered_s, last.unserved_s) == (unanswered, unserved)


def pair(inode: int) -> tuple[TcpSocket, TcpSocket]:
    ours = tcp(("127.0.0.1", 40_000 + inode), ("127.0.0.1", 9), inode=inode)
    return ours, tcp(("127.0.0.1", 9), ("127.0.0.1", 40_000 + inode), inode=1_000 + inode)


def severed(*readings: list[TcpSocket]) -> list[bool]:
    census = Census(Servers())
    taken = [census.take(sockets, frozenset({1}), float(now)) for now, sockets in enumerate(readings)]
    return [each.is_severed for each in taken[-1]]


def test_an_end_that_was_here_and_is_missing_twice_is_severed() -> None:
    ours, theirs = pair(1)
    assert severed([ours, theirs], [ours]) == [False]
    assert severed([ours, theirs], [ours], [ours]) == [True]
    assert severed([ours, theirs], [ours], [ours, theirs], [ours]) == [False]
    there, back = (
        tcp(("10.0.0.9", 40_001), ("10.0.0.9", 9), inode=1),
        tcp(("10.0.0.9", 9), ("10.0.0.9", 40_001), inode=2),
    )
    assert severed([there], [there], [there]) == [False]  # never seen here: it may be behind a translated address
    assert severed([there, back], [there], [there]) == [True]


def test_an_end_that_waits_to_be_accepted_is_not_gone() -> None:
    ours, _ = pair(1)
    listener = tcp(("127.0.0.1", 9), state=10, inode=77)._replace(waiting=1)
    assert severed([ours, listener], [ours, listener], [ours, listener]) == [False]


def test_what_was_closed_here_and_not_there_is_abandoned() -> None:
    group = Group(OUT, "10.0.0.8:80", "http")
    left = [tcp(("10.0.0.9", 40_000 + n), ("10.0.0.8", 80), state=5, inode=0) for n in range(3)]
    held = tcp(("10.0.0.9", 50_000), ("10.0.0.8", 80), state=5, inode=7)
    columns = {column.text: count for column, count in abandoned_columns([*left, held], [group]).items()}
    assert columns == {'connections_abandoned{direction="out",peer="10.0.0.8:80",peer_kind="http"}': 3.0}


class Table:
    """Two connections that we closed first, and one that a peer on this machine did."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.later = 0
        self.held: frozenset[bytes] = frozenset()

    def read(self) -> list[TcpSocket]:
        return []

    def read_time_wait(self) -> list[TcpSocket]:
        if not self.works:
            raise OSError("not here")
        ours = [tcp(("127.0.0.1", 40_000 + n), ("127.0.0.1", 80), state=6, inode=0) for n in range(2)]
        ours += [tcp(("127.0.0.1", 42_000 + n), ("127.0.0.1", 80), state=6, inode=0) for n in range(self.later)]
        return [*ours, tcp(("127.0.0.1", 80), ("127.0.0.1", 41_000), state=6, inode=0)]

    def still_held(self, sockets: Sequence[TcpSocket]) -> frozenset[bytes]:
        if not self.works:
            raise OSError("not here")
        return self.held & {each.key for each in sockets}


def test_ports_in_time_wait_are_counted_by_peer_every_few_seconds() -> None:
    groups = [Group(OUT, "127.0.0.1:80", "http"), Group(IN, ":8080", "http"), Group(OUT, "unix:/run/x", "unix")]
    counted = TimeWait(Table(), ProcessDirectory(os.getpid()))
    found = {column.metric: value for column, value in counted.columns(groups, 0.0).items()}
    assert found["time_wait"] == 3.0
    assert found["local_ports"] > 0
    assert found["time_wait_entered_total"] == 0.0  # they stood there before
    assert counted.columns(groups, LOOK_EVERY_S / 2) == {}
    assert counted.columns(groups, LOOK_EVERY_S) != {}
    assert TimeWait(Table(works=False), ProcessDirectory(os.getpid())).columns(groups, 0.0) == {}


def test_what_enters_time_wait_is_counted_from_the_first_look_on() -> None:
    group, table = Group(OUT, "127.0.0.1:80", "http"), Table()
    counted = TimeWait(table, ProcessDirectory(os.getpid()))
    entered = Column.of("time_wait_entered_total", **group.labels)
    found = []
    for look in range(3):
        table.later = 4 * look
        found.append(counted.columns([group], LOOK_EVERY_S * look)[entered])
    assert found == [0.0, 4.0, 8.0]


def test_connections_of_others_count_once_they_are_surely_not_ours() -> None:
    group, table = Group(OUT, "127.0.0.1:80", "http"), Table()
    theirs, gone, again, elsewhere = (
        tcp(("127.0.0.1", 43_000 + n), ("127.0.0.1", 81 if n == 4 else 80), inode=n) for n in range(1, 5)
    )
    table.held = frozenset(each.key for each in (theirs, again, elsewhere))
    counted = Elsewhere(table)
    read = [[theirs], [theirs, gone, again, elsewhere], [again]]
    found = [counted.columns(sockets, [group]) for sockets in read]
    column = Column.of("connections_opened_elsewhere_total", **group.labels)
    assert found == [{column: 0.0}, {column: 1.0}, {column: 1.0}]  # `gone` may have been ours, and closed meanwhile
    unasked = Elsewhere(Table(works=False))
    assert [unasked.columns(sockets, [group])[column] for sockets in read] == [0.0, 0.0, 0.0]
    assert counted.columns(None, [group]) == {}


def test_a_socket_that_is_asked_for_by_itself_is_held_until_it_is_closed() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
            continue
        with socket.create_server((host, 0), family=family) as server:
            client = socket.create_connection(server.getsockname()[:2])
            accepted, _ = server.accept()
            inodes = {os.fstat(each.fileno()).st_ino for each in (client, accepted)}
            table = NetlinkTable()
            both = [each for each in table.read() if each.inode in inodes]
            assert table.still_held(both) == {each.key for each in both}
            assert ProcNetTable(ProcessDirectory(os.getpid())).still_held(both) == frozenset()  # other keys
            client.close()
            (left,) = table.still_held(both)
            accepted.close()
            assert left[:4] == next(each.key[:4] for each in both if each.local_port == server.getsockname()[1])
            assert table.still_held(both) == frozenset()
            assert table.read()  # what was refused leaves nothing behind that the next dump would read


def unix_message(inode: int, *attributes: tuple[int, bytes], state: int = 1) -> bytes:
    body = struct.pack("=BBBBI8x", 1, 1, state, 0, inode)
    for kind, value in attributes:
        body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    return message(20, body)


def test_a_dump_of_unix_sockets_reads() -> None:
    word = struct.Struct("=I").pack
    part = (
        unix_message(1, (0, b"/run/x.sock\0"), (2, word(2)), (4, struct.pack("=II", 7, 0)))
        + unix_message(2, (0, b"\0abstract"), (6, b"\3"))
        + message(20, b"", sequence=99)
        + message(3, bytes(4))
    )
    sockets, is_last = parse_unix_part(part, 1)
    assert is_last
    assert sockets == [
        UnixSocket(1, 1, 1, "/run/x.sock", 2, 7),
        UnixSocket(2, 1, 1, "@abstract", is_ended=True),
    ]
    for broken in (b"", part[:10], unix_message(1)[:20], message(20, b"123")):
        with pytest.raises(UnexpectedText):
            parse_unix_part(broken, 1)
    with pytest.raises(PermissionError):
        parse_unix_part(message(2, struct.pack("=i", -1)), 1)


PGSQL = "/run/postgresql/.s.PGSQL.5432"


def test_unix_connections_are_named_for_the_server_whichever_end_is_ours() -> None:
    client, server = UnixSocket(1, 1, 1, peer=2), UnixSocket(2, 1, 1, PGSQL, 1)
    pair_of_nobody = [UnixSocket(3, 1, 1, peer=4), UnixSocket(4, 1, 1, peer=3)]
    census = UnixCensus()
    found = census.take([client, server, *pair_of_nobody, UnixSocket(5, 1, 10, PGSQL)], frozenset(range(1, 6)), 0.0)
    named = Group(OUT, f"unix:{PGSQL}", "postgres"), Group(IN, f"unix:{PGSQL}", "postgres")
    assert sorted(each.group for each in found) == sorted(named)
    (left,) = census.take([client._replace(peer=0, is_ended=True)], frozenset({1}), 5.0)
    assert (left.group, left.state, left.since_fin_s) == (named[0], 8, 0.0)
    assert census.closed == {named[1]: 1}
    (later,) = census.take([client._replace(peer=0, is_ended=True)], frozenset({1}), 9.0)
    assert (later.since_fin_s, later.age_s, later.is_new) == (4.0, 9.0, False)


def test_sockets_that_vanish_between_the_dump_and_the_join_are_simply_gone() -> None:
    census = Census(Servers())
    every = [tcp(("10.0.0.9", 40_000 + n), ("10.0.0.5", 5432), inode=n) for n in range(1, 30)]
    counts = [len(census.take(every, frozenset(range(1, held)), float(held))) for held in (30, 20, 10, 1)]
    assert all(earlier > later for earlier, later in pairwise(counts))
    assert counts[-1] == 0
