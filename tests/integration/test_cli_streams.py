"""Commands whose input, output or both ends of what they say were closed when they were started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def leakdoc(*words: str, closed: str, place: Path) -> subprocess.CompletedProcess[str]:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "leakdoc"]
    return subprocess.run([*shell, *words], cwd=place, capture_output=True, text=True, timeout=60)


def test_what_is_said_beside_the_answer_does_not_get_into_it(tmp_path: Path) -> None:
    watch = ("watch", str(os.getpid()), "--for", "0s", "--json", "--record", "r.leakdoc")
    done = leakdoc(*watch, closed="2>&-", place=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout)["decision"] == "inconclusive"
    assert (tmp_path / "r.leakdoc").is_file()


@pytest.mark.parametrize(
    ("words", "code"),
    [("agent", 0), ("scan . --json", 1), ("export leak.csv --to csv", 0), ("diagnose leak.csv", 1), ("nonsense", 2)],
)
@pytest.mark.parametrize("closed", [">&-", "<&- >&-"])
def test_an_answer_that_nobody_can_read_changes_no_decision(words: str, code: int, closed: str, tmp_path: Path) -> None:
    rows = [f"{1_700_000_000 + at},{100_000_000 + 50_000 * at}" for at in range(600)]
    (tmp_path / "leak.csv").write_text("\n".join(["time,rss_bytes", *rows]) + "\n", encoding="utf-8")
    done = leakdoc(*words.split(), closed=closed, place=tmp_path)
    assert done.returncode == code, done.stderr
    assert "internal error" not in done.stderr
