"""Captures close to the limit: when, once a life, whole files, and what could not be had with its reason."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.sample import Sample
from leakdoc.sampling.captures.capture import MOST_CAPTURES, Captures
from leakdoc.sampling.captures.edge import Edge
from leakdoc.sampling.captures.parts import PARTS
from leakdoc.sampling.captures.trigger import AtForecast, AtShare, parse_trigger
from leakdoc.testing.process import FakeProcess
from leakdoc.testing.series import made_samples, made_subject

MIB = 2.0**20


@pytest.mark.parametrize(("text", "share"), [("85%", 0.85), ("99.5 %", 0.995), ("100%", 1.0)])
def test_a_share_is_read(text: str, share: float) -> None:
    assert parse_trigger(text) == AtShare(share)


@pytest.mark.parametrize("text", ["", "85", "0%", "101%", "forecast:", "forecast:0s", "forecast:soon", "-5%", "nan%"])
def test_what_is_no_point_is_refused_saying_how_one_is_written(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_trigger(text)
    assert refused.value.help


def test_a_steady_leak_is_foreseen_in_time_and_neither_noise_nor_a_spike_is_a_forecast() -> None:
    trigger = AtForecast(600.0)
    leak = [(second, trigger.reason(float(second), (200 + 0.1 * second) * MIB, 512 * MIB)) for second in range(4_000)]
    first = next(second for second, reason in leak if reason)
    assert 3_120 - 640 <= first <= 3_120 - 560  # the limit is met after 3,120 s
    still = AtForecast(600.0)
    for second in range(2_000):
        used = 200 + (90 if second == 1_000 else 0) + (second * 7 % 5)
        assert still.reason(float(second), used * MIB, 512 * MIB) is None


def part(name: str) -> Mapping[str, Any]:
    return {"is": name}


def broken(pid: int) -> Mapping[str, Any]:
    raise PermissionError(13, "Permission denied")


def captures(directory: Path, **options: Any) -> Captures:
    return Captures(partial(parse_trigger, "80%"), directory / "r.leakdoc", **options)


def look(edge: Edge, *samples: Sample) -> None:
    edge.look(samples, 0.0)


def test_a_process_is_captured_once_a_life(tmp_path: Path) -> None:
    made = captures(tmp_path, parts={"one": lambda pid: part(str(pid)), "two": broken}, limit_bytes=100.0)
    edge = Edge(made_subject(), made)
    rising = made_samples({"rss_bytes": [10.0, 79.0, 81.0, 95.0]}, pid=7)
    for sample in rising:
        look(edge, sample)
    (path,) = made.written
    document = json.loads(path.read_text())
    assert (document["schema"], document["reason"]) == ("leakdoc.capture/1", "81.0% of the limit is used")
    assert (document["parts"], document["missing"]) == ({"one": {"is": "7"}}, {"two": "Permission denied"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    look(edge, *made_samples({"rss_bytes": [99.0]}, pid=8))
    assert len(made.written) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "r.leakdoc.capture-7-1.json",
        "r.leakdoc.capture-8-2.json",
    ]


def test_of_several_processes_the_largest_is_captured(tmp_path: Path) -> None:
    made = captures(tmp_path, parts={"one": lambda pid: part(str(pid))}, limit_bytes=100.0)
    small, large = (made_samples({"rss_bytes": [size]}, pid=pid)[0] for size, pid in ((10.0, 1), (90.0, 2)))
    look(Edge(made_subject(), made), small, large)
    assert [path.name for path in made.written] == ["r.leakdoc.capture-2-1.json"]


def test_captures_are_bounded_in_number_and_time(tmp_path: Path) -> None:
    clock = iter(range(0, 10**6, 15))
    parts = {name: lambda pid: part("it") for name in ("a", "b", "c")}
    made = captures(tmp_path, parts=parts, limit_bytes=100.0, seconds=lambda: float(next(clock)))
    edge = Edge(made_subject(), made)
    for pid in range(MOST_CAPTURES + 5):
        look(edge, *made_samples({"rss_bytes": [90.0]}, pid=pid))
    assert len(made.written) == MOST_CAPTURES
    document = json.loads(made.written[0].read_text())
    assert (list(document["parts"]), document["missing"]) == (["a"], {"b": "out of time", "c": "out of time"})


def test_a_directory_that_cannot_be_written_is_noted_and_the_watch_goes_on(tmp_path: Path) -> None:
    made = captures(tmp_path / "gone", parts={"a": lambda pid: part("it")}, limit_bytes=100.0)
    look(Edge(made_subject(), made), *made_samples({"rss_bytes": [90.0]}))
    assert "could not be written" in made.notes[0]


def test_a_watch_captures_says_so_and_goes_on(tmp_path: Path) -> None:
    process = FakeProcess({"rss_bytes": lambda age_s: (300 + age_s) * MIB, "limit_bytes": lambda _: 512 * MIB})
    made = Captures(partial(parse_trigger, "80%"), tmp_path / "r", parts={"a": lambda pid: part("it")})
    watched = leakdoc.Watch(process.sampler(), for_s=180, stop_when_decided=False, captures=made).run()
    assert watched.captured == tuple(made.written) and len(made.written) == 1
    assert len(watched.trace) == 181
    assert "captured pid 4242 as 80.1% of the limit is used" in watched.trace.facts.notes


def test_every_part_of_a_real_process_is_had_or_missing_with_its_reason(tmp_path: Path) -> None:
    made = captures(tmp_path, limit_bytes=100.0)
    look(Edge(made_subject(), made), *made_samples({"rss_bytes": [90.0]}, pid=os.getpid()))
    document = json.loads(made.written[0].read_text())
    assert set(document["parts"]) | set(document["missing"]) == set(PARTS)
    assert {"memory", "mappings", "threads", "descriptors"} <= set(document["parts"])
    assert document["parts"]["memory"]["smaps_rollup"]["Rss"] > 2**20
    assert document["parts"]["descriptors"]["open_fds"] >= 3
    assert all(document["missing"].values())
