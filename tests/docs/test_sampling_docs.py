"""The commands of the pages on targets and on always-on watches run, on a real process, in a moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.cli.parser import full_parser
from tests.docs.commands import ROOT, leakdoc_commands
from tests.program import Program

PAGES = ("docs/targets.md", "docs/always-on.md")
SHOWN = [(page, command) for page, command in leakdoc_commands() if page in PAGES]
INCONCLUSIVE = 3


def test_both_pages_show_commands() -> None:
    assert {page for page, _ in SHOWN} == set(PAGES)


@pytest.mark.parametrize(("page", "command"), SHOWN, ids=lambda each: " ".join(each) if isinstance(each, list) else "")
def test_a_command_parses(page: str, command: list[str]) -> None:
    assert full_parser().parse_args(command[1:]).execute


def test_the_watches_do_their_job(tmp_path: Path) -> None:
    program = ROOT / "tests" / "programs" / "keeps_still.py"
    with Program([sys.executable, str(program)], stdout=subprocess.DEVNULL) as process:
        for _, command in SHOWN:
            if command[1] != "watch":
                continue
            words = [str(process.pid) if word == "4242" else word for word in command[1:] if word != "--until-stopped"]
            line = [sys.executable, "-m", "leakdoc", *words, "--for", "0s"]
            done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
            assert done.returncode == INCONCLUSIVE, f"{words}: {done.stderr}"
        process.kill()
    assert (tmp_path / "before.leakdoc").exists()
