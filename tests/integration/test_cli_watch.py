"""`leakdoc watch` and `leakdoc run` on real programs, as their user calls them."""

from __future__ import annotations

import array
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO

import psutil
import pytest

import leakdoc
from tests.integration.conftest import PROGRAMS, Start
from tests.program import Program

LEAKDOC = [sys.executable, "-m", "leakdoc"]
FAST = ["--interval", "0.1s"]


def call(*arguments: str | int, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LEAKDOC, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_leak_is_called_a_leak(start: Start) -> None:
    target = start("leaks_memory.py")
    done = call("watch", target.pid, *FAST, "--for", "120s", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["decision"]) == (1, "leaking"), done.stdout
    memory = document["findings"][0]
    assert memory["metric"] == "rss_bytes"
    assert memory["slope_per_hour"]["low"] > 1e9
    assert document["subject"]["pid"] == target.pid


def test_a_program_that_keeps_still_is_not(start: Start) -> None:
    target = start("keeps_still.py")
    done = call("watch", target.pid, *FAST, "--for", "120s", "--smallest", "200MiB/h", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["decision"]) == (0, "stable"), done.stdout


def test_unclosed_connections_are_named_by_their_peer(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        port = server.getsockname()[1]
        target = start("leaks_sockets.py", str(port))
        done = call("watch", target.pid, "--interval", "0.4s", "--for", "120s", "--json")
    document = json.loads(done.stdout)
    found = [each for each in document["findings"] if each["detector"] == "unclosed_connections"]
    assert (done.returncode, document["decision"]) == (1, "leaking"), done.stdout
    assert [each["evidence"]["peer"] for each in found] == [f"127.0.0.1:{port}"]
    assert found[0]["decision"] == "leaking"
    assert found[0]["evidence"]["states"]["ESTABLISHED"] >= 20


def test_the_last_screen_has_at_most_twelve_lines_and_the_recording_gives_the_same_verdict(
    start: Start, tmp_path: Path
) -> None:
    recording = tmp_path / "before.leakdoc"
    done = call("watch", start("leaks_memory.py").pid, *FAST, "--record", recording)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) <= 12
    assert done.stdout.startswith("LEAKING  leaks_memory pid ")
    again = call("diagnose", recording)
    assert again.returncode == 1
    assert again.stdout.splitlines()[0] == done.stdout.splitlines()[0]
    assert recording.stat().st_mode & 0o777 == 0o600


def test_no_time_is_one_sample_and_undecided(start: Start) -> None:
    done = call("watch", start("keeps_still.py").pid, "--for", "0s", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 3
    assert (document["decision"], document["window"]["samples"]) == ("inconclusive", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_watch_with_its_verdict_and_a_recording_that_opens(
    number: signal.Signals, start: Start, tmp_path: Path
) -> None:
    recording = tmp_path / "r.leakdoc"
    target = start("keeps_still.py")
    command = [*LEAKDOC, "watch", str(target.pid), *FAST, "--record", str(recording), "--json"]
    with Program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        watch.line(watch.stderr)  # the first look
        watch.send_signal(number)
        output, _ = watch.communicate(timeout=90)
    assert json.loads(output)["window"]["samples"] >= 30
    assert watch.returncode in (0, 3)
    assert len(leakdoc.load_trace(recording)) >= 30


def test_a_target_that_dies_leaves_the_verdict_so_far(start: Start, tmp_path: Path) -> None:
    recording = tmp_path / "r.leakdoc"
    target = start("keeps_still.py")
    command = [*LEAKDOC, "watch", str(target.pid), *FAST, "--record", str(recording), "--json"]
    with Program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        watch.line(watch.stderr)
        target.end()
        output, _ = watch.communicate(timeout=90)
    document = json.loads(output)
    assert watch.returncode in (0, 3)
    assert document["ending"]["cause"] in ("unknown", "signalled")
    assert len(leakdoc.load_trace(recording)) == document["window"]["samples"]


def test_run_passes_the_exit_status_on() -> None:
    program = "import time; time.sleep(3); raise SystemExit(7)"
    done = call("run", *FAST, "--json", "--", sys.executable, "-c", program)
    document = json.loads(done.stdout)
    assert document["ending"]["exit_status"] == 7
    assert document["ending"]["cause"] == "exited"


def test_a_command_that_ends_at_once_is_told_with_its_status() -> None:
    done = call("run", "--", "false")
    assert done.returncode == 4
    assert "exit status 1" in done.stderr
    assert "zombie" not in done.stderr


def test_run_leaves_nothing_of_its_command_behind(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    done = call("run", "--for", "1s", *FAST, "--quiet", "--", "sh", "-c", f"sleep 600 & echo $! > {told}; wait")
    assert done.returncode == 3
    assert not lives(int(told.read_text()))


def test_a_daemon_that_a_command_starts_goes_on_without_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    daemon = """(setsid sh -c 'echo $$ > "$0"; exec sleep 600' "$0" </dev/null >/dev/null 2>&1 &)"""
    starts = f'{daemon}; while ! test -s "$0"; do sleep 0.05; done; sleep 3'
    done = call("run", *FAST, "--quiet", "--", "sh", "-c", starts, str(told), timeout=120)
    pid = int(told.read_text())
    try:
        assert done.returncode == 3
        assert lives(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_run_ends_its_command_after_the_time_given() -> None:
    done = call("run", "--for", "1s", *FAST, "--json", "--", sys.executable, str(PROGRAMS / "keeps_still.py"))
    document = json.loads(done.stdout)
    assert document["ending"]["signal"] == signal.SIGTERM
    assert "ready" in done.stderr


GONE = 2**22 + 1  # above the largest pid that Linux gives


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["watch", str(GONE)], 4, "no process with pid"),
        (["watch", "payments"], 2, "not a target"),
        (["watch"], 2, "TARGET"),
        (["watch", "1", "--for", "soon"], 2, "not a duration"),
        (["watch", "1", "--interval", "0s"], 2, "more than 0"),
        (["watch", "1", "--limit", "0"], 2, "more than 0"),
        (["watch", str(os.getpid()), "--policy", "growth.smalest=1"], 2, "smallest"),
        (["run"], 2, "after --"),
        (["run", "--", "no-such-program-anywhere"], 2, "cannot start"),
        (["frobnicate"], 2, "invalid choice"),
        ([], 2, "COMMAND"),
    ],
)
def test_bad_input_is_told_without_a_traceback(arguments: list[str], code: int, words: str) -> None:
    done = call(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_zombie_is_told_apart() -> None:
    with Program([sys.executable, "-c", "pass"]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        done = call("watch", zombie.pid)
    assert done.returncode == 4
    assert "zombie" in done.stderr


def test_a_recording_that_cannot_be_written_is_told_before_anything_starts(start: Start, tmp_path: Path) -> None:
    done = call("watch", start("keeps_still.py").pid, "--record", tmp_path / "no" / "where.leakdoc")
    assert done.returncode == 4
    assert "where.leakdoc" in done.stderr
    assert "Traceback" not in done.stderr


def test_somebody_elses_file_is_not_overwritten(start: Start, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary\n" * 100)
    done = call("watch", start("keeps_still.py").pid, "--record", notes)
    assert done.returncode == 4
    assert notes.read_text().startswith("dear diary")


def test_a_reader_that_has_paused_does_not_keep_a_watch_from_ending(start: Start) -> None:
    """Nobody reads the samples; a pipe of one page is full at once."""
    command = [*LEAKDOC, "watch", str(start("keeps_still.py").pid), "--interval", "1ms", "--record", "-"]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "pipesize": 4096, "text": True}
    with Program([*command, "--until-stopped", "--quiet"], **settings) as watch:
        deadline = time.monotonic() + 60
        while not held_by(watch.stdout):
            assert time.monotonic() < deadline, "the pipe does not fill"
            time.sleep(0.02)
        watch.terminate()
        assert watch.wait() in (0, 3, 4)
        assert "has paused" in watch.rest(watch.stderr)
        assert all(json.loads(line) for line in watch.rest().splitlines()[:-1])


def held_by(pipe: IO[str]) -> int:
    found = array.array("i", [0])
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, found)
    return found[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_keeps_what_was_recorded(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("this machine allows no mounts: mount -t tmpfs")
    try:
        target = start("keeps_still.py")
        done = call("watch", target.pid, "--interval", "1ms", "--record", disk / "r.leakdoc", "--json", "--for", "60s")
        assert done.returncode == 4
        assert "cannot grow" in done.stderr
        assert json.loads(done.stdout)["window"]["samples"] > 30
        assert len(leakdoc.load_trace(disk / "r.leakdoc")) > 30
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=60)
