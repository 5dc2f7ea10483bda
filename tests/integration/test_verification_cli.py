"""``leakdoc verify`` and ``leakdoc recheck`` as commands, and the reference checker beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from tests.unit.verification_scenes import LATER, ages, leaky, sound

REFERENCE = Path(__file__).parents[2] / "docs" / "recheck_reference.py"


def csv(path: Path, *traces) -> str:
    lines = ["time,rss_bytes,pid,process_start_time_seconds"]
    for each in traces:
        life = each.lives[0]
        rows = zip(each.times.tolist(), each.column("rss_bytes").tolist(), strict=True)
        lines += [f"{at!r},{value:.0f},{life.pid},{life.started_at!r}" for at, value in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def files(tmp_path):
    return {
        "before": csv(tmp_path / "before.csv", leaky(ages())),
        "fixed": csv(tmp_path / "fixed.csv", sound(ages())),
        "unfixed": csv(tmp_path / "unfixed.csv", leaky(ages(), at=LATER)),
        "whole": csv(tmp_path / "whole.csv", leaky(ages()), sound(ages())),
        "proof": str(tmp_path / "proof.json"),
    }


@pytest.mark.parametrize(
    ("after", "code", "verdict"), [("fixed", 0, "NORMALIZED"), ("unfixed", 1, "NOT FIXED"), ("before", 1, "NOT FIXED")]
)
def test_verdict_comes_first_and_sets_the_exit_code(files, capsys, after, code, verdict):
    assert main(["verify", files["before"], files[after]]) == code
    assert capsys.readouterr().out.startswith(verdict)


def test_inconclusive_exits_3_and_says_what_next(files, capsys):
    assert main(["verify", files["fixed"], files["fixed"]]) == 3
    assert capsys.readouterr().out.splitlines()[-1].startswith("Next:")


def test_what_is_held_against_itself_is_said(files, capsys, tmp_path):
    assert main(["verify", files["before"], files["before"]]) == 1
    assert "are the same file" in capsys.readouterr().err
    copied = tmp_path / "copied.csv"
    copied.write_bytes(Path(files["before"]).read_bytes())
    assert main(["verify", files["before"], str(copied)]) == 1
    assert "byte for byte" in capsys.readouterr().err


def test_json_is_one_document_and_the_file_holds_the_same(files, capsys):
    assert main(["verify", files["before"], files["fixed"], "--json", "--proof", files["proof"]]) == 0
    streams = capsys.readouterr()
    assert json.loads(streams.out) == json.loads(Path(files["proof"]).read_text(encoding="utf-8"))
    assert files["proof"] in streams.err


@pytest.mark.parametrize("target", ["before", "fixed"])
@pytest.mark.parametrize("insist", [[], ["--force"]])
def test_the_evidence_is_never_written_over(files, capsys, target, insist):
    kept = Path(files[target]).read_bytes()
    assert main(["verify", files["before"], files["fixed"], "--proof", files[target], *insist]) == 2
    assert "is the file that is read" in capsys.readouterr().err
    assert Path(files[target]).read_bytes() == kept


def test_a_strangers_file_is_written_over_only_with_force(files, tmp_path, capsys):
    notes = tmp_path / "notes.txt"
    notes.write_text("leakdoc.proof/1 is the schema\n", encoding="utf-8")
    told = ["verify", files["before"], files["fixed"], "--proof", str(notes)]
    assert main(told) == 2
    assert "--force" in capsys.readouterr().err
    assert notes.read_text(encoding="utf-8").startswith("leakdoc.proof/1 is")
    assert main([*told, "--force"]) == 0
    assert main(told) == 0  # an earlier proof is replaced without asking
    assert notes.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("after", "code"), [("fixed", 0), ("unfixed", 1)])
def test_recheck_exits_as_verify_did(files, capsys, after, code):
    assert main(["verify", files["before"], files[after], "--proof", files["proof"]]) == code
    capsys.readouterr()
    assert main(["recheck", files["proof"]]) == code
    assert capsys.readouterr().out.startswith("MATCHES")
    assert main(["recheck", files["proof"], "--json"]) == code
    assert json.loads(capsys.readouterr().out)["matches"] is True


def test_recheck_refuses_what_was_edited(files, capsys):
    main(["verify", files["before"], files["unfixed"], "--proof", files["proof"]])
    path = Path(files["proof"])
    path.write_text(path.read_text(encoding="utf-8").replace('"not_fixed"', '"normalized"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["recheck", files["proof"]]) == 4
    out = capsys.readouterr().out
    assert out.startswith("DOES NOT MATCH")
    assert 'decision: says "normalized", recomputed "not_fixed"' in out


def test_recheck_of_something_else_exits_4(files, capsys):
    assert main(["recheck", files["before"]]) == 4
    assert "no proof" in capsys.readouterr().err


def test_one_recording_is_split_where_a_restart_shows_the_rollout(files, capsys):
    assert main(["verify", files["whole"]]) == 0
    assert capsys.readouterr().out.startswith("NORMALIZED")


def test_one_recording_is_split_where_it_is_told(files, capsys):
    at = sound(ages()).times[0] - 1.0
    assert main(["verify", files["whole"], "--rollout-at", str(at)]) == 0
    assert capsys.readouterr().out.startswith("NORMALIZED")


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "before"],
        ["verify", "before", "fixed", "--rollout-at", "5"],
        ["verify", "before", "fixed", "--policy", "verification.nothing=1"],
        ["verify", "before", "fixed", "--policy", "verification.flat_share=lots"],
        ["verify", "before", "fixed", "--policy", "verification.plain_bins=0"],
        ["verify", "before", "fixed", "--load", "jobs_total"],
    ],
)
def test_wrong_use_exits_2(files, capsys, words):
    assert main([files.get(word, word) for word in words]) == 2
    assert capsys.readouterr().err.startswith("leakdoc: ")


def test_thresholds_are_set_by_name(files, capsys):
    setting = "verification.exposure_level=0.9"
    assert main(["verify", files["before"], files["fixed"], "--policy", setting, "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["parameters"]["verification"]["exposure_level"] == 0.9


def test_an_unknown_policy_is_answered_with_all_there_are(files, capsys):
    assert main(["verify", files["before"], files["fixed"], "--policy", "foo.x=1"]) == 2
    told = capsys.readouterr().err
    assert "growth, connections" in told and "verification" in told


def test_reference_checker_agrees_and_sees_an_edit(files):
    main(["verify", files["before"], files["fixed"], "--proof", files["proof"]])
    path = Path(files["proof"])
    agreed = subprocess.run([sys.executable, REFERENCE, path], capture_output=True, text=True, check=False, timeout=300)
    assert agreed.returncode == 0, agreed.stdout + agreed.stderr
    figures = ("sha256", "slope_before_per_s", "slope_after_per_s", "level_before", "level_after", "expected")
    assert all(f"ok       {name}:" in agreed.stdout for name in figures)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["samples"]["after"]["rss_bytes"] = document["samples"]["before"]["rss_bytes"]
    path.write_text(json.dumps(document), encoding="utf-8")
    edited = subprocess.run([sys.executable, REFERENCE, path], capture_output=True, text=True, check=False, timeout=300)
    assert edited.returncode == 4
    assert "DIFFERS  slope_after_per_s" in edited.stdout


@pytest.mark.parametrize("content", ["", "[" * 100_000, "[]", '{"checks": []}'])
def test_reference_checker_calls_what_is_no_proof_damaged(tmp_path, content):
    path = tmp_path / "proof.json"
    path.write_text(content, encoding="utf-8")
    refused = subprocess.run(
        [sys.executable, REFERENCE, path], capture_output=True, text=True, check=False, timeout=300
    )
    assert refused.returncode == 4
    assert refused.stdout.startswith("DAMAGED")
    assert not refused.stderr


def test_reference_checker_imports_no_leakdoc():
    assert "import leakdoc" not in REFERENCE.read_text(encoding="utf-8")
    assert len(REFERENCE.read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["no/such.csv", "--wait"], 4, "there is no file"),
        (["nonsense", "--wait"], 2, "not a target"),
        (["999999999", "--wait"], 4, "no process"),
        (["fixed", "--for", "3s"], 2, "belong to --wait"),
        (["fixed", "--wait", "--record", "x.leakdoc"], 2, "this is a file"),
    ],
)
def test_waiting_for_nothing_is_refused(files, capsys, words, code, said):
    given = [files.get(word, word) for word in words]
    assert main(["verify", files["before"], *given]) == code
    assert said in capsys.readouterr().err


def test_waiting_for_what_is_decided_already_ends_at_once(files, capsys):
    assert main(["verify", files["before"], files["fixed"], "--wait", "--proof", files["proof"]]) == 0
    streams = capsys.readouterr()
    assert streams.out.startswith("NORMALIZED")
    assert "Waited: decided" in streams.err
    assert main(["recheck", files["proof"]]) == 0


def test_junit_and_annotations_are_told_where_they_belong(files, capsys, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    told = tmp_path / "leakdoc.xml"
    assert main(["verify", files["before"], files["unfixed"], "--json", "--junit", str(told)]) == 1
    streams = capsys.readouterr()
    assert json.loads(streams.out)["decision"] == "not_fixed"
    assert "::error title=leakdoc%3A Not fixed::" in streams.err
    assert "**Not fixed:**" in summary.read_text(encoding="utf-8")
    assert "<failure" in told.read_text(encoding="utf-8")
    assert main(["verify", files["before"], files["fixed"], "--junit", str(told)]) == 0  # ours: replaced
    told.write_text("somebody else's", encoding="utf-8")
    assert main(["verify", files["before"], files["fixed"], "--junit", str(told)]) == 2
    capsys.readouterr()
    assert main(["verify", files["before"], files["fixed"], "--junit", str(tmp_path / "no" / "such.xml")]) == 4
    assert "Name another file with --junit FILE." in capsys.readouterr().err


AT = "2023-11-14T22:23:20Z"
BEGAN = 1_700_000_600.0


@pytest.fixture
def levels(tmp_path, monkeypatch):
    """An incident that lifts latency for its second half, and what came after."""

    def table(name, first, latency):
        told = [f"{first + 5.0 * row},{value * (1.0 + 0.05 * (row * 7 % 5))}" for row, value in enumerate(latency)]
        (tmp_path / name).write_text("time,latency_p99_s\n" + "\n".join(told) + "\n", encoding="utf-8")

    monkeypatch.chdir(tmp_path)
    table("incident.csv", BEGAN - 600.0, [0.2] * 120 + [1.6] * 120)
    table("quiet.csv", BEGAN - 5_000.0, [0.2] * 120)
    table("bad.csv", BEGAN, [1.6] * 120)
    table("good.csv", BEGAN + 5_000.0, [0.2] * 200)
    table("slow.csv", BEGAN + 5_000.0, [1.5] * 200)
    table("few.csv", BEGAN + 5_000.0, [0.2] * 9)
    table("whole.csv", BEGAN - 600.0, [0.2] * 120 + [1.6] * 120 + [0.2] * 200)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["incident.csv", "good.csv", "--incident-at", AT], 0, "NORMALIZED"),
        (["bad.csv", "good.csv", "--baseline", "quiet.csv", "--column", "latency_p99_s"], 0, "NORMALIZED"),
        (["whole.csv", "--incident-at", AT, "--rollout-at", str(BEGAN + 600.0)], 0, "NORMALIZED"),
        (["incident.csv", "slow.csv", "--incident-at", AT], 1, "NOT FIXED"),
        (["incident.csv", "few.csv", "--incident-at", AT], 3, "INCONCLUSIVE"),
    ],
)
def test_recovery_is_proven_by_the_same_command(levels, capsys, words, code, said):
    assert main(["verify", "--recovered", *words, "--proof", "recovery.json"]) == code
    assert capsys.readouterr().out.startswith(said)
    assert main(["recheck", "recovery.json"]) == code
    assert main(["report", "recovery.json", "-o", "recovery.html"]) == 0


def test_a_recovery_is_waited_for(levels, capsys):
    told = ["verify", "--recovered", "incident.csv", "good.csv", "--incident-at", AT, "--wait", "--for", "2m"]
    assert main(told) == 0
    streams = capsys.readouterr()
    assert streams.out.startswith("NORMALIZED")
    assert streams.err.count("normalized: ") == 3 and "Waited: decided" in streams.err
    few = ["verify", "--recovered", "incident.csv", "few.csv", "--incident-at", AT, "--wait", "--for", "0s"]
    assert main(few) == 3
    assert "Waited: the time is up" in capsys.readouterr().err


def test_recovery_has_thresholds_of_its_own(levels, capsys):
    told = ["verify", "--recovered", "incident.csv", "slow.csv", "--incident-at", AT]
    assert main([*told, "--policy", "recovery.not_there=1"]) == 2
    assert main([*told, "--policy", "growth.alpha=0.1"]) == 2
    assert "recovery.back_share" in capsys.readouterr().err
    easy = ("recovery.improved_share=1", "recovery.back_share=1", "recovery.spikes_share=1")
    assert main([*told, *(word for each in easy for word in ("--policy", each))]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["incident.csv", "good.csv"], "--incident-at TIME"),
        (["incident.csv", "good.csv", "--incident-at", "2030-01-01"], "is not within BEFORE"),
        (["incident.csv", "--incident-at", AT], "Give AFTER, or --rollout-at"),
        (["incident.csv", "good.csv", "--incident-at", AT, "--rollout-at", AT], "Leave out one"),
        (["incident.csv", "good.csv", "--incident-at", AT, "--smallest", "1MiB/h"], "does not go with --recovered"),
        (["incident.csv", "good.csv", "--incident-at", AT, "--for", "1m"], "belong to --wait"),
        (["whole.csv", "--incident-at", AT, "--wait"], "Give AFTER"),
        (["incident.csv", "good.csv", "--incident-at", AT, "--wait", "--record", "x"], "this is a file"),
        (["incident.csv", "good.csv", "--incident-at", AT, "--column", "nope"], "There are: latency_p99_s"),
        (["incident.csv", "good.csv", "--baseline", "good.csv"], "before it"),
    ],
)
def test_what_recovery_lacks_is_said(levels, capsys, words, said):
    assert main(["verify", "--recovered", *words]) == 2
    assert said in capsys.readouterr().err


def test_options_of_recovery_ask_for_it(levels, capsys):
    assert main(["verify", "incident.csv", "good.csv", "--column", "latency_p99_s"]) == 2
    assert "Add --recovered" in capsys.readouterr().err
