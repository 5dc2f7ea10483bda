"""`leakdoc scan PATH` on real files: the answer in each form, and the exit code by the contract."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from leakdoc.cli.main import main

ROWS = 300


def write(folder: Path, **per_row: float | None) -> Path:
    for name, grows in per_row.items():
        rows = 5 if grows is None else ROWS
        values = [100e6 + (grows or 0.0) * row + 4096.0 * (row * 7 % 5) for row in range(rows)]
        lines = "".join(f"{1_700_000_000 + row},{value}\n" for row, value in enumerate(values))
        (folder / f"{name}.csv").write_text(f"time,rss_bytes\n{lines}")
    return folder


def test_json_is_one_document_of_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(write(tmp_path, flat=0.0, leaks=50_000.0)), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "leakdoc.scan/1"
    assert [(each["subject"]["name"], each["decision"]) for each in document["diagnoses"]] == [
        ("flat", "stable"),
        ("leaks", "leaking"),
    ]
    assert document["discovery"]["faults"] == 1


def test_the_most_urgent_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write(tmp_path, a=0.0, b=50_000.0, c=90_000.0))
    assert main(["scan", folder, "--csv", "--top", "1"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["subject"] for row in rows] == ["c"]


@pytest.mark.parametrize(
    ("files", "options", "code"),
    [
        ({"flat": 0.0}, [], 0),
        ({"flat": 0.0, "leaks": 50_000.0, "short": None}, [], 1),
        ({"flat": 0.0, "short": None}, [], 3),
        ({"flat": 0.0, "short": None}, ["--max-inconclusive", "50%"], 0),
        ({}, [], 4),
        ({"short": None}, [], 3),
    ],
)
def test_the_exit_code_is_that_of_the_contract(
    files: dict[str, float | None], options: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(write(tmp_path, **files)), *options]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_nothing_that_could_be_judged_is_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_text("no,samples\n")
    assert main(["scan", str(tmp_path)]) == 4
    assert "skipped bad" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--top", "0"], ["--max-inconclusive", "200%"], ["--json", "--csv"]])
def test_what_makes_no_sense_is_a_wrong_command_line(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(tmp_path), *words])
    assert ended.value.code == 2


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(tmp_path / "nowhere")]) == 4
    assert "no folder" in capsys.readouterr().err


def test_more_processes_give_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write(tmp_path, a=0.0, b=50_000.0))
    answers = []
    for jobs in ("1", "2"):
        assert main(["scan", folder, "--json", "--jobs", jobs]) == 1
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]


def test_nothing_was_given_to_scan(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LEAKDOC_PROMETHEUS_URL", raising=False)
    monkeypatch.delenv("LEAKDOC_PROMETHEUS_CONFIG", raising=False)
    assert main(["scan"]) == 2
    assert "Give a folder, or --prometheus URL" in capsys.readouterr().err
    monkeypatch.setenv("LEAKDOC_PROMETHEUS_URL", "not an address")
    assert main(["scan"]) == 2
    assert "not the address" in capsys.readouterr().err
