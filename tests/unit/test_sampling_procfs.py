"""The text of /proc, as values."""

from __future__ import annotations

import pytest

from leakdoc.sampling.probes.descriptor_kinds import kind_of
from leakdoc.sampling.probes.mappings import heap_mapped
from leakdoc.sampling.probes.memory import parse_statm
from leakdoc.sampling.procfs import UnexpectedText, parse_open_files_limit, parse_stat, parse_status

STAT = "77 ({}) S 12 77 77 0 -1 4194560 12 0 0 0 30 12 0 0 20 0 5 0 359753 26619904 2305 184467 1 1 0 0 0"


@pytest.mark.parametrize("comm", ["python", "a b", "x) S 1 (", "((", "))", "new\nline", ""])
def test_a_name_may_hold_anything(comm: str) -> None:
    stat = parse_stat(STAT.format(comm))
    assert (stat.comm, stat.state, stat.parent, stat.threads) == (comm, "S", 12, 5)
    assert (stat.cpu_ticks, stat.start_ticks, stat.is_dead, stat.is_kernel_thread) == (42, 359753, False, False)


def test_a_kernel_thread_is_told_by_its_flag() -> None:
    assert parse_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0").is_kernel_thread


def test_status_cannot_be_forged_by_a_name() -> None:
    text = "Name:\tevil\\nRssAnon:\t1 kB\nTgid:\t77\nRssAnon:\t    2048 kB\nVmSwap:\t       0 kB\nCapEff:\t00ff\n"
    numbers = parse_status(text)
    assert (numbers["Tgid"], numbers["RssAnon"], numbers["VmSwap"]) == (77, 2048, 0)


def test_the_limit_of_open_files() -> None:
    head = "Limit                     Soft Limit           Hard Limit           Units\n"
    row = "Max open files            {:<20} 20000                files\n"
    assert parse_open_files_limit(head + row.format("1024")) == 1024.0
    assert parse_open_files_limit(head + row.format("unlimited")) is None
    with pytest.raises(UnexpectedText):
        parse_open_files_limit(head)


def test_resident_and_shared_pages() -> None:
    assert parse_statm(b"7268 2304 1536 1 0 1029 0\n") == (2304, 1536)


def test_only_anonymous_private_writable_mappings_are_heap() -> None:
    maps = """\
55d0c0000000-55d0c0100000 r-xp 00000000 08:01 42 /usr/bin/python3.11
55d0c0200000-55d0c0300000 rw-p 00100000 08:01 42 /usr/bin/python3.11
55d0c1000000-55d0c1001000 rw-p 00000000 00:00 0 [heap]
7f0000000000-7f0000002000 rw-p 00000000 00:00 0
7f0000002000-7f0004000000 ---p 00000000 00:00 0
7f0005000000-7f0005004000 rw-s 00000000 00:01 77 /dev/zero (deleted)
7f0006000000-7f0006008000 rwxp 00000000 00:00 0 [anon:v8 heap]
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
"""
    assert heap_mapped(maps.split("\n")) == 0x1000 + 0x2000 + 0x8000


def test_faults_are_told_by_whether_they_waited_for_a_disk() -> None:
    stat = parse_stat("7 (a) S 1 7 7 0 -1 0 1200 9 34 5 30 12 0 0 20 0 5 0 3597 26619904")
    assert (stat.minor_faults, stat.major_faults) == (1200, 34)


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("socket:[4026]", "socket"),
        ("pipe:[77]", "pipe"),
        ("/var/log/a b (deleted)", "file"),
        ("/dev/shm/ring", "file"),
        ("/dev/null", "device"),
        ("/memfd:pool (deleted)", "memfd"),
        ("anon_inode:[eventpoll]", "epoll"),
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:inotify", "inotify"),
        ("anon_inode:[of tomorrow]", "other"),
        ("mnt:[4026531841]", "other"),
        ("", "other"),
    ],
)
def test_a_descriptor_is_told_by_its_link(link: str, kind: str) -> None:
    assert kind_of(link) == kind
