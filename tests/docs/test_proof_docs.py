"""The commands of docs/proof.md do what they say, on files of those names."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.cli.parser import parse
from tests.docs.commands import blocks

EPOCH = 1_763_867_000.0
ROLLOUT = 1_795_403_520.0  # 2026-11-23T03:12Z
LINES = [line for block in blocks("sh") if block.document == "docs/proof.md" for line in block.text.splitlines()]
KNOWN = {"before.leakdoc": "leak.csv", "after.leakdoc": "fixed.csv", "~/.ssh/release": "release"}
COMMANDS = [shlex.split(line, comments=True)[1:] for line in LINES if line.startswith("leakdoc ")]


def table(path: Path, header: str, rows: list[tuple[float, ...]]) -> None:
    told = "".join(",".join(f"{value:g}" if place else f"{value:.0f}" for place, value in enumerate(row)) + "\n"
                   for row in rows)  # fmt: skip
    path.write_text(f"{header}\n{told}", encoding="utf-8")


def memory(first: float, per_row: float, readings: int = 400) -> list[tuple[float, ...]]:
    return [(first + 5.0 * row, 100e6 + per_row * row + 4096.0 * (row * 7 % 5)) for row in range(readings)]


def levels(first: float, latency: float, waiters: float, readings: int = 150) -> list[tuple[float, ...]]:
    return [(first + 5.0 * row, latency * (1.0 + 0.05 * (row * 7 % 5)), waiters) for row in range(readings)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the commands name."""
    folder = tmp_path_factory.mktemp("proof")
    table(folder / "leak.csv", "time,rss_bytes", memory(EPOCH, 50_000.0))
    table(folder / "fixed.csv", "time,rss_bytes", memory(EPOCH + 9_000.0, 0.0))
    week = [*memory(ROLLOUT - 2_000.0, 50_000.0), *memory(ROLLOUT, 0.0)]
    table(folder / "week.csv", "time,rss_bytes", week)
    quiet, bad = levels(ROLLOUT - 750.0, 0.2, 0.0), levels(ROLLOUT, 1.6, 30.0)
    header = "time,latency_p99_s,pool_waiters"
    table(folder / "incident.csv", header, [*quiet, *bad])
    table(folder / "after.csv", header, levels(ROLLOUT + 5_000.0, 0.2, 0.0, 240))
    table(folder / "quiet.csv", header, levels(ROLLOUT - 5_000.0, 0.2, 0.0))
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "release")], check=True, timeout=60
    )
    public = (folder / "release.pub").read_text(encoding="utf-8")
    (folder / "allowed_signers").write_text(f"release@example.org {public}", encoding="utf-8")
    return folder


def test_there_are_commands() -> None:
    assert {words[0] for words in COMMANDS} == {"verify", "recheck"}
    assert sum("--recovered" in words for words in COMMANDS) == 2


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_ends_as_it_is_told(
    words: list[str], place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    if "4242" in words:  # a live target, for hours
        assert parse(words).wait
        return
    if words[0] == "recheck":
        assert main(["verify", "leak.csv", "fixed.csv", "--proof", "proof.json", "--sign", "release"]) == 0
    assert main([KNOWN.get(word, word) for word in words]) == 0, capsys.readouterr()
    assert "NORMALIZED" in capsys.readouterr().out
