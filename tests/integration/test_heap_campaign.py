"""Enter and leave many times, leakdoc killed midway in a quarter of them: no target is the worse for it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakdoc.attach.doors import door_into
from leakdoc.attach.injection import sent_agent
from leakdoc.sampling.clock import SystemClock
from leakdoc.sampling.procfs import ProcessDirectory
from tests.program import Program

PATIENCE_S = 60.0
CYCLES = 40  # for each of six targets

# Each counts its own work in a shared file's place: a line on its standard output every so often would fill the pipe.
HEAD = """
import asyncio, os, sys, threading, time
counter = os.open(sys.argv[1], os.O_RDWR)
done = 0
def work():
    global done
    done += 1
    sorted(str(n) for n in range(200))
    os.pwrite(counter, b"%012d" % done, 0)
print("ready", flush=True)
"""

TARGETS = {
    "busy": HEAD + "while True: work()",
    "idle": HEAD + "threading.Thread(target=lambda: [(work(), time.sleep(0.05)) for _ in iter(int, 1)], daemon=True)"
    ".start()\nthreading.Event().wait()",
    "threaded": HEAD + "for _ in range(4):\n"
    "    threading.Thread(target=lambda: [(work(), time.sleep(0.01)) for _ in iter(int, 1)], daemon=True).start()\n"
    "while True: time.sleep(0.02)",
    "asyncio": HEAD + "async def main():\n"
    "    while True:\n"
    "        await asyncio.gather(*(asyncio.sleep(0) for _ in range(5))); work(); await asyncio.sleep(0.002)\n"
    "asyncio.run(main())",
    "gevent": HEAD + "from gevent import monkey; monkey.patch_all()\n"
    "import gevent\n"
    "def works():\n"
    "    while True: work(); gevent.sleep(0.002)\n"
    "gevent.joinall([gevent.spawn(works) for _ in range(5)])",
    "forking": HEAD + "while True:\n"
    "    work()\n"
    "    child = os.fork()\n"
    "    if child == 0: os._exit(0)\n"
    "    assert os.waitpid(child, 0)[1] == 0; time.sleep(0.005)",
}


@contextlib.contextmanager
def target(name: str, counter: Path) -> Iterator[subprocess.Popen[str]]:
    counter.write_bytes(b"0" * 12)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", TARGETS[name], str(counter)]
    process = Program(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.line() == "ready\n"
        yield process
    finally:
        process.end()


def heap(pid: int) -> list[str]:
    options = ["--yes", "--json", "--quiet", "--for", "300ms", "--accept-oom-risk"]
    return [sys.executable, "-m", "leakdoc", "heap", str(pid), *options]


def enter(pid: int, *, kill_after_s: float | None) -> None:
    with Program(heap(pid), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as leakdoc:
        if kill_after_s is None:
            _, said = leakdoc.communicate(timeout=PATIENCE_S)
            assert leakdoc.returncode in (0, 3, 4), said
            assert "internal error" not in said
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                leakdoc.wait(kill_after_s)
            leakdoc.kill()


def goes_on(counter: Path) -> None:
    """Wait until the target has done something more."""
    before, end = counter.read_bytes(), time.monotonic() + PATIENCE_S
    while counter.read_bytes() == before:
        assert time.monotonic() < end, "the target stands still"
        time.sleep(0.01)


def traced(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("TracerPid:")) != 0


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_goes_on_however_often_it_is_entered(name: str, tmp_path: Path) -> None:
    if name == "gevent" and importlib.util.find_spec("gevent") is None:
        pytest.fail("this needs gevent: pip install gevent")
    counter = tmp_path / "counter"
    with target(name, counter) as process:
        for cycle in range(CYCLES):
            midway = 0.15 + 0.1 * (cycle % 16) if cycle % 4 == 3 else None
            enter(process.pid, kill_after_s=midway)
            assert process.poll() is None, f"the target ended in cycle {cycle}"
            goes_on(counter)
        end = time.monotonic() + PATIENCE_S
        while traced(process.pid) or _threads(process.pid) > _threads_of(name):
            assert time.monotonic() < end, "something of ours is left in the target"
            time.sleep(0.1)


@pytest.mark.soak
def test_gdb_lets_an_agent_in_where_nothing_else_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("gdb") is None:
        pytest.fail("this needs gdb: apt-get install gdb")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    counter = tmp_path / "counter"
    with target("threaded", counter) as process:
        directory = ProcessDirectory(process.pid)
        assert door_into(directory).name == "gdb"
        with sent_agent(directory, SystemClock(), threading.Event(), accept_oom_risk=True) as agent:
            assert agent.ask("hello")["pid"] == process.pid
        goes_on(counter)
        assert not traced(process.pid)


def _threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208


def _threads_of(name: str) -> int:
    return {"idle": 2, "threaded": 5}.get(name, 1)
