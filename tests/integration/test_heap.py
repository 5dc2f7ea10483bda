"""`leakdoc heap` on real programs: the line, what keeps it, and a target that goes on as before."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.attach.agent_file import with_agent
from leakdoc.errors import NoAgent
from leakdoc.sampling.agent_socket import find_agent
from tests.program import Program

PROGRAM = Path(__file__).parents[1] / "programs" / "leaks_lines.py"


class Leaking:
    """A program that leaks in one way, with an agent inside."""

    def __init__(self, way: str, *, agent: bool = True, packages: bool = True) -> None:
        env = with_agent(os.environ) if agent else dict(os.environ)
        command = [sys.executable, *([] if packages else ["-S"]), str(PROGRAM), way]
        self.process = Program(command, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.line() == "ready\n"
        self.culprit = int(self.process.line())

    def heap(self, *options: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "leakdoc", "heap", str(self.process.pid), "--json", "--quiet", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def close(self) -> None:
        self.process.end()


CAN_SEND = sys.platform == "linux" and platform.machine() == "x86_64"
sends = pytest.mark.skipif(not CAN_SEND, reason="an agent is sent on Linux on x86-64 only")


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


def test_native_growth_is_called_native_and_memray_names_its_line(tmp_path: Path) -> None:
    program = Leaking("strings")
    try:
        kept = tmp_path / "kept"
        code, document = program.heap("--yes", "--for", "4s", "--keep", str(kept))
        assert code == 0
        assert document["kind_of_memory"] == "native"
        assert document["lines"][0]["line"] == program.culprit
        manifest = json.loads((kept / "manifest.json").read_text())
        assert [each["name"] for each in manifest["files"]] == ["window-1.memray", "window-2.memray"]
        assert manifest["target"]["pid"] == program.process.pid
    finally:
        program.close()


@sends
def test_what_ctypes_takes_has_its_line_also_where_the_target_lacks_memray() -> None:
    program = Leaking("buffers", agent=False, packages=False)
    try:
        code, document = program.heap("--yes", "--for", "4s", "--accept-oom-risk")
        assert code == 0
        assert document["kind_of_memory"] == "native"
        assert document["lines"][0]["line"] == program.culprit
        rungs = {rung["name"]: rung for rung in document["rungs"]}
        assert not rungs["memray"]["used"]
        assert "cannot import memray" in rungs["memray"]["reason"]
        assert rungs["ctypes"]["used"]
        assert program.process.poll() is None
    finally:
        program.close()


def test_a_process_that_is_not_there_is_an_error_of_two_lines() -> None:
    command = [sys.executable, "-m", "leakdoc", "heap", str(2**22 - 3)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 2


@sends
def test_an_agent_is_sent_where_there_is_none_and_leaves_nothing_behind() -> None:
    program = Leaking("cache", agent=False)
    try:
        code, document = program.heap("--yes", "--for", "4s", "--accept-oom-risk")
        assert code == 0
        assert document["lines"][0]["line"] == program.culprit
        used = {rung["name"]: rung["used"] for rung in document["rungs"]}
        assert (used["agent"], used["sent agent"]) == (False, True)
        assert not sent_to(program.process.pid)
        with pytest.raises(NoAgent):
            find_agent(program.process.pid)
    finally:
        program.close()


def sent_to(pid: int) -> list[Path]:
    """What was sent into a process and is there still; others may be looking at theirs meanwhile."""
    return [place for place in Path("/tmp").glob("leakdoc-sent-*") if list(place.glob(f"agent-{pid}-*"))]


@sends
@pytest.mark.parametrize(
    "waits",
    [
        "threading.Event().wait()",
        "time.sleep(1000)",
        "select.select([sys.stdin], [], [])",
        "select.epoll().poll()",
        "signal.sigwait({signal.SIGUSR1})",
    ],
)
def test_a_target_that_waits_in_the_system_is_answered(waits: str) -> None:
    code = f"import select, signal, sys, threading, time; print('ready', flush=True); {waits}"
    with waiting(code) as process:
        done = heap(process.pid, "--yes", "--for", "1s", "--accept-oom-risk")
        rungs = {rung["name"]: rung for rung in json.loads(done.stdout)["rungs"]}
        assert rungs["sent agent"]["used"], rungs
        assert process.poll() is None


@contextlib.contextmanager
def waiting(code: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program that says that it is ready, and is killed at the end."""
    pipe, env = subprocess.PIPE, {**os.environ, **environment}
    process = Program([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True, env=env)
    try:
        assert process.line() == "ready\n"
        yield process
    finally:
        process.end()


@sends
def test_killing_leakdoc_midway_leaves_the_target_as_it_was() -> None:
    program = Leaking("cache", agent=False)
    try:
        pid = program.process.pid
        command = [sys.executable, "-m", "leakdoc", "heap", str(pid), "--yes", "--for", "60s", "--accept-oom-risk"]
        with Program(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as leakdoc:
            until(lambda: has_agent(pid))
            leakdoc.kill()
        until(lambda: not has_agent(pid) and not sent_to(pid))
        assert program.process.poll() is None
        code, _ = program.heap("--yes", "--for", "2s", "--accept-oom-risk")
        assert code == 0
    finally:
        program.close()


@sends
def test_a_process_that_forbids_it_is_left_alone() -> None:
    code = "import sys; print('ready', flush=True); sys.stdin.read()"
    with waiting(code, PYTHON_DISABLE_REMOTE_DEBUG="1") as process:
        done = heap(process.pid, "--yes", "--for", "1s")
        assert done.returncode == 3
        rung = json.loads(done.stdout)["rungs"][-1]
        assert not rung["used"]
        assert "PYTHON_DISABLE_REMOTE_DEBUG" in rung["reason"]


@sends
def test_what_is_no_python_is_refused() -> None:
    process = Program(["sleep", "60"])
    try:
        done = heap(process.pid, "--yes", "--for", "1s")
        assert done.returncode == 4
        assert "is not a Python process" in done.stderr
    finally:
        process.end()


def heap(pid: int, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leakdoc", "heap", str(pid), "--json", "--quiet", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def has_agent(pid: int) -> bool:
    try:
        return bool(find_agent(pid))
    except (NoAgent, OSError):
        return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
