"""Steps that do what the user's environment says: by a command, a callable or a person."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import StepContext
from leakdoc.playbook.running import run_step
from leakdoc.playbook.step import Act

DEPLOY = """\
import json, os, pathlib, sys
told = json.load(sys.stdin)
file = pathlib.Path(os.environ["PLACE"])
previous = file.read_text() if file.exists() else None
file.write_text(os.environ["LEAKDOC_REVISION"])
print("working")
print(json.dumps({"previous": previous, "told": told}))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "deploy.py").write_text(DEPLOY)
    return tmp_path


def hooked(place: Path, **more: Any) -> dict[str, Any]:
    runs = f"import os, pathlib, sys; sys.exit(pathlib.Path({str(place / 'now')!r}).read_text() != 'v2')"
    return {
        "service": "payments",
        "revision": "v2",
        "command": [sys.executable, str(place / "deploy.py")],
        "probe": [sys.executable, "-c", runs],
        "env": {"PLACE": str(place / "now")},
        **more,
    }


def test_a_command_is_told_everything_and_what_it_prints_is_handed_on(place: Path) -> None:
    result = run_step("roll_out", hooked(place, evidence={"proof": "normalized"}))
    assert result.outcome is Outcome.PASSED
    told: Any = result.outputs["told"]
    assert told["act"] == "apply" and told["parameters"]["evidence"] == {"proof": "normalized"}
    assert result.outputs["revision"] == "v2" and str(result.outputs["at"]).endswith("+00:00")


def test_the_probe_tells_whether_it_happened_and_undoing_goes_back(place: Path) -> None:
    given = hooked(place)
    (place / "now").write_text("v1")
    assert run_step("roll_out", given, act=Act.PROBE).outcome is Outcome.FAILED
    run_step("roll_out", given)
    answer = run_step("roll_out", given, act=Act.PROBE)
    assert (answer.outcome, answer.outputs["revision"]) == (Outcome.PASSED, "v2")
    assert run_step("roll_out", given, StepContext(back_to="v1"), act=Act.UNDO).outcome is Outcome.PASSED
    assert (place / "now").read_text() == "v1"


def test_an_undo_that_would_repeat_the_revision_is_refused(place: Path) -> None:
    given = hooked(place, command=["deploy", "--revision=v2"])
    result = run_step("roll_out", given, StepContext(back_to="v1"), act=Act.UNDO)
    assert (result.outcome, "has no undo" in result.reason) == (Outcome.ERROR, True)


def test_a_probe_that_cannot_tell_says_so(place: Path) -> None:
    assert run_step("roll_out", hooked(place, probe=["sh", "-c", "exit 7"]), act=Act.PROBE).outcome == "inconclusive"
    assert run_step("roll_out", hooked(place, probe=[]), act=Act.PROBE).outcome == "inconclusive"


@pytest.mark.parametrize(
    "name", ["roll_out", "roll_back", "tune_pool", "apply_circuit_breaker", "add_monitoring", "record_rollback_point"]
)
def test_without_a_hook_it_says_how_one_is_given(name: str) -> None:
    given = {"service": "x", "revision": "v2", "rules": "groups: []"}
    if name == "record_rollback_point":
        del given["revision"]
    wanted = {key: value for key, value in given.items() if key in ("service", "revision", "rules")}
    keep = {"add_monitoring": ("rules",), "roll_out": ("service", "revision"), "roll_back": ("service", "revision")}
    with pytest.raises(UsageError) as raised:
        run_step(name, {key: wanted[key] for key in keep.get(name, ("service",))})
    assert f"LEAKDOC_HOOK_{name.upper()}" in str(raised.value)


def test_the_environment_gives_a_hook(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", str(place / "now"))
    monkeypatch.setenv("LEAKDOC_HOOK_ROLL_OUT", json.dumps([sys.executable, str(place / "deploy.py")]))
    monkeypatch.setenv("LEAKDOC_HOOK_ROLL_OUT_PROBE", json.dumps(["grep", "-qx", "v1", str(place / "now")]))
    assert run_step("roll_out", {"service": "payments", "revision": "v2"}).outcome is Outcome.PASSED
    assert (place / "now").read_text() == "v2"
    back = run_step("roll_back", {"service": "payments", "revision": "v1"})
    assert (back.outcome, back.outputs["verified"]) == (Outcome.PASSED, True)
    assert (place / "now").read_text() == "v1"
    monkeypatch.setenv("LEAKDOC_HOOK_ROLL_OUT", "deploy.sh")
    with pytest.raises(UsageError, match="no JSON list"):
        run_step("roll_out", {"service": "payments", "revision": "v2"})


HOOKS = """
class Pool:
    size = 5

    def __call__(self, request):
        previous, Pool.size = Pool.size, request.parameters["settings"]["size"]
        return {"previous": {"size": previous}}

    def probe(self, request):
        return Pool.size == request.parameters["settings"]["size"]

    def undo(self, request):
        Pool.size = request.applied["previous"]["size"]

pool = Pool()
text = "no callable"
"""


def test_a_python_callable_is_a_hook(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "acme_hooks.py").write_text(HOOKS)
    monkeypatch.syspath_prepend(str(place))
    given = {"service": "orders", "settings": {"size": 20}, "call": "acme_hooks:pool"}
    assert run_step("tune_pool", given, act=Act.PROBE).outcome is Outcome.FAILED
    applied = run_step("tune_pool", given)
    assert applied.outputs == {"applied": {"size": 20}, "previous": {"size": 5}}
    assert run_step("tune_pool", given, act=Act.PROBE).outcome is Outcome.PASSED
    assert run_step("tune_pool", given, StepContext(applied=applied), act=Act.UNDO).outcome is Outcome.PASSED
    assert run_step("tune_pool", given, act=Act.PROBE).outcome is Outcome.FAILED
    for wrong in ("acme_hooks", "acme_hooks:none", "no_such:x", "acme_hooks:text"):
        with pytest.raises(UsageError):
            run_step("tune_pool", {**given, "call": wrong})


def test_a_hook_that_fails_is_a_failed_step_with_its_last_line(place: Path) -> None:
    result = run_step("roll_out", hooked(place, command=["sh", "-c", "echo password=hunter2 >&2; exit 3"]))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "sh ended with 3: password=[redacted]")


def test_a_fix_is_made_by_a_command_or_a_person_or_waits(place: Path) -> None:
    said = json.dumps({"revision": "v2", "diff": "+close()"})
    made = run_step("apply_fix", {"command": ["echo", said], "places": [{"file": "a.py", "line": 3}]})
    assert made.outputs == {"revision": "v2", "diff": "+close()"}
    assert run_step("apply_fix", {"command": ["echo", "ok"]}).outcome is Outcome.FAILED
    assert run_step("apply_fix", {}).outcome is Outcome.WAITING
    asked: list[str] = []

    def person(question: str) -> str:
        asked.append(question)
        return "v3"

    assert run_step("apply_fix", {"places": ["a.py:3"]}, StepContext(ask=person)).outputs["revision"] == "v3"
    assert "a.py:3" in asked[0]
    assert run_step("apply_fix", {"revision": "v9"}).outputs["revision"] == "v9"


def test_the_rollback_point_is_what_the_hook_prints() -> None:
    point = "record_rollback_point"
    assert run_step(point, {"service": "x", "revision": "v1"}).outputs == {"revision": "v1"}
    assert run_step(point, {"service": "x", "command": ["echo", "v7"]}).outputs == {"revision": "v7"}
    assert run_step(point, {"service": "x", "command": ["echo", '{"revision": "v8"}']}).outputs == {"revision": "v8"}
    assert run_step(point, {"service": "x", "command": ["true"]}).outcome is Outcome.FAILED


def test_without_rules_none_are_added() -> None:
    assert run_step("add_monitoring", {"service": "x"}).outcome is Outcome.SKIPPED


def test_rules_are_written_to_a_file_and_taken_back_unless_somebody_changed_them(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("old")
    given = {"rules": "groups: []\n", "file": str(file)}
    assert run_step("add_monitoring", given, act=Act.PROBE).outcome is Outcome.FAILED
    applied: StepResult = run_step("add_monitoring", given)
    assert applied.outputs == {"applied": "groups: []\n", "previous": "old"}
    assert run_step("add_monitoring", given, act=Act.PROBE).outcome is Outcome.PASSED
    ctx = StepContext(applied=applied)
    file.write_text("edited by hand")
    assert run_step("add_monitoring", given, ctx, act=Act.UNDO).outcome is Outcome.ERROR
    file.write_text("groups: []\n")
    assert run_step("add_monitoring", given, ctx, act=Act.UNDO).outcome is Outcome.PASSED
    assert file.read_text() == "old"


@pytest.mark.parametrize("before", ["old", None])
def test_rules_that_a_killed_run_has_written_are_taken_back_to_what_stood_there(
    before: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    if before is not None:
        file.write_text(before)
    given = {"rules": "groups: []\n", "file": str(file)}
    run_step("add_monitoring", given)
    found_by_its_probe = StepContext(applied=StepResult(outcome=Outcome.PASSED, reason="it is there"))
    assert run_step("add_monitoring", given, found_by_its_probe, act=Act.UNDO).outcome is Outcome.PASSED
    assert (file.read_text() if file.exists() else None) == before
