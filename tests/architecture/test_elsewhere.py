"""Files are judged where there is no Unix: `diagnose`, `verify`, `recheck` and `report` need none of its modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.testing.series import made_recording, made_samples

UNIX_ONLY = ("fcntl", "grp", "memray", "posix_ipc", "pwd", "pty", "resource", "syslog", "termios", "tty")

WITHOUT_UNIX = f"""
import sys
for name in {UNIX_ONLY!r}:
    sys.modules[name] = None
from leakdoc.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("elsewhere")
    leaking = [100e6 + 50_000.0 * row + 4096 * (row * 7 % 5) for row in range(600)]
    flat = [90e6 + 4096.0 * (row * 7 % 5) for row in range(600)]
    made_recording(directory / "before.leakdoc", made_samples({"rss_bytes": leaking}, pid=1))
    made_recording(directory / "after.leakdoc", made_samples({"rss_bytes": flat}, pid=2, first_at=1_700_001_000.0))
    return directory


def test_from_a_recording_to_a_page(place: Path) -> None:
    for arguments, code in (
        (["diagnose", "before.leakdoc"], 1),
        (["verify", "before.leakdoc", "after.leakdoc", "--proof", "proof.json"], 0),
        (["recheck", "proof.json"], 0),
        (["report", "proof.json", "-o", "proof.html"], 0),
        (["export", "before.leakdoc", "--to", "csv"], 0),
    ):
        command = [sys.executable, "-c", WITHOUT_UNIX, *arguments]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
