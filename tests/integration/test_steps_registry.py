"""Steps of strangers, installed for real: found, refused by name, in nobody's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.playbook.registry import installed
from leakdoc.reporting.schemas import schema_text

GOOD = '''
from leakdoc.model.step import StepResult
from leakdoc.playbook import StepContext, step

@step("acme.greet", effect="read", timeout_s=5)
def greet(ctx: StepContext, *, name: str) -> StepResult:
    """Greet somebody."""
    return StepResult(outcome="passed", reason=f"hello {name}", outputs={"length": len(name)})

@step("acme.write", effect="read", timeout_s=5)
def first(ctx: StepContext) -> StepResult:
    """Come first."""

@step("acme.write", effect="read", timeout_s=5)
def second(ctx: StepContext) -> StepResult:
    """Come second."""

@step("leakdoc.detect_growth", effect="read", timeout_s=5)
def usurper(ctx: StepContext) -> StepResult:
    """Take another's name."""
'''
UNSAFE = '''
from leakdoc.playbook import step

@step("acme.unsafe", effect="write", timeout_s=5)
def unsafe(ctx):
    """Write without a way back."""
'''
ENTRY_POINTS = """[leakdoc.steps]
greet = acme_steps:greet
first = acme_steps:first
second = acme_steps:second
usurper = acme_steps:usurper
missing = acme_steps:nothing_of_that_name
plain = json:dumps
unsafe = acme_unsafe:unsafe
broken = acme_broken:step
leaving = acme_leaving:step
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    (root / "acme_steps.py").write_text(GOOD)
    (root / "acme_unsafe.py").write_text(UNSAFE)
    (root / "acme_broken.py").write_text("import library_that_is_not_there")
    (root / "acme_leaving.py").write_text("raise SystemExit(0)")
    metadata = root / "acme_steps-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-steps\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    return root


def leakdoc_step(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leakdoc", "step", *words]
    environment = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_the_built_in_steps_are_found() -> None:
    assert {"leakdoc.sample_memory", "leakdoc.detect_growth", "leakdoc.verify_normalized"} <= set(leakdoc.steps)
    assert installed().get("detect_growth") is installed().get("leakdoc.detect_growth")
    assert leakdoc.steps.detect_growth.name == "leakdoc.detect_growth"
    assert "detect_growth" in dir(leakdoc.steps)
    assert not hasattr(leakdoc.steps, "nonesuch")
    assert not installed().refused


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"Did you mean leakdoc\.detect_growth"):
        installed().get("detect_grwoth")


def test_a_strangers_step_stands_beside_ours_and_what_is_broken_is_in_nobodys_way(site: Path) -> None:
    done = leakdoc_step(site, "list", "--json")
    assert done.returncode == 0
    listed = answer(done)
    jsonschema.validate(listed, json.loads(schema_text("steps")))
    names = [each["name"] for each in listed["steps"]]
    assert names == sorted({"acme.greet", *(name for name in installed().steps if name.startswith("leakdoc."))})
    refused = {each["name"]: each["reason"] for each in listed["refused"]}
    assert set(refused) == {"acme.write", "usurper", "missing", "plain", "unsafe", "broken", "leaving"}
    assert "more than one step has this name" in refused["acme.write"]
    assert "the prefix leakdoc. belongs to" in refused["usurper"]
    assert "is not made by @step" in refused["plain"]
    assert "needs `probe` and `undo`" in refused["unsafe"]
    assert "library_that_is_not_there" in refused["broken"]
    assert all(each["origin"].startswith("acme-steps") for each in listed["refused"])
    assert "step broken of acme-steps cannot be used" in done.stderr


def test_a_strangers_step_runs(site: Path) -> None:
    done = leakdoc_step(site, "run", "acme.greet", "-p", "name=Ada", "--json")
    assert done.returncode == 0
    assert answer(done) == {
        "schema": "leakdoc.step-result/1",
        "step": "acme.greet",
        "outcome": "passed",
        "reason": "hello Ada",
        "outputs": {"length": 3},
        "evidence": [],
    }


@pytest.mark.parametrize(("name", "code"), [("broken", 4), ("acme.write", 4), ("acme.nonesuch", 2)])
def test_asking_for_a_step_that_cannot_be_used_says_why(site: Path, name: str, code: int) -> None:
    done = leakdoc_step(site, "run", name)
    assert (done.returncode, done.stdout) == (code, "")
    assert name in done.stderr and "Traceback" not in done.stderr
