"""Whatever /proc and the kernel may say, a parser returns values or says that it does not read: nothing else."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.captures.trigger import parse_trigger
from leakdoc.sampling.cgroups import (
    directories,
    group_paths,
    parse_counters,
    parse_limit,
    parse_membership,
    parse_mounts,
)
from leakdoc.sampling.naming import display_name
from leakdoc.sampling.probes.descriptor_kinds import kind_of
from leakdoc.sampling.probes.mappings import heap_mapped
from leakdoc.sampling.probes.memory import parse_statm
from leakdoc.sampling.probes.pressure import parse_pressure
from leakdoc.sampling.procfs import UnexpectedText, parse_open_files_limit, parse_stat, parse_status
from leakdoc.sampling.sockets.proc_net import parse_table
from leakdoc.sampling.sockets.sock_diag import parse_part
from leakdoc.sampling.sockets.tcp import KEY_ENDS, TcpSocket
from leakdoc.sampling.targets.by_group import container_paths, group_path, unit_paths
from leakdoc.sampling.timeline import Timeline
from leakdoc.testing.clock import FakeClock

# Lines that look like those of /proc, with anything in between.
NUMBER = st.one_of(st.integers(0, 2**70).map(str), st.just("-1"), st.text("0123456789abcdef-:()/ \t", max_size=12))
LINE = st.lists(st.one_of(NUMBER, st.text(max_size=8)), max_size=30).map(" ".join)
TEXT = st.lists(LINE, max_size=5).map("\n".join)


@pytest.mark.parametrize(
    "parse",
    [
        parse_stat,
        parse_status,
        parse_open_files_limit,
        lambda text: parse_statm(text.encode("utf-8", "surrogatepass")),
        lambda text: heap_mapped(text.split("\n")),
        lambda text: list(parse_table(text)),
        parse_counters,
        parse_pressure,
        kind_of,
        parse_limit,
        parse_membership,
        lambda text: list(parse_mounts(text)),
    ],
)
@settings(max_examples=50)
@given(text=TEXT)
def test_a_parser_reads_or_says_that_it_does_not(parse: Callable[[str], object], text: str) -> None:
    try:
        parse(text)
    except UnexpectedText as error:
        assert str(error)


@given(
    comm=st.text(max_size=64),
    state=st.sampled_from("RSDZTtX"),
    numbers=st.lists(st.integers(-1, 2**64), min_size=19, max_size=49),
)
def test_stat_reads_back_whatever_the_name(comm: str, state: str, numbers: list[int]) -> None:
    stat = parse_stat(f"77 ({comm}) {state} {' '.join(map(str, numbers))}\n")
    assert (stat.comm, stat.state) == (comm, state)
    assert (stat.parent, stat.threads, stat.start_ticks) == (numbers[0], numbers[16], numbers[18])


@given(path=st.text(st.characters(exclude_characters="\n"), max_size=20), root=st.text(max_size=20))
def test_a_group_is_never_looked_for_above_its_mount(path: str, root: str) -> None:
    membership = parse_membership(f"0::/{path}\n")
    assert membership is not None
    mounts = parse_mounts(f"1 1 0:1 /{root} /sys/fs/cgroup rw - cgroup2 c rw\n")
    for _, below in directories(membership, mounts):
        assert not below.startswith("/")
        assert ".." not in below.split("/")


ADDRESS = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
PORT = st.integers(0, 65_535)


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, TcpSocket]:
    """A socket's message as the kernel writes it, and the socket that it tells of."""
    local = draw(ADDRESS)
    remote = draw(st.binary(min_size=len(local), max_size=len(local)))
    ends = KEY_ENDS.pack(draw(PORT), draw(PORT), local, remote) + draw(st.binary(min_size=12, max_size=12))
    state, retransmits = draw(st.integers(1, 12)), draw(st.integers(0, 255))
    waiting, inode = draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 2**32 - 1))
    last_data = draw(
        st.one_of(st.just(b""), st.binary(min_size=16, max_size=16), st.binary(min_size=116, max_size=116))
    )
    family = socket.AF_INET if len(local) == 4 else socket.AF_INET6
    timer, unsent = draw(st.integers(0, 4)), draw(st.integers(0, 2**32 - 1))
    body = struct.pack("=BBBB", family, state, timer, retransmits) + ends
    body += struct.pack("=5I", 0, waiting, unsent, 0, inode)
    for kind in draw(st.lists(st.integers(3, 40), max_size=3)):
        value = draw(st.binary(max_size=9))
        body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    if last_data:
        beyond = [b"", bytes(48), bytes(184)] if len(last_data) > 16 else [b"", bytes(48)]
        info = bytes(44) + last_data + draw(st.sampled_from(beyond))
        body += struct.pack("=HH", 4 + len(info), 2) + info
    whole = struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 0) + body + bytes(-len(body) % 4)
    return whole, TcpSocket(ends, len(local), inode, state, retransmits, waiting, last_data, unsent, timer)


@given(st.lists(messages(), max_size=8))
def test_a_dump_reads_back_in_any_order_and_layout(told: list[tuple[bytes, TcpSocket]]) -> None:
    done = struct.pack("=IHHII", 20, 3, 2, 1, 0) + bytes(4)
    sockets, is_last = parse_part(b"".join(whole for whole, _ in told) + done, 1)
    assert is_last
    assert sockets == [each for _, each in told]
    for each in sockets:
        assert each.local.port == each.local_port
        assert each.idle_s is None or each.idle_s >= 0


@given(st.lists(messages(), min_size=1, max_size=4), st.data())
def test_a_dump_that_is_cut_or_spoilt_reads_or_says_that_it_does_not(
    told: list[tuple[bytes, TcpSocket]], data: st.DataObject
) -> None:
    whole = bytearray(b"".join(each for each, _ in told))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
        whole[position] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        sockets, _ = parse_part(cut, 1)
    except (UnexpectedText, OSError):
        return
    assert all(each.remote.port <= 65_535 for each in sockets)


@given(argv=st.lists(st.text(max_size=20), max_size=6), comm=st.text(max_size=16))
def test_a_name_is_one_inert_line_and_never_empty(argv: list[str], comm: str) -> None:
    name = display_name(["python3", *argv], comm)
    assert name and name == inert(name)


PATHS = st.lists(
    st.lists(
        st.sampled_from(["a", "a.service", "b.scope", "docker", "0" * 64, "docker-" + "ab" * 32 + ".scope", "x y"])
    )
    .map("/".join)
    .map("/{}".format),
    max_size=5,
)


@given(name=st.text(max_size=8) | st.sampled_from(["a", "b", "a.service"]), paths=PATHS)
def test_a_unit_is_a_whole_part_of_a_path_and_nothing_below_it(name: str, paths: list[str]) -> None:
    for found in unit_paths(name, paths):
        last = found.rpartition("/")[2]
        assert last in (name, f"{name}.service", f"{name}.scope")
        assert any(path == found or path.startswith(f"{found}/") for path in paths)


@given(identity=st.text("0123456789abcdefg", max_size=70), paths=PATHS)
def test_a_container_is_known_by_the_start_of_its_id(identity: str, paths: list[str]) -> None:
    for whole, path in container_paths(identity, paths).items():
        assert whole.startswith(identity) and len(whole) == 64 and len(identity) >= 6
        assert whole in path


@given(text=st.text(max_size=20), paths=PATHS)
def test_a_group_that_is_found_is_one_that_somebody_is_in(text: str, paths: list[str]) -> None:
    found = group_path(text, paths)
    assert found is None or (found != "/" and any(f"{path}/".startswith(f"{found}/") for path in paths))


@given(text=TEXT)
def test_the_paths_of_groups_are_read_from_whatever_there_is(text: str) -> None:
    assert all(path.startswith("/") and path != "/" for path in group_paths(text))


@given(text=st.text(max_size=20) | st.sampled_from(["85%", "forecast:10m", "forecast:1d2h"]))
def test_a_point_to_capture_at_is_one_or_is_refused_with_a_way_out(text: str) -> None:
    try:
        assert parse_trigger(text).reason(0.0, 0.0, 1.0) is None
    except UsageError as refused:
        assert refused.help


STEPS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.001, 100.0)), max_size=20)


@given(steps=STEPS)
def test_times_go_forward_whatever_is_done_to_the_clock(steps: list[tuple[float, float]]) -> None:
    clock = FakeClock()
    timeline = Timeline(clock)
    times = [timeline.now().at]
    for step, passed in steps:
        clock.step(step)
        clock.advance(passed)
        times.append(timeline.now().at)
        assert times[-1] > times[-2]
