"""Whatever happens to a step is an outcome with a reason."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import pytest

import leakdoc.playbook.running
from leakdoc.errors import TargetGone, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Param, Step, StepContext, step
from leakdoc.playbook.running import run_step


def made(body: object) -> Step:
    def function(ctx: StepContext) -> StepResult:
        return body(ctx)  # type: ignore[operator,no-any-return]

    return step("acme.made", effect="read", timeout_s=60)(function)


def test_a_result_comes_back_as_it_is() -> None:
    result = run_step(made(lambda _: StepResult(outcome=Outcome.FAILED, reason="no")), {})
    assert (result.step, result.outcome, result.reason) == ("acme.made", Outcome.FAILED, "no")


def gone(ctx: StepContext) -> StepResult:
    raise TargetGone("there is no process 4242", help="It may have ended.")


def broken(ctx: StepContext) -> StepResult:
    raise KeyError("password=hunter2\x1b[2J")


def leaving(ctx: StepContext) -> StepResult:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gone, "there is no process 4242. It may have ended."),
        (broken, "failed unexpectedly: KeyError: 'password=[redacted]"),
        (leaving, "failed unexpectedly: SystemExit: 3"),
        (lambda _: None, "step acme.made returned NoneType, not a StepResult"),
    ],
)
def test_what_goes_wrong_is_the_outcome_error(body: object, reason: str) -> None:
    result = run_step(made(body), {})
    assert result.outcome is Outcome.ERROR
    assert result.reason.startswith(reason)
    assert "\x1b" not in result.reason and "hunter2" not in result.reason


def test_a_step_that_is_told_to_stop_in_time_hands_on_what_it_has() -> None:
    def slow(ctx: StepContext) -> StepResult:
        stopped = ctx.cancelled.wait(30)
        return StepResult(outcome=Outcome.PASSED, reason="", outputs={"stopped": stopped})

    result = run_step(made(slow), {}, timeout_s=0.01)
    assert result.outcome is Outcome.ERROR
    assert result.reason == "did not end within 10 ms"
    assert result.outputs == {"stopped": True}


def test_a_step_that_does_not_stop_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakdoc.playbook.running, "GRACE_S", 0.01)
    free = threading.Event()

    def deaf(ctx: StepContext) -> StepResult:
        free.wait(30)
        return StepResult(outcome=Outcome.PASSED, reason="")

    result = run_step(made(deaf), {}, timeout_s=0.01)
    free.set()
    assert result.outcome is Outcome.ERROR
    assert result.reason.endswith("it may still be at work")


def test_a_step_has_the_time_that_its_parameter_for_asks_on_top(tmp_path: Path) -> None:
    @step("acme.looking", effect="read", timeout_s=0.001)
    def looking(ctx: StepContext, *, for_s: Annotated[Duration, Param(name="for", help="")] = 0.0) -> StepResult:
        stopped = ctx.cancelled.wait(0.05 if for_s else 30)
        return StepResult(outcome=Outcome.PASSED, reason="", outputs={"stopped": stopped})

    assert run_step(looking, {"for": "60s"}).outcome is Outcome.PASSED
    assert run_step(looking, {}).outcome is Outcome.ERROR


def choosy(ctx: StepContext) -> StepResult:
    raise UsageError("not a target: 'abc'")


def test_calling_it_wrongly_is_no_outcome() -> None:
    with pytest.raises(UsageError, match="not a target: 'abc'"):
        run_step(made(choosy), {})
    with pytest.raises(UsageError, match="x is not a parameter"):
        run_step(made(gone), {"x": 1})
    with pytest.raises(UsageError, match="no such step: 'nonesuch'"):
        run_step("nonesuch", {})
