"""Children of the demo that never get ready, or leave somebody with their pipe, are not waited for without an end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from leakdoc.demo import lifeline
from tests.program import PATIENCE_S, Program


def test_a_child_that_never_says_that_it_is_ready_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "_READY_S", 0.3)
    child = lifeline.start_module("leakdoc.demo.keeper", "--directory", str(tmp_path), "--", "sleep", "600")
    assert lifeline.first_line(child) == ""
    assert child.wait(PATIENCE_S) != 0
    lifeline.end(child)


def test_what_a_killed_child_leaves_with_its_pipe_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; echo ready; sleep 600 & sleep 600; sleep 600"]
    with Program(stubborn, stdout=subprocess.PIPE, text=True) as child:
        assert lifeline.first_line(child) == "ready\n"
        monkeypatch.setattr(child, "communicate", hasty(child.communicate))
        lifeline.end(child)
        assert child.returncode is not None


def hasty(communicate):  # type: ignore[no-untyped-def]
    """Give up the first wait at once, and wait as asked from then on."""
    waits = iter([0.3])
    return lambda timeout: communicate(timeout=next(waits, timeout))
