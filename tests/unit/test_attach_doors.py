"""Which way into a process is chosen, and what each would do: the gentlest that nothing hinders, with its cost."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from leakdoc.attach import debugger, preflight, remote_exec
from leakdoc.attach.doors import DOORS, door_into
from leakdoc.attach.interpreter import Interpreter
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import SystemClock
from leakdoc.sampling.procfs import ProcessDirectory

ME = ProcessDirectory(os.getpid())


@pytest.fixture
def on_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")


def without_gdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugger.shutil, "which", lambda _: None)


def test_where_no_way_leads_in_each_says_why(monkeypatch: pytest.MonkeyPatch, on_arm: None) -> None:
    without_gdb(monkeypatch)
    monkeypatch.delattr(sys, "remote_exec", raising=False)
    with pytest.raises(
        AttachRefused, match=r"x86-64 only, not Linux on aarch64.*older than 3\.14.*gdb is not"
    ) as refused:
        door_into(ME)
    assert "leakdoc run --agent" in str(refused.value.help)


def test_another_processor_is_entered_by_gdb_where_it_is_there(monkeypatch: pytest.MonkeyPatch, on_arm: None) -> None:
    monkeypatch.setattr(debugger.shutil, "which", lambda _: "/usr/bin/gdb")
    monkeypatch.delattr(sys, "remote_exec", raising=False)
    door = door_into(ME)
    assert (door.name, door.needs_bytes) == ("gdb", debugger.PEAK_BYTES)
    assert "half a second" in door.cost


@pytest.mark.parametrize(
    ("theirs", "hindered"), [((3, 14, 2), None), ((3, 13, 0), "older than 3.14"), ((3, 15, 0), "leakdoc's 3.14")]
)
def test_the_interpreters_own_door_is_for_one_version_on_both_sides(
    monkeypatch: pytest.MonkeyPatch, theirs: tuple[int, int, int], hindered: str | None
) -> None:
    monkeypatch.setattr(sys, "remote_exec", lambda *_: None, raising=False)
    monkeypatch.setattr(remote_exec.sys, "version_info", (3, 14, 0, "final", 0))
    monkeypatch.setattr(remote_exec, "interpreter_of", lambda _: Interpreter(version=theirs, addresses={}))
    why = remote_exec.hindrance(ME)
    assert why is None if hindered is None else why is not None and hindered in why


def test_the_interpreters_own_door_is_given_a_file_that_leaves_no_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[int, str]] = []
    monkeypatch.setattr(sys, "remote_exec", lambda *words: asked.append(words), raising=False)
    with pytest.raises(AttachRefused, match="cannot be named from here"):
        remote_exec.enter(ME, str(tmp_path / "go.py"), SystemClock(), threading.Event())
    (tmp_path / remote_exec.ENTRY).write_text("")
    remote_exec.enter(ME, str(tmp_path / "go.py"), SystemClock(), threading.Event())
    assert asked == [(os.getpid(), str(tmp_path / remote_exec.ENTRY))]


def test_what_the_interpreter_refuses_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("remote debugging is not enabled in it")

    monkeypatch.setattr(sys, "remote_exec", refuses, raising=False)
    (tmp_path / remote_exec.ENTRY).write_text("")
    with pytest.raises(AttachRefused, match="not enabled"):
        remote_exec.enter(ME, str(tmp_path / "go.py"), SystemClock(), threading.Event())


def test_gdb_asks_the_targets_allocator_for_nothing() -> None:
    words = " ".join(debugger.commands(ME, "/tmp/somewhere/go.py"))
    assert "malloc" not in words
    assert '"' not in words.replace('printf "leakdoc-entered', "").replace('%d\\n"', "")  # a text would be allocated
    assert words.index("$room =") < words.index("$refused =")


def test_the_gentlest_comes_first() -> None:
    assert [door.name for door in DOORS] == ["held thread", "sys.remote_exec", "gdb"]


def test_what_filters_system_calls_is_noticed_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert preflight._may_call_ptrace()
    subject = preflight.Subject(directory=ME)
    preflight._seccomp(subject)
    monkeypatch.setattr(preflight, "_may_call_ptrace", lambda: False)
    with pytest.raises(AttachRefused, match="keeps ptrace from leakdoc"):
        preflight._seccomp(subject)
    monkeypatch.setattr(preflight, "parse_status", lambda _: {"Seccomp": 1})
    with pytest.raises(AttachRefused, match="strict mode"):
        preflight._seccomp(subject)


# A filter that answers ptrace with EPERM, as that of an old Docker does: linux/filter.h, linux/seccomp.h, x86-64.
FILTERED = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 101), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
asked = Program(len(steps), ctypes.addressof(program))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(asked), 0, 0) == 0
from leakdoc.attach.preflight import _may_call_ptrace
print(_may_call_ptrace())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of the system call is that of x86-64")
def test_a_filter_that_refuses_ptrace_is_found_by_asking() -> None:
    done = subprocess.run([sys.executable, "-c", FILTERED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
