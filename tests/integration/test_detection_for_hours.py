"""Real programs that leak, or only look so, watched for two hours each: ``make soak``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Program

PROGRAM = Path(__file__).parents[1] / "programs" / "long_runs.py"
HOURS = "2h"
PATIENCE_S = 3 * 3_600

pytestmark = pytest.mark.soak


def watched(kind: str, recording: Path) -> str:
    with Program([sys.executable, str(PROGRAM), kind], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.line() == "ready\n"
            command = [sys.executable, "-m", "leakdoc", "watch", str(program.pid), "--interval", "5s", "--for", HOURS]
            done = subprocess.run(
                [*command, "--record", str(recording), "--json"], capture_output=True, text=True, timeout=PATIENCE_S
            )
        finally:
            program.kill()
    return str(json.loads(done.stdout)["decision"])


@pytest.mark.parametrize("kind", ["leaks", "leaks_in_cycles", "leaks_rarely"])
def test_a_slow_leak_is_told_within_hours(kind: str, tmp_path: Path) -> None:
    assert watched(kind, tmp_path / "r.leakdoc") == "leaking"


@pytest.mark.parametrize("kind", ["fills_a_cache", "batches", "churns"])
def test_what_only_looks_so_is_not_called_a_leak(kind: str, tmp_path: Path) -> None:
    assert watched(kind, tmp_path / "r.leakdoc") != "leaking"
