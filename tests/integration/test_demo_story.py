"""`leakdoc demo` as its user runs it, with the fix and without, side by side: nothing in it is scripted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import leakdoc
from leakdoc.model.decision import Decision
from tests.program import Program


@dataclass(frozen=True, slots=True)
class Told:
    """How one demo ended, what it said, and where its files are."""

    code: int
    said: str
    files: Path


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    started = {}
    for name, options in (("fixed", []), ("withheld", ["--without-fix"])):
        files = tmp_path_factory.mktemp(name) / "leakdoc-demo"
        command = [sys.executable, "-m", "leakdoc", "demo", "--quiet", "-o", str(files), *options]
        started[name] = files, Program(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        ended = {name: (files, *process.communicate(timeout=900)) for name, (files, process) in started.items()}
        yield {name: Told(started[name][1].returncode, said, files) for name, (files, said, _) in ended.items()}
    finally:
        for _, process in started.values():
            process.stop()


def test_the_fix_is_proven(demos: dict[str, Told]) -> None:
    told = demos["fixed"]
    assert told.code == 0, told.said
    assert "NORMALIZED" in told.said
    assert "0 lost over the roll-out" in told.said


def test_without_the_fix_the_proof_is_refused(demos: dict[str, Told]) -> None:
    told = demos["withheld"]
    assert told.code == 1, told.said
    assert json.loads((told.files / "proof.json").read_text())["decision"] == "not_fixed"


@pytest.mark.parametrize("name", ["fixed", "withheld"])
def test_the_leak_is_seen_in_memory_and_in_connections_to_that_peer(demos: dict[str, Told], name: str) -> None:
    findings = leakdoc.diagnose(demos[name].files / "before.leakdoc").findings
    leaking = {each.detector: each for each in findings if each.decision is Decision.LEAKING}
    assert {"growth", "unclosed_connections"} <= leaking.keys()
    assert leaking["unclosed_connections"].evidence["peer_kind"] == "postgres"


@pytest.mark.parametrize(("name", "code"), [("fixed", 0), ("withheld", 1)])
def test_the_evidence_can_be_rechecked_and_the_page_opens(demos: dict[str, Told], name: str, code: int) -> None:
    files = demos[name].files
    command = [sys.executable, "-m", "leakdoc", "recheck", str(files / "proof.json")]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == code
    assert (files / "report.html").read_text().startswith("<!doctype html>")
