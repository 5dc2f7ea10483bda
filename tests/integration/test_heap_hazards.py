"""`leakdoc heap` where something stands in the way: the target goes on, and what is not done is said."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakdoc.attach.agent_file import with_agent
from leakdoc.attach.alone import alone
from leakdoc.sampling.agent_socket import AgentSocket
from tests.program import Program

GROWS = """
import sys, time
kept = []
{before}
print("ready", flush=True)
while True:
    kept.append(bytes(5_000))
    {each}
    time.sleep(0.005)
"""
FORKS = """pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(len(kept), flush=True)"""
NEAR_ITS_LIMIT = """
import resource
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (16 << 20), resource.RLIM_INFINITY))
"""
BLOCKS = """
import os, socket, threading, time
LENGTH = 3_000_000
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
def until_told():
    while not os.path.exists({go!r}):
        time.sleep(0.05)
def fill_its_queue():
    waiting = [socket.socket() for _ in range(8)]
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
    def accept():
        until_told()
        listener.settimeout(1.0)
        while True:
            try:
                waiting.append(listener.accept()[0])
            except TimeoutError:
                pass
    threading.Thread(target=accept, daemon=True).start()
def connect():
    fill_its_queue()
    print("ready", flush=True)
    socket.socket().connect(listener.getsockname())
def send():
    ours, theirs = socket.socketpair()
    got = []
    def read():
        until_told()
        while sum(got) < LENGTH:
            got.append(len(theirs.recv(65536)))
    reader = threading.Thread(target=read)
    reader.start()
    print("ready", flush=True)
    ours.sendall(bytes(LENGTH))
    reader.join()
    assert sum(got) == LENGTH
{call}
print("done", flush=True)
time.sleep(60)
"""
BLOCKED = {"connect": "connect()", "send": "send()"}
CAN_SEND = sys.platform == "linux" and platform.machine() == "x86_64"
sends = pytest.mark.skipif(not CAN_SEND, reason="an agent is sent on Linux on x86-64 only")


@contextlib.contextmanager
def growing(*, before: str = "", each: str = "", agent: bool = False) -> Iterator[subprocess.Popen[str]]:
    code, env = GROWS.format(before=before, each=each), with_agent(os.environ) if agent else dict(os.environ)
    process = Program([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert process.line() == "ready\n"
        yield process
    finally:
        process.end()


def command(pid: int, *options: str) -> list[str]:
    return [sys.executable, "-m", "leakdoc", "heap", str(pid), "--json", *options]


def heap(pid: int, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(pid, *options), capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def test_a_program_that_forks_is_not_held_up_by_a_conversation() -> None:
    with growing(before="import os", each=FORKS, agent=True) as process, AgentSocket(process.pid) as agent:
        agent.ask("trace_start", tool="tracemalloc", seconds=100)
        first = int(process.line())
        end = time.monotonic() + 50
        while int(process.line()) < first + 80:  # a second for each fork, were it not let through
            assert time.monotonic() < end
        assert agent.ask("trace_look")["records"], "the conversation goes on after the forks"


@sends
@pytest.mark.parametrize("waits_in", sorted(BLOCKED))
def test_one_that_waits_to_be_connected_or_to_send_is_entered_and_waits_on(waits_in: str, tmp_path: Path) -> None:
    code = BLOCKS.format(call=BLOCKED[waits_in], go=str(tmp_path / "go"))
    with Program([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.line() == "ready\n"
            _await_system_call(process.pid, 42 if waits_in == "connect" else 44)
            rungs = json.loads(heap(process.pid, "--yes", "--for", "1s").stdout)["rungs"]
            assert next(rung["used"] for rung in rungs if rung["name"] == "sent agent"), rungs
            (tmp_path / "go").touch()
            assert process.line() == "done\n", "it got what it had waited for"
        finally:
            process.kill()


def _await_system_call(pid: int, number: int) -> None:
    end = time.monotonic() + 50
    while Path(f"/proc/{pid}/syscall").read_text(encoding="utf-8").split()[0] != str(number):
        assert time.monotonic() < end
        time.sleep(0.05)


@sends
def test_a_second_leakdoc_is_refused_at_once() -> None:
    with growing() as process, alone(process.pid):
        done = heap(process.pid, "--yes")
        assert done.returncode == 4
        assert "another leakdoc is inside" in done.stderr


@sends
def test_nobody_is_asked_for_leave_to_enter_what_is_no_python() -> None:
    with Program(["sleep", "60"]) as process:
        try:
            assert heap(process.pid).returncode == 4
        finally:
            process.kill()


@sends
def test_close_to_its_limit_nothing_is_sent_and_names_are_told_instead() -> None:
    with growing(before=NEAR_ITS_LIMIT) as process:
        done = heap(process.pid, "--yes", "--for", "2s")
        document = json.loads(done.stdout)
        rungs = {rung["name"]: rung for rung in document["rungs"]}
        assert done.returncode == 3
        assert "left under its limit" in rungs["sent agent"]["reason"]
        assert "py-spy" in rungs
        assert process.poll() is None


def test_what_is_ended_early_says_why_it_has_no_lines() -> None:
    with growing(agent=True) as process:
        begun = Program(
            command(process.pid, "--yes", "--for", "100s"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert "asking the agent" in begun.line(begun.stderr)
        begun.send_signal(signal.SIGINT)
        told, _ = begun.communicate(timeout=60)
        document = json.loads(told)
        assert document["lines"] == []
        rung = next(rung for rung in document["rungs"] if rung["name"] == "agent")
        assert "ended before allocations were traced" in rung["reason"]
        assert process.poll() is None


def test_what_malloc_returns_is_told_when_asked_for() -> None:
    with growing(agent=True) as process:
        document = json.loads(heap(process.pid, "--yes", "--for", "1s", "--trim").stdout)
        assert any(text.startswith("malloc_trim gave ") for text in document["advice"])
        assert "malloc_trim" in document["touched"]


@pytest.mark.parametrize(("answer", "is_traced"), [("y", True), ("n", False)])
def test_a_person_at_a_terminal_is_asked(answer: str, is_traced: bool) -> None:
    with growing(agent=True) as process:
        ours, theirs = pty.openpty()
        try:
            begun = Program(
                command(process.pid, "--for", "2s"), stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
            )
            os.write(ours, f"{answer}\n".encode())
            told, _ = begun.communicate(timeout=100)
            assert bool(json.loads(told)["lines"]) is is_traced
            assert b"Go on? [y/N]" in _said(ours)
        finally:
            os.close(ours)
            os.close(theirs)


def _said(terminal: int) -> bytes:
    os.set_blocking(terminal, False)
    return os.read(terminal, 1 << 16)
