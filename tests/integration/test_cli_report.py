"""`leakdoc report` and `leakdoc schema` as their user calls them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.model.proof_document import hash_of
from leakdoc.sampling.export import export_csv
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests import reporting_values as values

pytestmark = pytest.mark.usefixtures("in_a_folder")


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("payments.csv").open("w", newline="") as out:
        export_csv(values.trace(grows_per_hour=60 * values.MIB), out)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proof as `leakdoc verify --proof` writes it."""
    proof = verify(values.trace(grows_per_hour=60 * values.MIB), values.trace(start=values.START + 4_100.0, pid=43))
    return write_proof(proof, tmp_path_factory.mktemp("proof") / "proof.json")


def run(*words: str | Path) -> int:
    arguments: Sequence[str] = [str(word) for word in words]
    return main(arguments)


def test_samples_are_judged_and_become_a_page_here(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "payments.csv") == 0
    out, err = capfd.readouterr()
    assert (out, err) == ("", "Report: payments.html\n")
    assert "Leaking:" in Path("payments.html").read_text(encoding="utf-8")


def test_markdown_goes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "payments.csv", "--format", "markdown") == 0
    out, err = capfd.readouterr()
    assert out.startswith("<!-- leakdoc report -->\n## payments\n\n**Leaking:** ")
    assert not err
    assert [each.name for each in Path().iterdir()] == ["payments.csv"]


def test_a_limit_that_is_given_is_in_the_picture(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "payments.csv", "-o", "-", "--limit", "200MiB") == 0
    assert ">limit 200 MiB<" in capfd.readouterr().out


def test_the_suffix_tells_the_format() -> None:
    assert run("report", "payments.csv", "-o", "a.md") == 0
    assert Path("a.md").read_text(encoding="utf-8").startswith("<!-- leakdoc report -->")


def test_a_page_can_go_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "payments.csv", "-o", "-") == 0
    assert capfd.readouterr().out.startswith("<!doctype html>")


def test_a_proof_is_reported_as_its_samples_say(sealed: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", sealed, "--format", "markdown") == 0
    said = json.loads(sealed.read_text(encoding="utf-8"))
    assert said["decision"] == "normalized"
    assert "**Normalized:** " in capfd.readouterr().out


@pytest.mark.parametrize("reseal", [False, True])
def test_a_forged_proof_is_not_reported(sealed: Path, reseal: bool, capfd: pytest.CaptureFixture[str]) -> None:
    document = json.loads(sealed.read_text(encoding="utf-8")) | {"decision": "worse"}
    forged = document | ({"sha256": hash_of(document)} if reseal else {})
    Path("forged.json").write_text(json.dumps(forged), encoding="utf-8")
    assert run("report", "forged.json") == 4
    assert "does not follow from the samples inside it" in capfd.readouterr().err
    assert not Path("forged.html").exists()


def test_a_diagnosis_in_json_is_reported_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", "payments.csv", "--json") == 1
    said = capfd.readouterr().out
    Path("d.json").write_text(said, encoding="utf-8")
    assert run("report", "d.json", "--format", "markdown") == 0
    from_json = capfd.readouterr().out
    assert run("report", "payments.csv", "--format", "markdown") == 0
    from_samples = capfd.readouterr().out
    table = [line for line in from_samples.splitlines() if line.startswith("| growth")]
    assert table
    assert [line for line in from_json.splitlines() if line.startswith("| growth")] == table


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("{", 4, "begins as JSON, but is not"),
        ("{}", 4, "neither a diagnosis nor a proof"),
        ('{"schema": "leakdoc.run/1"}', 4, "neither a diagnosis nor a proof"),
        ('{"schema": "leakdoc.diagnosis/1"}', 4, "this is no diagnosis"),
        ('{"schema": "leakdoc.proof/1"}', 4, "is no proof"),
        ("[" * 100_000, 4, "x.json"),
        ("{" * 100_000, 4, "begins as JSON, but is not"),
        ("", 4, "is empty"),
    ],
)
def test_what_cannot_be_reported_is_said(content: str, code: int, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("x.json").write_text(content, encoding="utf-8")
    assert run("report", "x.json") == code
    assert said in capfd.readouterr().err
    assert not Path("x.html").exists()


def test_a_missing_file_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "nowhere.csv") == 4
    assert "nowhere.csv cannot be read" in capfd.readouterr().err


def test_only_reports_are_written_over(capfd: pytest.CaptureFixture[str]) -> None:
    Path("mine.html").write_text("<p>mine</p>", encoding="utf-8")
    assert run("report", "payments.csv", "-o", "mine.html") == 2
    assert "mine.html is there already" in capfd.readouterr().err
    assert Path("mine.html").read_text(encoding="utf-8") == "<p>mine</p>"
    for name, more in (("mine.html", ["--force"]), ("mine.html", []), ("a.md", []), ("a.md", [])):
        assert run("report", "payments.csv", "-o", name, *more) == 0
    assert sorted(each.name for each in Path().iterdir()) == ["a.md", "mine.html", "payments.csv"]


def test_the_file_that_is_read_is_never_written_over(capfd: pytest.CaptureFixture[str]) -> None:
    before = Path("payments.csv").read_bytes()
    assert run("report", "payments.csv", "-o", "payments.csv", "--format", "html", "--force") == 2
    assert "is the file that is read" in capfd.readouterr().err
    assert Path("payments.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("out", "code", "said"),
    [("r.pdf", 2, "no format is known by the suffix"), ("no/where.html", 4, "cannot be written"), (".", 2, "suffix")],
)
def test_a_place_that_does_not_do_is_said(out: str, code: int, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("report", "payments.csv", "-o", out) == code
    assert said in capfd.readouterr().err


def test_a_folder_is_not_written_over(capfd: pytest.CaptureFixture[str]) -> None:
    Path("d.html").mkdir()
    assert run("report", "payments.csv", "-o", "d.html", "--force") == 2
    assert "not a plain file" in capfd.readouterr().err


def test_a_schema_is_printed_and_a_name_that_is_none_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("schema", "diagnosis") == 0
    assert json.loads(capfd.readouterr().out)["title"]
    assert run("schema", "leakdoc.proof/1") == 0
    assert json.loads(capfd.readouterr().out)["$id"] == "urn:leakdoc:proof:1"
    assert run("schema", "nothing") == 2
    assert re.search(r"There are: .*diagnosis.*proof.*recheck", capfd.readouterr().err)


def test_schemas_are_listed_by_their_names(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    listed = capfd.readouterr().out.split()
    assert {"diagnosis", "proof", "scan"} < set(listed)
    assert all(run("schema", name) == 0 for name in listed)


def test_it_works_as_a_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leakdoc", "report", "payments.csv"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Report: payments.html\n")
