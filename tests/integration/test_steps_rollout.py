"""The steps around a rollout, on real processes: staging before it, the guard beside it, the recovery after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.exact_samples import decode
from leakdoc.playbook import StepContext
from leakdoc.playbook.running import run_step
from playbook_steps.faultless import without_fault
from playbook_steps.started import running
from tests.playbook_runs import HEAD
from tests.program import Program

LEAKS = "import time\nkept = []\nwhile True:\n    kept.append(bytes(200_000)); time.sleep(0.02)\n"
STILL = "import time\nkept = bytes(4_000_000)\nwhile True:\n    sum(range(2_000)); time.sleep(0.02)\n"


def program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rollout")


@pytest.fixture(scope="module")
def builds(folder):
    return {
        "leaks": [sys.executable, str(program(folder / "leaks.py", LEAKS))],
        "still": [sys.executable, str(program(folder / "still.py", STILL))],
    }


def table(path: Path, columns: dict[str, np.ndarray], *, at: float) -> Path:
    age = np.arange(len(next(iter(columns.values())))) * 5.0
    rows = zip((at + age).tolist(), *(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(["time", *columns]), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def is_alive(pid):
    """Whether it runs: one that has ended, and whom a slow init has not reaped yet, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(is_so):
    deadline = time.monotonic() + 60.0
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def step(name, folder, **values):
    return run_step(name, values, StepContext(directory=folder))


def test_staging_runs_both_builds_under_the_load_and_ends_them(builds, tmp_path):
    told = tmp_path / "told"
    load = program(
        tmp_path / "load.py",
        f"import os, time\nopen({str(told)!r}, 'a').write(os.environ['LEAKDOC_PID'] + '\\n')\n"
        "while True: time.sleep(1)\n",
    )
    result = step(
        "validate_in_staging", tmp_path, before=builds["leaks"], after=builds["still"],
        load=[sys.executable, str(load)], **{"for": "3s", "interval": "100ms"},
    )  # fmt: skip
    assert result.outcome is Outcome.INCONCLUSIVE, result.reason  # three seconds prove nothing
    proof = json.loads(Path(result.outputs["proof"]).read_text(encoding="utf-8"))
    assert proof["decision"] == result.outputs["decision"] == "inconclusive"
    assert all(decode(proof["samples"][side]["time"], most=1_000).size >= 2 for side in ("before", "after"))
    pids = told.read_text(encoding="utf-8").split()
    assert len(set(pids)) == 2
    assert not any(map(is_alive, pids))


def test_staging_samples_what_a_build_starts_too(builds, tmp_path):
    """A script that starts the service and waits for it: the leak is its child's."""
    leaks, still = (["sh", "-c", '"$@" & wait', "serve", *builds[name]] for name in ("leaks", "still"))
    result = step("validate_in_staging", tmp_path, before=leaks, after=still, **{"for": "3s", "interval": "100ms"})
    proof = json.loads(Path(result.outputs["proof"]).read_text(encoding="utf-8"))
    assert len({life["pid"] for life in proof["before"]["lives"]}) == 2
    assert max(decode(proof["samples"]["before"]["rss_bytes"], most=10_000)) > 8e6  # the shell alone has less
    assert not any(is_alive(life["pid"]) for life in proof["before"]["lives"] + proof["after"]["lives"])


# A service, one that has left its session, and one that has outlived who started it; none minds SIGTERM.
FAMILY = """
trap "" TERM
sleep 3000 & echo $! > one
setsid sleep 3000 & echo $! > two
(sleep 3000 & echo $! > three)
echo $$ > all; wait
"""


def family_in(place: Path) -> list[str]:
    wait_until(lambda: (place / "all").exists() and (place / "all").read_text().endswith("\n"))
    return [(place / name).read_text().strip() for name in ("one", "two", "three", "all")]


def test_what_a_step_has_started_ends_with_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("playbook_steps.started.PATIENCE_S", 0.2)
    with running(["sh", "-c", FAMILY], os.environ):
        family = family_in(tmp_path)
        assert all(map(is_alive, family))
    assert not any(map(is_alive, family))


@pytest.mark.parametrize(
    ("way", "number"), [("step", signal.SIGKILL), ("step", signal.SIGTERM), ("playbook", signal.SIGKILL)]
)
def test_a_staged_build_ends_with_its_runner(way, number, tmp_path):
    build = ["sh", "-c", "sleep 3000 & echo $! > one; echo $$ > all; wait"]
    words = {"step": ["step", "run", "validate_in_staging"], "playbook": ["playbook", "run", "staging.yaml"]}[way]
    given = {"before": build, "after": build, "for": "10m"}
    words_given = [f"{name}={word}" for name in ("before", "after") for word in build]
    told = [word for each in (*words_given, "for=10m") for word in ("-p", each)]
    step = {"id": "a", "uses": "leakdoc.validate_in_staging", "with": given}
    (tmp_path / "staging.yaml").write_text(HEAD + f"steps:\n  - {json.dumps(step)}\n", encoding="utf-8")
    line = [sys.executable, "-m", "leakdoc", *words, *(told if way == "step" else [])]
    with Program(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as runner:
        wait_until(lambda: (tmp_path / "all").exists() and (tmp_path / "all").read_text().endswith("\n"))
        wait_until(lambda: list(tmp_path.glob("memory-*")))  # it is being sampled
        runner.send_signal(number)
        runner.wait(60)
    family = [(tmp_path / name).read_text().strip() for name in ("one", "all")]
    wait_until(lambda: not any(map(is_alive, family)))


def test_staging_refuses_a_build_that_does_not_stay(builds, tmp_path):
    with pytest.raises(UsageError, match="ended"):
        step(
            "validate_in_staging", tmp_path, before=[sys.executable, "-c", "pass"], after=builds["still"],
            **{"for": "2s", "interval": "100ms"},
        )  # fmt: skip


def test_guard_of_a_quiet_rollout_sees_no_harm(builds, tmp_path):
    old = table(tmp_path / "old.csv", {"rss_bytes": 2e7 + np.random.default_rng(1).normal(0, 4e3, 120)}, at=1.7e9)
    process = Program(builds["still"])
    try:
        how = {"for": "3s", "interval": "100ms"}
        result = step("guard_rollout", tmp_path, before=[str(old)], target=process.pid, **how)
    finally:
        process.end()
    assert result.outcome in (Outcome.PASSED, Outcome.INCONCLUSIVE), result.reason
    assert result.outputs["samples"] > 10
    assert result.outputs["harm"] is None


def incident(path: Path, waiters: float, *, at: float, quiet: int = 120, bad: int = 120) -> Path:
    noise = np.random.default_rng(3).integers(0, 2, quiet + bad)
    values = np.concatenate([np.zeros(quiet), np.full(bad, waiters)]) + noise
    return table(path, {"pool_waiters": values, "requests_total": np.arange(quiet + bad) * 50.0}, at=at)


@pytest.mark.parametrize(("left", "outcome"), [(0.0, Outcome.PASSED), (30.0, Outcome.FAILED)])
def test_recovery_is_a_step_that_ends_in_a_proof(tmp_path, left, outcome):
    before = incident(tmp_path / "before.csv", 30.0, at=1.7e9)
    after = incident(tmp_path / "after.csv", left, at=1.71e9, quiet=0, bad=240)
    result = step(
        "verify_recovered", tmp_path, before=[str(before)], after=[str(after)], started_at="2023-11-14T22:23:20Z"
    )
    assert result.outcome is outcome, result.reason
    assert leakdoc.recheck(result.outputs["proof"]).matches


def test_recovery_without_anything_to_come_back_to_is_undecided_and_says_what_to_give(tmp_path):
    before = incident(tmp_path / "before.csv", 30.0, at=1.7e9)
    result = step("verify_recovered", tmp_path, before=[str(before)], target="name:nobody")
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "`baseline`" in result.reason and "`started_at`" in result.reason
    assert result.outputs == {"proof": None, "decision": "inconclusive"}


def builds_sampled(folder: Path, *, new_grows: float, samples: int = 2_000) -> list[tuple[Path, Path]]:
    level = np.full(samples, 5e8) + np.random.default_rng(4).normal(0.0, 1e4, samples)
    grown = level + new_grows * np.arange(samples)
    sides = {"old": level, "new": grown}
    old, new = (table(folder / f"{name}.csv", {"rss_bytes": each}, at=1.7e9) for name, each in sides.items())
    return [(old, new)]


@pytest.mark.parametrize(
    ("new_grows", "samples", "outcome", "decision"),
    [(0.0, 2_000, "passed", "stable"), (1e5, 2_000, "failed", "leaking"), (0.0, 3, "inconclusive", "inconclusive")],
)
def test_staging_of_what_is_no_leak_asks_the_new_build_to_show_no_fault(
    new_grows, samples, outcome, decision, tmp_path
):
    result = without_fault(builds_sampled(tmp_path, new_grows=new_grows, samples=samples))
    assert (result.outcome, result.outputs["decision"]) == (outcome, decision), result.reason
    assert result.outputs["proof"] is None and [each.name for each in result.evidence] == ["before", "after"]
    assert "this shows no cure" in result.reason  # the old build had no fault under this load


def test_of_several_rounds_the_gravest_counts(tmp_path):
    (tmp_path / "few").mkdir()
    good, few = builds_sampled(tmp_path, new_grows=0.0), builds_sampled(tmp_path / "few", new_grows=0.0, samples=3)
    result = without_fault([*good, *few])
    assert result.outcome is Outcome.INCONCLUSIVE and result.outputs["rounds"] == ["stable", "inconclusive"]


def test_staging_is_told_what_to_show(builds, tmp_path):
    result = step(
        "validate_in_staging", tmp_path, before=builds["still"], after=builds["still"], shows="no_fault",
        **{"for": "1s", "interval": "100ms"},
    )  # fmt: skip
    assert result.outcome is Outcome.INCONCLUSIVE and result.outputs["proof"] is None


@pytest.mark.parametrize("text", ["no json", "[]", '["a", 1]', '"serve"'])
def test_staging_command_that_is_no_list_of_words_is_refused(text, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKDOC_HOOK_VALIDATE_IN_STAGING_BEFORE", text)
    with pytest.raises(UsageError, match="is no JSON list of words"):
        step("validate_in_staging", tmp_path, after=["true"])
