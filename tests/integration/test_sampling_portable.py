"""The plan for systems without /proc, which works wherever psutil does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from leakdoc.errors import TargetGone
from leakdoc.model.sample import Column, Reason
from leakdoc.sampling.portable import MISSING, portable_plan, portable_target
from leakdoc.sampling.process import make_target
from leakdoc.sampling.sampler import Sampler
from tests.program import Program

CONNECTS = """
import socket, sys
kept = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(3)]
print("ready", flush=True)
sys.stdin.read()
"""


def test_what_psutil_tells_is_read_and_the_rest_is_said_to_be_missing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-c", CONNECTS, str(port)]
        process = Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.line() == "ready\n"
        target = portable_target(process.pid)
        sampler = Sampler(target, portable_plan(target))
        sample = sampler.sample()
        process.communicate()
    values = {column.metric: value for column, value in sample.values.items() if not column.labels}
    assert values["rss_bytes"] > 1 << 20
    assert (values["threads"], values["connections"]) == (1.0, 3.0)
    assert values["open_fds"] >= 3.0
    labels = {"direction": "out", "peer": f"127.0.0.1:{port}", "peer_kind": "tcp", "state": "ESTABLISHED"}
    assert sample.values[Column.of("connections", **labels)] == 3.0
    assert sample.unavailable == dict.fromkeys(MISSING, Reason.UNSUPPORTED)
    with pytest.raises(TargetGone):
        sampler.sample()
    ending = sampler.ending()
    assert ending is not None and ending.cause == "unknown"
    with pytest.raises(TargetGone):
        portable_target(process.pid)


def test_another_start_is_another_process() -> None:
    own = portable_target(os.getpid())
    stale = make_target(replace(own.identity, started_at=1.0), own.name)
    with pytest.raises(TargetGone):
        portable_plan(stale)


@pytest.mark.parametrize(("refusal", "ended"), [(psutil.NoSuchProcess(1), True), (psutil.AccessDenied(1), False)])
def test_a_refusal_to_tell_a_state_is_no_crash(
    refusal: psutil.Error, ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What macOS and Windows answer in the moment in which a process ends, or changes its owner."""

    def refuse(process: psutil.Process) -> str:
        raise refusal

    plan = portable_plan(portable_target(os.getpid()))
    monkeypatch.setattr(psutil.Process, "status", refuse)
    assert plan.lifeline.has_ended() is ended


def test_a_process_whose_arguments_are_hidden_is_a_target_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What macOS answers for the arguments of somebody else's process."""

    def refuse(process: psutil.Process) -> list[str]:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "cmdline", refuse)
    monkeypatch.setattr(psutil.Process, "name", lambda process: "payments")
    assert portable_target(os.getpid()).name == "payments"
