"""What keeps connections open, told by the objects inside a process: with an agent of its own, and with one sent."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from leakdoc.attach.agent_file import with_agent
from leakdoc.attribution.connection_keepers import SENT, THERE, connection_keepers
from leakdoc.model.peer import Kept
from leakdoc.sampling.sockets.peers import OUT, Group
from tests.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and enters by ptrace")
CAN_SEND = platform.machine() == "x86_64"
sends = pytest.mark.skipif(not CAN_SEND, reason="an agent is sent on Linux on x86-64 only")
PATIENCE_S = 60.0
LEAKS = """
import asyncio, socket, sys, threading
port = int(sys.argv[1])
class Ledger:
    def __init__(self):
        self.open = {}
ledger = Ledger()
for number in range(600):
    ledger.open[number] = socket.create_connection(("127.0.0.1", port))
lost = []
async def stream():
    for _ in range(3):
        lost.append(await asyncio.open_connection("127.0.0.1", port))
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(stream())
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield int(server.getsockname()[1])


def kept_by(program: Path, port: int, environment: Mapping[str, str]) -> Kept:
    command = [sys.executable, str(program), str(port)]
    with Program(command, stdout=subprocess.PIPE, text=True, env=dict(environment)) as process:
        try:
            assert process.line() == "ready\n"
            group = Group(OUT, f"127.0.0.1:{port}", "tcp")
            deadline = time.monotonic() + PATIENCE_S
            found = connection_keepers(process.pid, lambda _: group, accept_oom_risk=True)
            while found.asked is None and time.monotonic() < deadline:  # a machine that is busy may let it in too late
                time.sleep(0.5)
                found = connection_keepers(process.pid, lambda _: group, accept_oom_risk=True)
            assert process.poll() is None
            return found
        finally:
            process.kill()


@pytest.mark.parametrize("has_agent", [True, pytest.param(False, marks=sends)])
def test_what_keeps_connections_open_is_named(tmp_path: Path, port: int, has_agent: bool) -> None:
    program = tmp_path / "leaks.py"
    program.write_text(LEAKS)
    found = kept_by(program, port, with_agent(os.environ) if has_agent else os.environ)
    assert found.asked == (THERE if has_agent else SENT), found.reason
    first, second = found.by[:2]  # and the sockets by which the loop wakes itself, which real groups leave out
    assert first["count"] == 600
    assert [hop["name"] for hop in first["path"]] == [
        "module __main__",
        "Ledger ledger",
        "dict open (600 items)",
        "socket.socket [int]",
    ]
    assert second["count"] == 3
    assert [hop["name"] for hop in second["path"]][:2] == ["module __main__", "list lost (3 items)"]


def test_where_nobody_can_be_asked_the_reason_is_told() -> None:
    with Program(["/bin/sleep", "60"]) as process:
        try:
            found = connection_keepers(process.pid, lambda _: None)
        finally:
            process.kill()
    assert found.asked is None
    assert found.reason
