"""What docs/steps.md says of steps is so."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

from leakdoc.cli.parser import parse
from leakdoc.model.decision import Outcome
from leakdoc.playbook.conversion import parameters_of
from leakdoc.playbook.registry import installed
from leakdoc.playbook.running import GRACE_S, run_step

TEXT = (Path(__file__).parents[2] / "docs" / "steps.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", TEXT, flags=re.MULTILINE)
TABLE = {name: re.findall(r"`(\w+)`", parameters) for name, parameters, _ in ROWS if name not in list(Outcome)}


def test_the_table_names_every_built_in_step() -> None:
    assert {f"leakdoc.{name}" for name in TABLE} == {name for name in installed().steps if name.startswith("leakdoc.")}


@pytest.mark.parametrize(("name", "parameters"), TABLE.items())
def test_the_table_names_every_parameter(name: str, parameters: list[str]) -> None:
    assert [each.name for each in parameters_of(installed().get(name).function)] == parameters


@pytest.mark.parametrize("line", re.findall(r"^\$ leakdoc (.+)$", TEXT, flags=re.MULTILINE))
def test_every_command_is_one(line: str) -> None:
    args = parse(line.split())
    if hasattr(args, "parameters"):
        given = {text.partition("=")[0].partition(".")[0] for text in args.parameters}
        assert given <= {each.name for each in parameters_of(installed().get(args.name).function)}


def test_the_step_that_it_shows_how_to_write_runs() -> None:
    code = next(block for block in re.findall(r"```python\n(.+?)```", TEXT, flags=re.DOTALL) if "@step" in block)
    module = types.ModuleType("acme_steps")
    exec(compile(code, "acme_steps.py", "exec"), module.__dict__)
    assert run_step(module.queue_is_short, {"longest": "5", "for": "0s"}).outcome is Outcome.PASSED
    assert run_step(module.queue_is_short, {"longest": 2, "for": 0}).outcome is Outcome.FAILED


def test_the_time_to_hand_on_is_as_said() -> None:
    assert GRACE_S == 5.0
    assert "five seconds" in TEXT
