"""`leakdoc diagnose` on files as its user has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.demo.story import files_in
from leakdoc.errors import UsageError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = range(600)
    for name, values in (
        ("leak", [100e6 + 50_000 * row + 4096 * (row * 7 % 5) for row in rows]),
        ("flat", [100e6 + 4096 * (row * 7 % 5) for row in rows]),
    ):
        text = "".join(f"{row},{value}\n" for row, value in zip(rows, values, strict=True))
        (tmp_path / f"{name}.csv").write_text(f"time,rss_bytes\n{text}")
    (tmp_path / "bad.csv").write_text("time,rss_bytes\n1,much\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["leak.csv"], 1),
        (["flat.csv"], 0),
        (["bad.csv"], 4),
        (["flat.csv", "leak.csv"], 1),
        (["flat.csv", "bad.csv"], 4),
        (["bad.csv", "leak.csv"], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(place: Path, files: list[str], code: int) -> None:
    assert main(["diagnose", *files]) == code


def test_one_bad_file_does_not_lose_the_verdicts_on_others(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", "bad.csv", "leak.csv", "--json"])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [each["decision"] for each in document["diagnoses"]] == ["leaking"]
    (skipped,) = document["skipped"]
    assert skipped["subject"] == "bad.csv"
    assert "line 2" in skipped["reason"]


def test_json_needs_no_more_than_ascii(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "größe.csv").write_text((place / "flat.csv").read_text())
    main(["diagnose", "größe.csv", "--json"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["subject"]["name"] == "größe"


@pytest.mark.parametrize(
    "setting", ["growth.alpha=0", "growth.alpha=nan", "growth.min_samples=-5", "growth.smalest=1", "growth", "heap.x=1"]
)
def test_a_setting_that_makes_no_sense_is_refused(place: Path, setting: str) -> None:
    assert main(["diagnose", "flat.csv", "--policy", setting]) == 2


def test_the_demo_does_not_replace_files_that_are_not_its_own(place: Path) -> None:
    with pytest.raises(UsageError):
        files_in(place)
    kept = files_in(place / "new")
    kept.proof.write_text("{}")
    assert not files_in(place / "new").proof.exists()


def test_a_proof_replaces_an_earlier_proof_and_no_other_file(place: Path) -> None:
    evidence = (place / "leak.csv").read_text()
    assert main(["verify", "leak.csv", "flat.csv", "--proof", "leak.csv"]) == 2
    assert (place / "leak.csv").read_text() == evidence
    codes = [main(["verify", "leak.csv", "flat.csv", "--proof", "proof.json"]) for _ in range(2)]
    assert codes[0] == codes[1]
    assert "leakdoc.proof/1" in (place / "proof.json").read_text()
