"""``leakdoc playbook extract|merge|improve|check --record|export``, as their user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from tests.records_scenes import did, leak, record


def run(*words: object) -> int:
    return main(["playbook", *map(str, words)])


def test_a_record_becomes_a_file_that_covers_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = record(tmp_path, leak()), tmp_path / "p.yaml"
    assert run("extract", path, "-o", out) == 0
    assert out.read_text(encoding="utf-8").startswith("apiVersion: leakdoc/v1\n")
    capsys.readouterr()
    run("check", out, "--record", path, "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "leakdoc.playbook-check/1"
    assert document["covered"] and not document["uncovered"] and document["order"] is not None
    assert document["parameters"]["resolved"]["service"] == "payments"
    assert {"event", "step"} == document["covered"][0].keys()


def test_explain_and_json_tell_what_each_event_became(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path, leak())
    assert run("extract", path, "-o", tmp_path / "p.yaml", "--explain") == 0
    told = capsys.readouterr().out
    assert "threads -> advice: ruled out" in told and "memory -> step verify" in told
    assert "hunter2" not in told and "x2k4q" not in told
    assert run("extract", path, "-o", tmp_path / "p.yaml", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["incident_class"] == "memory_leak"
    assert {each["became"] for each in document["records"][0]["events"]} >= {"advice", "dropped", "step heap"}


def test_annotations_bring_approvals_and_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in leak() if "Approved" not in json.dumps(line)]
    at = 1_773_134_000
    for place, line in enumerate(lines):
        line["timestamp"] = at + 60 * place
    slack = tmp_path / "slack.json"
    requested = next(i for i, line in enumerate(lines) if "Requesting approval" in json.dumps(line))
    messages = [
        {"type": "message", "user": "U1", "text": "Approved, go ahead", "ts": f"{at + 60 * requested + 5}.000100"},
        {"type": "message", "user": "U1", "text": "lunch?", "ts": f"{at + 60 * requested + 6}.000100"},
    ]
    slack.write_text(json.dumps(messages), encoding="utf-8")
    history = tmp_path / "zsh_history"
    history.write_text(f": {at + 200}:1;ss -tnp state established\n", encoding="utf-8")
    out = tmp_path / "p.yaml"
    assert run("extract", record(tmp_path, lines), "-o", out, "--annotate", slack, history) == 0
    text = out.read_text(encoding="utf-8")
    assert f"slack:{at + 60 * requested + 5}.000100" in text and "history:1" in text
    assert "000600" not in text


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["extract", "nowhere.jsonl", "-o", "p.yaml"], 4, "cannot read the record"),
        (["extract", "empty.jsonl", "-o", "p.yaml"], 4, "empty"),
        (["extract", "other.txt", "-o", "p.yaml"], 4, "not a record that is known"),
        (["extract", "slack.json", "-o", "p.yaml"], 2, "only annotates"),
        (["extract", "incident.jsonl", "-o", "other.txt"], 2, "is there already"),
        (["extract", "incident.jsonl", "-o", "incident.jsonl"], 2, "is the file that is read"),
        (["extract", "incident.jsonl", "-o", "p.yaml", "--rules", "other.txt"], 2, "cannot be used"),
        (["extract", ".", "-o", "p.yaml"], 4, "cannot read the record"),
        (["merge", "nowhere.yaml", "-o", "p.yaml"], 2, "two or more"),
        (["merge", "nowhere.yaml", "nor-here.yaml", "-o", "p.yaml"], 4, "no such file"),
        (["improve", "nowhere.yaml", "--from", "incident.jsonl", "-o", "p.yaml"], 4, "no such file"),
        (["export", "nowhere.yaml", "--to", "devin", "-o", "p.md"], 4, "no such file"),
        (["check", "nowhere.yaml", "--record", "incident.jsonl"], 4, "no such file"),
    ],
)
def test_bad_input_is_told_in_two_lines(
    words: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path, leak())
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "other.txt").write_text("hello")
    (tmp_path / "slack.json").write_text('[{"type": "message", "ts": "1", "text": "hi"}]')
    assert run(*words) == code
    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error and len(error.splitlines()) <= 2


def test_a_company_has_its_own_rules(tmp_path: Path) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text(
        '[[command]]\nkind = "server_connections"\nrun = ["dbtool sessions"]\nlike = ["dbtool sessions"]\n'
    )
    lines = leak()
    path = record(tmp_path, [*lines[:8], *did("dbtool sessions", "44"), *lines[8:]])
    assert run("extract", path, "-o", tmp_path / "p.yaml", "--rules", rules) == 0
    assert "dbtool sessions" in (tmp_path / "p.yaml").read_text(encoding="utf-8")


def test_the_bytes_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    paths = [
        record(tmp_path, leak(), "a.jsonl"),
        record(tmp_path, leak(service="billing", driver="asyncmy"), "b.jsonl"),
    ]
    texts = set()
    for seed, order in (("0", paths), ("1", paths[::-1]), ("42", paths)):
        out = tmp_path / f"{seed}.yaml"
        command = [sys.executable, "-m", "leakdoc", "playbook", "extract", *map(str, order), "-o", str(out)]
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True, timeout=300
        )
        texts.add(out.read_bytes())
    assert len(texts) == 1


def test_a_record_that_is_given_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path, leak())
    copy = record(tmp_path, leak(), "copy.jsonl")
    for other, told in ((path, "is given twice"), (copy, "holds the same incident as")):
        assert run("extract", path, other, "-o", tmp_path / "p.yaml") == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "p.yaml").exists()


def test_records_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for folder, driver in (("monday", "psycopg"), ("friday", "asyncmy")):
        (tmp_path / folder).mkdir()
        paths.append(record(tmp_path / folder, leak(driver=driver)))
    assert run("extract", *paths, "-o", tmp_path / "p.yaml") == 0
    told = (tmp_path / "p.yaml").read_text(encoding="utf-8")
    assert "records: [friday-incident, monday-incident]" in told
    assert run("extract", *reversed(paths), "-o", tmp_path / "again.yaml") == 0
    assert (tmp_path / "again.yaml").read_text(encoding="utf-8") == told


def test_a_dry_run_of_what_was_extracted_says_what_each_step_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook is set, and nothing is rolled out: that is no error, and what rests on it is not run."""
    monkeypatch.delenv("LEAKDOC_HOOK_RECORD_ROLLBACK_POINT", raising=False)
    assert run("extract", record(tmp_path, leak()), "-o", tmp_path / "p.yaml") == 0
    capsys.readouterr()
    given = ("-p", "service=shop", "-p", f"target={os.getpid()}", "-p", "look=1s", "--directory", tmp_path)
    assert run("run", tmp_path / "p.yaml", "--dry-run", "--json", *given) == 3
    document = json.loads(capsys.readouterr().out)
    steps = {each["id"]: each for each in document["steps"]}
    assert {steps[each]["outcome"] for each in ("baseline", "rollout", "verify")} == {"skipped"}
    assert "set LEAKDOC_HOOK_RECORD_ROLLBACK_POINT" in steps["baseline"]["reason"]
    assert "it needs rollout.passed, which is skipped" in steps["verify"]["reason"]
