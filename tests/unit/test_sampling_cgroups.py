"""Where a process's memory is counted and limited."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from leakdoc.sampling.cgroups import (
    Membership,
    directories,
    parse_counters,
    parse_limit,
    parse_membership,
    parse_mounts,
)
from leakdoc.sampling.control_group import Group
from leakdoc.sampling.probes.cgroup import CgroupProbe
from leakdoc.sampling.probes.pressure import parse_pressure
from leakdoc.sampling.probes.reading import Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory

V2 = "40 31 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "35 31 0:32 /docker/ab /sys/fs/cgroup/memory ro master:14 - cgroup cgroup rw,memory\n"
OTHER = "36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0::/system.slice/a:b.service\n", Membership(version=2, path="/system.slice/a:b.service")),
        ("9:name=systemd:/\n4:cpu,memory:/docker/ab\n0::/\n", Membership(version=1, path="/docker/ab")),
        ("9:name=systemd:/\n", None),
        ("", None),
    ],
)
def test_the_group_that_counts_memory(text: str, expected: Membership | None) -> None:
    assert parse_membership(text) == expected


@pytest.mark.parametrize(
    ("membership", "mounts", "expected"),
    [
        (Membership(version=2, path="/a/b"), V2, [("/sys/fs/cgroup", "a/b")]),
        (Membership(version=2, path="/"), OTHER + V2, [("/sys/fs/cgroup", "")]),
        (Membership(version=1, path="/docker/ab"), V1 + OTHER, [("/sys/fs/cgroup/memory", "")]),
        (Membership(version=1, path="/docker/ab/x"), V1, [("/sys/fs/cgroup/memory", "x")]),
        (Membership(version=1, path="/docker/abc"), V1, []),
        (Membership(version=2, path="/../other"), V2, []),
        (Membership(version=2, path="/a"), V1, []),
    ],
)
def test_a_group_is_looked_for_where_a_mount_shows_it(
    membership: Membership, mounts: str, expected: list[tuple[str, str]]
) -> None:
    assert list(directories(membership, parse_mounts(mounts))) == expected


def test_the_paths_of_mounts_are_unescaped() -> None:
    (mount,) = parse_mounts("40 31 0:30 / /mnt/a\\040b rw - cgroup2 none rw\n")
    assert mount.point == "/mnt/a b"


@pytest.mark.parametrize(
    ("text", "limit"), [("max\n", None), ("9223372036854771712\n", None), ("-1\n", None), ("536870912\n", 536870912.0)]
)
def test_no_limit_is_none(text: str, limit: float | None) -> None:
    assert parse_limit(text) == limit


def test_counters_pass_over_what_is_no_number() -> None:
    assert parse_counters("low 0\noom_kill 3\nodd\nworse x\n") == {"low": 0, "oom_kill": 3}


def test_the_lowest_limit_of_all_enclosing_groups_holds(tmp_path: Path) -> None:
    leaf = tmp_path / "pod" / "app"
    leaf.mkdir(parents=True)
    (leaf / "cgroup.controllers").write_text("cpu memory\n")
    (leaf / "memory.max").write_text("max\n")
    (leaf / "memory.current").write_text("900\n")
    (leaf / "memory.stat").write_text("anon 100\ninactive_file 300\nslab 60\nunknown 1\n")
    (leaf / "memory.events").write_text("high 4\nmax 9\nother 1\n")
    (leaf / "cgroup.procs").write_text("7\n8\n9\n")
    (tmp_path / "pod" / "memory.max").write_text("4096\n")
    (tmp_path / "pod" / "memory.events").write_text("oom 1\noom_kill 1\n")
    group = Group(2, tmp_path, "pod/app")
    assert group.exists()
    assert (group.limit(), group.usage(), group.oom_kills()) == (4096.0, 900, 1)
    assert group.parts() == {"anon": 100, "inactive_file": 300, "slab": 60}
    assert group.events() == {"high": 4, "max": 9}
    assert group.others({8}) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups")
def test_a_limit_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "memory.max").mkdir()
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.events").write_text("oom_kill 1\n")
    directory = ProcessDirectory(os.getpid())
    probe = CgroupProbe(directory)
    probe._group, probe._membership = Group(2, tmp_path, ""), directory.text("cgroup")
    reading = Reading(at=0.0, monotonic_s=0.0, standing=Standing(limit_bytes=1.0))
    probe.read(reading)
    assert {column.text: value for column, value in reading.values.items()} == {
        'cgroup_memory_bytes{kind="usage"}': 900.0,
        "oom_kills_total": 1.0,
    }
    assert reading.unavailable == {"limit_bytes": "unreadable: Is a directory"}
    assert reading.standing.limit_bytes is None
    assert probe.oom_kills() == 1


def test_a_limit_of_version_1_is_hierarchical(tmp_path: Path) -> None:
    (tmp_path / "memory.usage_in_bytes").write_text("900\n")
    (tmp_path / "memory.stat").write_text(
        "cache 1\nhierarchical_memory_limit 2048\ntotal_rss 5\ntotal_inactive_file 7\n"
    )
    (tmp_path / "memory.kmem.usage_in_bytes").write_text("11\n")
    (tmp_path / "memory.failcnt").write_text("3\n")
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    group = Group(1, tmp_path, "")
    assert group.exists()
    assert (group.limit(), group.usage(), group.oom_kills()) == (2048.0, 900, 2)
    assert (group.parts(), group.events()) == ({"anon": 5, "inactive_file": 7, "kernel": 11}, {"max": 3})


def test_pressure_is_seconds_for_which_some_and_all_stood_still() -> None:
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    assert parse_pressure(text) == {"some": 2.5, "full": 7e-6}
