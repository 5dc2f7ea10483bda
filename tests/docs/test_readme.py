"""README's commands and snippets do what they are there for, on a real process and real files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.cli.parser import COMMANDS
from leakdoc.testing.series import made_recording, made_samples
from tests.docs.commands import ROOT, blocks, commands, leakdoc_commands
from tests.program import Program

README = "README.md"
PROGRAM = Path(__file__).parents[1] / "programs" / "leaks_memory.py"
SHORTER = {
    "watch": ["--interval", "50ms", "--for", "60s"],
    "connections": ["--interval", "50ms", "--for", "2s"],
    "heap": ["--for", "5s"],
}
EXPECTED = {"watch": {1}, "connections": {0, 3}, "heap": {0, 3}, "verify": {0}, "recheck": {0}, "report": {0}}
START, END = 1_700_000_000.0, 1_700_000_600.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the recordings and the CSVs that README names: a leak, and what its fix left."""
    directory = tmp_path_factory.mktemp("readme")
    wobble = [4096.0 * (row * 7 % 5) for row in range(600)]
    leaking = [100e6 + 50_000.0 * row + wobble[row] for row in range(600)]
    flat = [90e6 + wobble[row] for row in range(600)]
    before = made_samples({"rss_bytes": leaking}, pid=1, first_at=START)
    after = made_samples({"rss_bytes": flat}, pid=2, first_at=END)
    made_recording(directory / "before.leakdoc", before)
    made_recording(directory / "after.leakdoc", after)
    for name, values, first in (("before", leaking, START), ("after", flat, END)):
        rows = "".join(f"{first + row},{value}\n" for row, value in enumerate(values))
        (directory / f"{name}.csv").write_text(f"time,rss_bytes\n{rows}")
    return directory


@pytest.fixture
def pid() -> object:
    with Program([sys.executable, str(PROGRAM)], stdout=subprocess.DEVNULL) as process:
        yield process.pid
        process.kill()


def run(command: list[str], place: Path, pid: int) -> subprocess.CompletedProcess[str]:
    words = [str(pid) if word == "4242" else word for word in command[1:]]
    words = ["here.leakdoc" if word == "before.leakdoc" and words[0] == "watch" else word for word in words]
    line = [sys.executable, "-m", "leakdoc", *words, *SHORTER.get(words[0], [])]
    return subprocess.run(line, cwd=place, capture_output=True, text=True, timeout=120)


def test_every_command_of_the_readme_does_its_job(place: Path, pid: int) -> None:
    shown = [command for document, command in leakdoc_commands() if document == README]
    assert {command[1] for command in shown} == EXPECTED.keys()
    for command in shown:
        done = run(command, place, pid)
        assert done.returncode in EXPECTED[command[1]], f"{command}: {done.stdout}{done.stderr}"
    assert (place / "proof.html").read_text().startswith("<!doctype html>")


def test_the_python_snippets_run(place: Path, pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    snippets = [block for block in blocks("python") if block.document == README]
    assert snippets
    for block in snippets:
        text = block.text.replace("for_s=60, interval_s=0.5", "for_s=3, interval_s=0.05")
        assert text != block.text, "the snippet's watch should be shortened here"
        exec(compile(text, README, "exec"), {"pid": pid})


def test_the_table_of_commands_is_the_command_line() -> None:
    listed = re.findall(r"^\| `leakdoc (\w+)", (ROOT / README).read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(command.name for command in COMMANDS)


def test_every_command_says_what_it_reads_writes_needs_and_touches() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    told = {word for row in rows for word in re.findall(r"`(\w+)", row)}
    assert {command.name for command in COMMANDS} <= told


def test_the_two_commands_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {command[1] for block in blocks("console") for command in commands(block) if command[0] == "make"}
    assert named == {"demo", "test"}
    assert named <= targets


def test_links_between_the_documents_lead_somewhere() -> None:
    for path in (ROOT / README, *sorted((ROOT / "docs").rglob("*.md"))):
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name} links to {link}, which is not there"


def test_the_decisions_of_the_readme_are_those_of_the_code() -> None:
    from leakdoc.model.decision import Decision

    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / README).read_text(), re.MULTILINE))
    assert listed <= {str(decision) for decision in Decision}
    assert {"leaking", "stable", "inconclusive"} <= listed
