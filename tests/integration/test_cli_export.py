"""`leakdoc export` as its user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leakdoc.cli.main import main
from leakdoc.model.trace import Trace
from leakdoc.sampling.export import export_csv
from leakdoc.sampling.sources.load import load_trace
from tests import reporting_values as values
from tests.program import Program

pytestmark = pytest.mark.usefixtures("in_a_folder")


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("payments.csv").open("w", newline="") as out:
        export_csv(values.trace(grows_per_hour=60 * values.MIB), out)


def same(left: Trace, right: Trace) -> bool:
    return set(left.columns) == set(right.columns) and all(
        np.array_equal(left.columns[column], right.columns[column], equal_nan=True) for column in left.columns
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_exported_is_read_back(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "payments.csv", "--to", kind, "-o", f"out.{kind}"]) == 0
    assert capfd.readouterr() == ("", f"Exported: out.{kind} (400 samples)\n")
    assert same(load_trace("payments.csv"), load_trace(f"out.{kind}"))


def test_standard_output_is_the_data_to_the_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leakdoc", "export", "payments.csv", "--to", "csv"], capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == Path("payments.csv").read_bytes()


def test_json_is_a_sample_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "payments.csv", "--to", "json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(lines) == 400
    assert lines[0]["pid"] == 42
    assert lines[0]["values"]["connections"] == 8.0


def test_openmetrics_ends_as_it_must(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "payments.csv", "--to", "openmetrics", "-o", "-"]) == 0
    text = capfd.readouterr().out
    assert text.endswith("# EOF\n")
    assert "# TYPE requests counter\n" in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--to", "parquet"], 2, "Parquet is not for standard output"),
        (["--to", "csv", "-o", "payments.csv", "--force"], 2, "is the file that is read"),
        (["--to", "csv", "-o", "there.txt"], 2, "there.txt is there already"),
        (["--to", "csv", "-o", "no/where.csv"], 4, "cannot be written"),
    ],
)
def test_a_place_that_does_not_do_is_said(
    words: list[str], code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("there.txt").write_text("mine", encoding="utf-8")
    assert main(["export", "payments.csv", *words]) == code
    assert said in capfd.readouterr().err
    assert Path("there.txt").read_text(encoding="utf-8") == "mine"


def test_force_writes_over(capfd: pytest.CaptureFixture[str]) -> None:
    Path("there.txt").write_text("mine", encoding="utf-8")
    assert main(["export", "payments.csv", "--to", "csv", "-o", "there.txt", "--force"]) == 0
    assert Path("there.txt").read_bytes() == Path("payments.csv").read_bytes()


def test_a_reader_that_goes_away_is_no_failure_of_ours() -> None:
    words = [sys.executable, "-m", "leakdoc", "export", "payments.csv", "--to", "json"]
    with Program(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.line(most=10)
        process.stdout.close()
        assert process.rest(process.stderr) == b""
        assert process.wait(60) in (0, 141)
