"""Targets in namespaces of their own, watched from others without any capability: as from another container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leakdoc.errors import TargetGone
from leakdoc.model.sample import Column
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target import resolve
from tests.integration.test_sampling_processes import go_on, running, until
from tests.program import Program

ROOT = Path(__file__).parents[2]
NOBODY = 65_534
HAS_NONE = 'print(next(line for line in open("/proc/self/status") if line.startswith("CapEff")).split()[1])'
RSS = Column("rss_bytes")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

HOLDS = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
kept = [socket.create_connection(server.getsockname()) for _ in range(3)]
print("ready", flush=True); sys.stdin.read()
"""
# Drop every capability for good, and run the rest of the line, which has none from then on although it is root's.
WITHOUT_CAPABILITIES = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for capability in range(64):
    libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""


def in_namespaces(code: str, *kinds: str) -> list[str]:
    lo = "ip link set lo up 2>/dev/null; " if "net" in kinds else ""
    return ["unshare", *(f"--{kind}" for kind in kinds), "sh", "-c", f'{lo}exec "$@"', "sh", sys.executable, "-c", code]


@contextmanager
def target(code: str, *kinds: str, capabilities: bool = True) -> Iterator[subprocess.Popen[str]]:
    command = in_namespaces(code, *kinds)
    if subprocess.run(in_namespaces("pass", *kinds), capture_output=True, check=False, timeout=60).returncode:
        pytest.skip(f"this machine allows no namespaces of one's own: unshare {' '.join(kinds)}")
    if not capabilities:
        place = command.index(sys.executable)
        command[place:place] = [sys.executable, "-c", WITHOUT_CAPABILITIES]
    with running(command) as process:
        yield process


def without_capabilities(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a container beside the target does: other mounts and groups, root's name, and no right at all."""
    if subprocess.run(
        ["unshare", "--mount", "--cgroup", "true"], capture_output=True, check=False, timeout=60
    ).returncode:
        pytest.skip("this machine allows no namespaces of one's own: unshare --mount --cgroup")
    command = ["unshare", "--mount", "--cgroup", sys.executable, "-c", WITHOUT_CAPABILITIES, sys.executable, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)


@needs_root
def test_another_container_of_the_same_user_is_watched_without_a_capability() -> None:
    assert int(without_capabilities("-c", HAS_NONE).stdout, 16) == 0
    with target(HOLDS, "mount", "cgroup", "net", capabilities=False) as process:
        pid = str(process.pid)
        done = without_capabilities("-m", "leakdoc", "watch", pid, "--for", "0s", "--quiet", "--record", "-")
    assert done.returncode == 3, done.stderr
    sample = json.loads(done.stdout.splitlines()[1])
    assert sample["values"]["rss_bytes"] > 2**20
    assert sample["values"]["connections"] == 3.0
    assert sample["values"]["heap_mapped_bytes"] > 0
    assert all(sample["unavailable"].values())


@needs_root
@pytest.mark.parametrize("capable", [True, False])
def test_a_target_of_another_user_is_read_by_who_may_and_what_is_denied_is_said(capable: bool) -> None:
    with Program(["sleep", "600"], user=NOBODY, group=NOBODY, extra_groups=[]) as process:
        words = ["-m", "leakdoc", "watch", str(process.pid), "--for", "0s", "--quiet", "--record", "-"]
        done = (
            subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, cwd=ROOT)
            if capable
            else without_capabilities(*words)
        )
        process.kill()
    sample = json.loads(done.stdout.splitlines()[1])
    assert sample["values"]["rss_bytes"] > 2**16
    denied = {name for name, reason in sample.get("unavailable", {}).items() if reason == "denied"}
    assert ("connections" in sample["values"], "connections" in denied) == (capable, not capable)
    assert ("heap_mapped_bytes" in sample["values"], "heap_mapped_bytes" in denied) == (capable, not capable)


@needs_root
def test_a_target_in_its_own_network_namespace_is_found_by_its_port() -> None:
    code = (
        "import socket, sys\nserver = socket.create_server(('0.0.0.0', 0))\n"
        "print('ready', flush=True); print(server.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with target(code, "net", "pid") as process:
        assert resolve(f":{int(process.line())}").pid == process.pid


def test_a_target_in_its_own_user_and_network_namespace_is_read() -> None:
    with target(HOLDS, "user", "map-root-user", "net") as process:
        values = Sampler(resolve(str(process.pid))).sample().values
    assert values[RSS] > 2**20
    assert values[Column("connections")] == 3.0


EXECS = """
import os, sys
print("ready", flush=True); sys.stdin.readline()
os.execv(sys.executable, [sys.executable, "-c", "import sys; print('ready', flush=True); sys.stdin.read()"])
"""


def test_a_process_that_becomes_another_program_is_the_same_life() -> None:
    with running([sys.executable, "-c", EXECS]) as process:
        sampler = Sampler(resolve(str(process.pid)))
        before = sampler.sample()
        go_on(process)
        after = sampler.sample()
    assert before.process == after.process
    assert after.values[RSS] > 2**20


# A process that ends, and then others until one is given its pid; in a pid namespace of its own it can be chosen.
REUSES = """
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def start(wanted):
    open("/proc/sys/kernel/ns_last_pid", "w").write(str(wanted - 1))
    pid = os.fork()
    if pid == 0:
        signal.pause()
    return pid
first = start(200)
assert first == 200, first
print("ready", flush=True); sys.stdin.readline()
os.kill(first, 9)
while True:
    try: os.kill(first, 0)
    except ProcessLookupError: break
while (second := start(200)) != 200:
    os.kill(second, 9)
print("ready", flush=True); sys.stdin.read()
"""


@needs_root
def test_a_pid_that_is_given_to_another_process_is_another_life() -> None:
    own = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*own, "true"], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("this machine allows no pids of one's own: unshare --pid --mount-proc")
    with running([*own, sys.executable, "-c", REUSES]) as process:
        (child,) = (int(each) for each in children_of(process.pid))
        (first,) = children_of(child)
        sampler, stop = Sampler(resolve(first)), threading.Event()
        next(sampler.iter_samples(0.01, stop))
        go_on(process)
        with pytest.raises(TargetGone):
            sampler.sample()
        until(lambda: len(children_of(child)) == 1)  # those that were given other pids are still ending
        (second,) = children_of(child)
        assert resolve(second).identity != sampler.target.identity


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
