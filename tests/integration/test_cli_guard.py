"""``leakdoc guard`` on a real service behind a port: it leaks, is rolled back once, and the old build serves again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.test_verification_cli import csv
from tests.program import Program
from tests.unit.verification_scenes import ages, sound

SERVICE = """
import socket, sys, time
leaks = sys.argv[2] == "leaks"
server = socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=False)
print("ready", flush=True)
kept = []
while True:
    if leaks:
        kept.append(bytes(300_000))
    time.sleep(0.02)
"""


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def service(tmp_path, port):
    program = tmp_path / "service.py"
    program.write_text(SERVICE, encoding="utf-8")
    process = Program([sys.executable, str(program), str(port), "leaks"], stdout=subprocess.PIPE, text=True)
    assert process.line() == "ready\n"
    yield process, program
    process.end()


def guard(tmp_path, port, rollback: str):
    before = csv(tmp_path / "before.csv", sound(ages(60.0), at=0.0))
    words = [sys.executable, "-m", "leakdoc", "guard", f":{port}", "--before", before, "--interval", "200ms"]
    done = subprocess.run(
        [*words, "--for", "120s", "--rollback", rollback, "--json", "--proof", str(tmp_path / "proof.json")],
        capture_output=True, text=True, timeout=300, env=os.environ,
    )  # fmt: skip
    return done, json.loads(done.stdout)


@pytest.mark.soak
def test_leak_is_rolled_back_once_and_counts_when_another_process_serves(tmp_path, port, service):
    process, program = service
    log, pid = tmp_path / "log", tmp_path / "pid"
    script = tmp_path / "rollback.sh"
    script.write_text(
        f"#!/bin/sh\necho once >> {log}\nkill {process.pid}\n"
        f"while kill -0 {process.pid} 2>/dev/null; do sleep 0.1; done\n"
        f"{sys.executable} {program} {port} still > /dev/null 2>&1 &\necho $! > {pid}\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie, which kill -0 still finds
    try:
        done, document = guard(tmp_path, port, str(script))
    finally:
        if pid.exists():
            os.kill(int(pid.read_text()), 9)
    assert done.returncode == 1, done.stderr
    assert (document["decision"], document["harm"]) == ("worse", "worse")
    assert document["rollback"]["verified"] is True
    assert log.read_text() == "once\n"
    assert Path(tmp_path / "proof.json").exists()


@pytest.mark.soak
def test_rollback_that_fails_calls_for_a_person(tmp_path, port, service):
    done, document = guard(tmp_path, port, "sh -c 'echo no; exit 3'")
    assert done.returncode == 4
    assert document["rollback"]["verified"] is False
    assert document["rollback"]["output"] == "no"
    assert "a person is needed" in document["rollback"]["reason"]
