"""What a process's descriptors and threads are, read from a real one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leakdoc.model.sample import Sample
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target import resolve
from tests.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and netlink are Linux's")
PROGRAM = Path(__file__).parents[1] / "programs" / "holds_descriptors.py"
PATIENCE_S = 60.0


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAM), str(tmp_path)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with Program(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True) as started:
        assert started.line() == "ready\n"
        yield started
        started.kill()


def values(sample: Sample) -> dict[str, float]:
    return {column.text: value for column, value in sample.values.items()}


def until(sampler: Sampler, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Sample until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = values(sampler.sample())
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def test_unix_connections_are_named_for_the_servers_socket(process: subprocess.Popen[str], tmp_path: Path) -> None:
    sampler = Sampler(resolve(str(process.pid)))
    labels = f'peer="unix:{tmp_path}/.s.PGSQL.5432",peer_kind="postgres"'
    found = values(sampler.sample())
    for direction in ("out", "in"):
        assert found[f'connections{{direction="{direction}",{labels},state="ESTABLISHED"}}'] == 3.0
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("close\n")
    process.stdin.flush()
    assert process.line() == "done\n"
    found = values(sampler.sample())
    assert found[f'connections{{direction="out",{labels},state="CLOSE_WAIT"}}'] == 1.0
    assert found[f'connections_closed_total{{direction="in",{labels}}}'] == 1.0
    assert f'connection_since_fin_max_s{{direction="out",{labels}}}' in found


def test_a_request_without_an_answer_and_who_waits_for_it_are_seen(process: subprocess.Popen[str]) -> None:
    sampler = Sampler(resolve(str(process.pid)))

    def waits(found: dict[str, float]) -> bool:
        told = {name.partition("{")[0] for name in found if 'direction="out",peer="127.0.0.1' in name and found[name]}
        return {"connections_awaiting", "connection_awaiting_max_s", "threads_reading"} <= told

    until(sampler, waits)


def test_kinds_and_commonest_targets_of_descriptors(process: subprocess.Popen[str], tmp_path: Path) -> None:
    found = values(Sampler(resolve(str(process.pid))).sample())
    assert found['open_fds{kind="file"}'] >= 17.0
    targets = {name: count for name, count in found.items() if name.startswith("descriptors_to")}
    assert targets == {f'descriptors_to{{kind="file",target="{tmp_path}/*"}}': 17.0}


def test_a_child_that_ended_is_a_zombie(process: subprocess.Popen[str]) -> None:
    sampler = Sampler(resolve(str(process.pid)))
    assert until(sampler, lambda found: found.get("zombies") == 1.0)
