"""`leakdoc heap` on real programs: the line, what keeps it, and a target that goes on as before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.attach.agent_file import with_agent

PROGRAM = Path(__file__).parents[1] / "programs" / "leaks_lines.py"


class Leaking:
    """A program that leaks in one way, with an agent inside."""

    def __init__(self, way: str, *, agent: bool = True) -> None:
        env = with_agent(os.environ) if agent else dict(os.environ)
        command = [sys.executable, str(PROGRAM), way]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.culprit = int(self.process.stdout.readline())

    def heap(self, *options: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "leakdoc", "heap", str(self.process.pid), "--json", "--quiet", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(params=["cache", "error"])
def leaking(request: pytest.FixtureRequest) -> Iterator[Leaking]:
    program = Leaking(request.param)
    yield program
    program.close()


def test_the_culprit_comes_first_and_what_turns_over_is_set_aside(leaking: Leaking) -> None:
    code, document = leaking.heap("--yes", "--for", "4s")
    assert code == 0
    assert document["kind_of_memory"] == "python"
    assert [line["line"] for line in document["lines"]][:1] == [leaking.culprit]
    assert Path(document["lines"][0]["file"]) == PROGRAM
    assert document["explained"] > 0.3
    assert document["set_aside"], "the cache that turns over should be told apart"
    assert all(line["function"] != "turn_over" for line in document["lines"][:1])
    holder = document["holders"][0]
    assert holder["path"][0]["status"] == "NOT_LEAKING"
    assert holder["path"][-1]["status"] == "LEAKING"
    assert holder["grew"] > 0
    assert leaking.process.poll() is None


def test_without_consent_nothing_is_traced(leaking: Leaking) -> None:
    code, document = leaking.heap("--for", "2s")
    assert code == 0
    assert document["lines"] == []
    assert document["holders"]


def test_native_growth_is_called_native() -> None:
    program = Leaking("buffers")
    try:
        _, document = program.heap("--yes", "--for", "4s")
        assert document["kind_of_memory"] == "native"
    finally:
        program.close()


def test_a_process_that_is_not_there_is_an_error_of_two_lines() -> None:
    command = [sys.executable, "-m", "leakdoc", "heap", str(2**22 - 3)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 2
