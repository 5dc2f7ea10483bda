"""Waiting for programs in tests ends, also where what they started holds their pipes or heeds nobody."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests import program
from tests.program import Program

LEAVES_A_CHILD = "sleep 600 & echo $! > {file}; echo ready; {then}"


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("then", ["wait", "exit 0", "trap '' TERM; wait; sleep 600"])
@pytest.mark.parametrize("way", ["end", "stop", "leave"])
def test_a_child_that_holds_the_pipe_ends_with_its_program(
    then: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pid"
    process = Program(["sh", "-c", LEAVES_A_CHILD.format(file=file, then=then)], stdout=subprocess.PIPE, text=True)
    assert process.line() == "ready\n"
    if way == "leave":
        with pytest.raises(ZeroDivisionError), process:
            raise ZeroDivisionError
    elif way == "stop":
        monkeypatch.setattr(program, "ASKED_S", 0.2)
        process.stop()
    else:
        process.end()
    assert process.returncode is not None
    deadline = time.monotonic() + program.PATIENCE_S
    while not is_gone(int(file.read_text())):
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)


@pytest.mark.parametrize("listen", [Program.line, Program.rest])
def test_one_that_keeps_silent_is_ended_and_has_said_nothing(listen, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Program(["sh", "-c", "sleep 600 & sleep 600"], stdout=subprocess.PIPE, text=True)
    monkeypatch.setattr(program, "SILENT_S", 0.2)
    assert listen(process) == ""
    process.end()
