"""Sockets, their peers, and the columns they are counted into."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from leakdoc.model.sample import Column
from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.census import Census
from leakdoc.sampling.sockets.meeting import MOST_PEERS, OTHER
from leakdoc.sampling.sockets.ownership import socket_inode
from leakdoc.sampling.sockets.peers import is_local, peer_name
from leakdoc.sampling.sockets.proc_net import parse_table
from leakdoc.sampling.sockets.sock_diag import parse_part
from leakdoc.sampling.sockets.tally import Tally
from leakdoc.sampling.sockets.tcp import KEY_ENDS, Endpoint, TcpSocket

ESTABLISHED, SYN_SENT, CLOSE_WAIT, LISTEN = 1, 2, 8, 10


class Servers:
    """Knows one server, a PostgreSQL behind inode 7."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def kind(self, inode: int) -> str | None:
        self.asked.append(inode)
        return "postgres" if inode == 7 else None


def address(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def tcp(
    local: tuple[str, int],
    remote: tuple[str, int] = ("0.0.0.0", 0),
    state: int = ESTABLISHED,
    inode: int = 100,
    *,
    idle_ms: int | None = 0,
    unanswered: int = 0,
) -> TcpSocket:
    ends = KEY_ENDS.pack(local[1], remote[1], address(local[0]), address(remote[0]))
    return TcpSocket(
        key=ends + inode.to_bytes(12, "little"),
        width=len(address(local[0])),
        inode=inode,
        state=state,
        unanswered=unanswered,
        waiting=0,
        last_data=b"" if idle_ms is None else struct.pack("=IIII", idle_ms + 5, 0, idle_ms, idle_ms),
    )


def columns(*readings: list[TcpSocket], step_s: float = 10.0) -> dict[str, float]:
    """Count the sockets of the last reading, all of them held, after those before."""
    census, tally = Census(Servers()), Tally()
    values: dict[Column, float] = {}
    for number, sockets in enumerate(readings):
        held = frozenset(each.inode for each in sockets)
        values = tally.columns(census.take(sockets, held, number * step_s), census.closed)
    return {column.text: value for column, value in values.items()}


OUT = 'direction="out",peer="10.0.0.5:5432",peer_kind="postgres"'


def test_connections_are_counted_by_peer_and_state() -> None:
    here, there = ("10.0.0.9", 40000), ("10.0.0.5", 5432)
    found = columns(
        [
            tcp(here, there, inode=1, idle_ms=3_000),
            tcp(here, there, inode=2, idle_ms=9_000, unanswered=2),
            tcp(here, there, CLOSE_WAIT, inode=3, idle_ms=60_000),
        ]
    )
    assert found == {
        "connections": 3.0,
        f'connections{{{OUT},state="ESTABLISHED"}}': 2.0,
        f'connections{{{OUT},state="CLOSE_WAIT"}}': 1.0,
        f"connections_unanswered{{{OUT}}}": 1.0,
        f"connections_opened_total{{{OUT}}}": 0.0,
        f"connections_closed_total{{{OUT}}}": 0.0,
        f"connections_awaiting{{{OUT}}}": 0.0,
        f"connections_silent{{{OUT}}}": 1.0,
        f"connections_resting{{{OUT}}}": 3.0,
        f"connection_idle_min_s{{{OUT}}}": 3.0,
        f"connections_without_keepalive{{{OUT}}}": 2.0,
        f"connection_since_fin_max_s{{{OUT}}}": 60.0,
        f"connection_since_fin_median_s{{{OUT}}}": 60.0,
        f"connection_oldest_s{{{OUT}}}": 60.0,
        f"connection_idle_max_s{{{OUT}}}": 60.0,
        f"connection_idle_median_s{{{OUT}}}": 9.0,
    }


def test_what_came_in_is_named_for_our_port_and_keeps_its_name_when_the_listener_closes() -> None:
    listener = tcp(("0.0.0.0", 8080), state=LISTEN, inode=50)
    caller = tcp(("10.0.0.9", 8080), ("10.0.0.77", 51234), inode=51)
    found = columns([listener, caller], [caller])
    assert found['connections{direction="in",peer=":8080",peer_kind="http",state="ESTABLISHED"}'] == 1.0
    assert found["connections"] == 1.0


def test_a_state_that_has_emptied_is_a_zero_and_has_no_age() -> None:
    one = tcp(("10.0.0.9", 40000), ("10.0.0.5", 5432), inode=1)
    found = columns([one], [])
    assert found == {
        "connections": 0.0,
        f'connections{{{OUT},state="ESTABLISHED"}}': 0.0,
        f"connections_unanswered{{{OUT}}}": 0.0,
        f"connections_opened_total{{{OUT}}}": 0.0,
        f"connections_closed_total{{{OUT}}}": 1.0,
    }


def test_age_is_since_first_seen_or_idle_whichever_is_longer_and_new_ones_are_counted() -> None:
    here, there = ("10.0.0.9", 40000), ("10.0.0.5", 5432)
    old = tcp(here, there, inode=1, idle_ms=2_000)
    found = columns([old], [old, tcp(here, there, inode=2, idle_ms=0)])
    assert found[f"connection_oldest_s{{{OUT}}}"] == 10.0
    assert found[f"connections_opened_total{{{OUT}}}"] == 1.0


def test_a_connection_that_is_being_made_has_not_been_silent_since_the_boot() -> None:
    trying = tcp(("10.0.0.9", 40000), ("10.0.0.5", 5432), state=SYN_SENT, idle_ms=14_000_000)
    found = columns([trying], [trying])
    assert found[f"connection_oldest_s{{{OUT}}}"] == 10.0
    assert not [name for name in found if "idle" in name]


def test_without_idle_ages_there_are_no_idle_columns() -> None:
    found = columns([tcp(("10.0.0.9", 40000), ("10.0.0.5", 5432), idle_ms=None)])
    assert f"connection_oldest_s{{{OUT}}}" in found
    assert not [name for name in found if "idle" in name]


def test_a_local_server_on_any_port_is_known_by_its_process() -> None:
    servers = Servers()
    database = tcp(("127.0.0.1", 41641), state=LISTEN, inode=7)
    web = tcp(("127.0.0.1", 41642), state=LISTEN, inode=8)
    ours = [
        tcp(("127.0.0.1", 50001), ("127.0.0.1", 41641), inode=1),
        tcp(("::ffff:127.0.0.1", 50002), ("::ffff:127.0.0.1", 41641), inode=2),
        tcp(("127.0.0.1", 50003), ("127.0.0.1", 41642), inode=3),
        tcp(("10.0.0.9", 50004), ("10.0.0.5", 41641), inode=4),
    ]
    census = Census(servers)
    for now_s in (0.0, 1.0):
        taken = census.take([database, web, *ours], frozenset({1, 2, 3, 4}), now_s)
    assert [connection.group.peer_kind for connection in taken] == ["postgres", "postgres", "tcp", "tcp"]
    assert taken[0].group == taken[1].group
    assert len(servers.asked) == 3  # once for each new connection, not for each reading


def test_the_number_of_peers_is_bounded_and_the_longest_away_make_room() -> None:
    def fan(first: int) -> list[TcpSocket]:
        numbers = range(first, first + MOST_PEERS + 10)
        return [tcp(("10.0.0.9", 40000), (f"10.1.{n // 250}.{n % 250 + 1}", 9000), inode=n) for n in numbers]

    first = columns(fan(1))
    assert first[f'connections{{direction="out",peer="{OTHER}",peer_kind="{OTHER}",state="ESTABLISHED"}}'] == 10.0
    later = columns(fan(1), fan(1_000))
    assert later["connections"] == MOST_PEERS + 10
    peers = {name for name in later if name.startswith("connections{")}
    assert len(peers) <= MOST_PEERS + 2  # and "other", for either direction


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("10.0.0.5", "10.0.0.5:5432"),
        ("::ffff:10.0.0.5", "10.0.0.5:5432"),
        ("2001:db8::1", "[2001:db8::1]:5432"),
        ("::1", "[::1]:5432"),
    ],
)
def test_peers_are_written_as_people_write_them(host: str, name: str) -> None:
    assert peer_name(Endpoint(address(host), 5432)) == name


@pytest.mark.parametrize(
    ("local", "remote", "expected"),
    [
        ("127.0.0.1", "127.0.0.2", True),
        ("::1", "::1", True),
        ("10.0.0.9", "10.0.0.9", True),
        ("::ffff:10.0.0.9", "10.0.0.9", True),
        ("10.0.0.9", "10.0.0.5", False),
        ("2001:db8::1", "2001:db8::2", False),
    ],
)
def test_both_ends_on_this_machine(local: str, remote: str, expected: bool) -> None:
    assert is_local(Endpoint(address(local), 1), Endpoint(address(remote), 2)) is expected


def test_the_table_of_proc_reads_as_sockets() -> None:
    text = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 4001 1 0 100\n"
        "   1: 0100007F:C350 0500000A:1538 08 00000000:00000001 02:00000AF0 00000002  1000        0 4002 2 0 20\n"
    )
    listener, other = parse_table(text)
    assert (listener.local_port, listener.state, listener.waiting) == (8080, LISTEN, 3)
    assert peer_name(other.remote) == "10.0.0.5:5432"
    assert (other.inode, other.state, other.unanswered, other.idle_s) == (4002, CLOSE_WAIT, 2, None)


def message(kind: int, body: bytes, sequence: int = 1) -> bytes:
    padded = body + bytes(-len(body) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, sequence, 0) + padded


def diag(inode: int, info: bytes = b"", before: bytes = b"", state: int = ESTABLISHED) -> bytes:
    ends = KEY_ENDS.pack(40000, 5432, address("10.0.0.9"), address("10.0.0.5"))
    body = struct.pack("=BBBB", 2, state, 0, 0) + ends + bytes(12) + struct.pack("=5I", 0, 1, 2, 1000, inode)
    attribute = struct.pack("=HH", 4 + len(info), 2) + info if info else b""
    return message(20, body + before + attribute)


def info(sent_ms: int, received_ms: int) -> bytes:
    return bytes(44) + struct.pack("=III", sent_ms, 0, received_ms) + bytes(180)


DONE = message(3, bytes(4))


def test_a_dump_reads_as_sockets_wherever_the_attribute_is() -> None:
    shutdown = struct.pack("=HHB3x", 5, 8, 0)
    part = (
        diag(1, info(9_000, 5_000))
        + diag(2, info(1, 7_000), shutdown)
        + diag(3)
        + diag(4, bytes(20))
        + diag(5, info(3, 4))
        + message(20, b"", sequence=99)
        + DONE
    )
    sockets, is_last = parse_part(part, 1)
    assert is_last
    assert [(each.inode, each.idle_s) for each in sockets] == [(1, 5.0), (2, 0.001), (3, None), (4, None), (5, 0.003)]
    assert peer_name(sockets[0].remote) == "10.0.0.5:5432"
    assert sockets[0].waiting == 1


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        parse_part(message(2, struct.pack("=i", -errno.ENOENT) + bytes(16)), 1)


@pytest.mark.parametrize("part", [b"", b"short", diag(1)[:60], struct.pack("=IHHII", 3, 20, 0, 1, 0)])
def test_a_message_that_is_cut_short_is_no_socket(part: bytes) -> None:
    with pytest.raises(UnexpectedText):
        parse_part(part, 1)


@pytest.mark.parametrize(("link", "inode"), [("socket:[77]", 77), ("/socket:[77]", 0), ("pipe:[77]", 0), ("", 0)])
def test_only_sockets_have_a_socket_inode(link: str, inode: int) -> None:
    assert socket_inode(link) == inode
