"""What a run leaves behind, a recording or a proof, is not handed on with the sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AT_THE_TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "docs",
    "leakdoc",
    "playbook_steps",
    "pyproject.toml",
    "tests",
}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="sources without their history")
def test_only_sources_lie_at_the_top_of_the_tree() -> None:
    ask = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z"]
    tracked = subprocess.run(ask, check=True, capture_output=True, text=True, timeout=60).stdout
    assert {path.split("/")[0] for path in tracked.split("\0") if path} == AT_THE_TOP
