"""The agent inside real programs: it answers its own user, outlives forks, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from leakdoc.attach.agent_client import AgentClient
from leakdoc.attach.agent_file import agent_text, with_agent
from leakdoc.errors import AgentError, NoAgent
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target import target_of
from tests.program import Program

T = TypeVar("T")

PATIENCE_S = 40.0

WAITS = "import sys, time; print('ready', flush=True); sys.stdin.read()"

FORKS = """
import os, sys, warnings
warnings.simplefilter("error")
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
worker = os.fork()
if worker == 0:
    sys.stdin.read()
    os._exit(0)
print(worker, flush=True)
os.waitpid(worker, 0)
"""


def until(look: Callable[[], T | None]) -> T:
    """Return what a look finds, once it finds something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def address_of(pid: int) -> str | None:
    try:
        return find_agent(pid)
    except (NoAgent, OSError):
        return None


def told_by(pid: int) -> int | None:
    try:
        with AgentClient(pid) as agent:
            return agent.hello().pid
    except AgentError:
        return None


class WithAgent:
    """A program with an agent, that ends when its standard input does."""

    def __init__(self, code: str, **environment: str) -> None:
        command = [sys.executable, "-c", code]
        env = with_agent({**os.environ, **environment})
        self.process = Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.first_line = self.process.line().strip()
        self.pid = self.process.pid

    def __enter__(self) -> WithAgent:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def test_it_answers_what_it_is_and_what_it_holds() -> None:
    with WithAgent(f"kept = [object() for _ in range(50_000)]; {WAITS}") as program, AgentClient(program.pid) as agent:
        hello = agent.hello()
        assert (hello.pid, hello.temporary) == (program.pid, False)
        assert hello.python == ".".join(map(str, sys.version_info[:3]))
        counters = agent.heap()
        assert counters["python_blocks"] > 50_000
        types = agent.types(most=5)
        assert len(types.counts) == 5
        assert types.total >= sum(types.counts.values())


def test_what_is_in_use_grows_with_what_is_kept() -> None:
    code = "import sys; print('ready', flush=True); sys.stdin.readline(); b = [bytes(99) for _ in range(200_000)]\n"
    with WithAgent(code + "print('grown', flush=True); sys.stdin.read()") as program:
        with AgentClient(program.pid) as agent:
            before = agent.heap()["heap_bytes"]
        assert program.process.stdin is not None and program.process.stdout is not None
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        assert program.process.line() == "grown\n"
        with AgentClient(program.pid) as agent:
            assert agent.heap()["heap_bytes"] - before > 200_000 * 99


def test_a_sampler_has_the_heap_in_use_from_it() -> None:
    with WithAgent(WAITS) as program:
        sampler = Sampler(target_of(program.pid))
        values = {column.metric: value for column, value in sampler.sample().values.items()}
        assert 0 < values["heap_bytes"] < values["rss_bytes"]
        assert "agent" in (sampler.facts().touched or "")


def test_its_socket_is_for_its_user_alone_and_goes_with_it() -> None:
    with WithAgent(WAITS) as program:
        path = Path(find_agent(program.pid))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_what_it_is_not_asked_for_it_refuses_and_goes_on() -> None:
    with WithAgent(WAITS) as program:
        with AgentSocket(program.pid) as agent, pytest.raises(AgentError, match="no such question"):
            agent.ask("run_code", code="1")
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(find_agent(program.pid))
            stranger.sendall(b"\xff\x00{]\n" + json.dumps({"v": 99}).encode() + b"\n[]\n")
            with stranger.makefile("rb") as answers:
                assert all(json.loads(answers.readline())["ok"] is False for _ in range(3))
        with AgentClient(program.pid) as again:
            assert again.hello().pid == program.pid


def test_it_outlives_forks_and_a_child_has_its_own() -> None:
    with WithAgent(FORKS) as program:
        worker = int(program.first_line)
        for pid in (program.pid, worker):
            assert until(lambda pid=pid: told_by(pid)) == pid  # type: ignore[misc]


def test_where_nothing_can_be_written_it_listens_on_an_abstract_socket(tmp_path: Path) -> None:
    (tmp_path / "leakdoc_agent.py").write_text(agent_text())
    code = f"import leakdoc_agent as a; a._places = lambda: iter(()); a.start(); {WAITS}"
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with Program(command, stdin=pipe, stdout=pipe, text=True, cwd=tmp_path) as process:
        assert process.line() == "ready\n"
        assert find_agent(process.pid).startswith("@leakdoc-agent-")
        with AgentClient(process.pid) as agent:
            assert agent.hello().pid == process.pid
        process.communicate()


def test_the_users_own_sitecustomize_has_its_turn(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.theirs = True")
    with WithAgent("import sys; print(sys.theirs, flush=True); sys.stdin.read()", PYTHONPATH=str(tmp_path)) as program:
        assert program.first_line == "True"
        assert address_of(program.pid) is not None


def test_a_process_without_one_is_told_so() -> None:
    with Program(["sleep", "60"]) as process:
        with pytest.raises(NoAgent, match="has no agent"):
            AgentClient(process.pid)
        process.kill()


def test_a_deadline_ends_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import leakdoc_agent\n"
        "print(leakdoc_agent.start(deadline_s=0.3, directory=sys.argv[1]), flush=True); sys.stdin.read()"
    )
    (tmp_path / "leakdoc_agent.py").write_text(agent_text())
    command = [sys.executable, "-c", code, str(tmp_path)]
    with Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        path = Path(process.line().strip())
        until(lambda: True if not path.exists() and not list(tmp_path.glob("*.sock")) else None)
        process.communicate()
        assert process.returncode == 0


def test_the_file_that_is_printed_is_the_agent() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leakdoc", "agent"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == agent_text()


def test_a_command_that_is_run_with_an_agent_has_its_heap_watched(tmp_path: Path) -> None:
    kept = tmp_path / "kept.leakdoc"
    code = "import time; time.sleep(10)"
    line = ["run", "--agent", "--quiet", "--interval", "100ms", "--record", str(kept), "--", sys.executable, "-c", code]
    subprocess.run([sys.executable, "-m", "leakdoc", *line], capture_output=True, timeout=120)
    exported = subprocess.run(
        [sys.executable, "-m", "leakdoc", "export", str(kept), "--to", "csv"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "heap_bytes" in exported.stdout.splitlines()[0]
