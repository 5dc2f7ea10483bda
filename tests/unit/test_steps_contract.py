"""What `@step` accepts and refuses, and what a step gives back when it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leakdoc.errors import StepError, UsageError
from leakdoc.model.decision import Decision, Outcome
from leakdoc.model.step import Effect, Scope, StepResult
from leakdoc.playbook import StepContext, evidence_file, outcome_of, step

PASSED = StepResult(outcome=Outcome.PASSED, reason="done")


def read(ctx: StepContext, *, name: str = "x") -> StepResult:
    """Say a name.

    More words.
    """
    return StepResult(outcome=Outcome.PASSED, reason=name, outputs={"directory": str(ctx.directory)})


def has_happened(ctx: StepContext, *, name: str = "x") -> bool:
    return bool(name)


def test_a_step_is_called_like_its_function(tmp_path: Path) -> None:
    made = step("acme.read", effect="read", timeout_s=1)(read)
    result = made(StepContext(directory=tmp_path), name="payments")
    assert result == StepResult(
        step="acme.read", outcome=Outcome.PASSED, reason="payments", outputs={"directory": str(tmp_path)}
    )
    assert made().reason == "x"
    assert made.summary == "Say a name."
    assert (made.effect, made.scope) == (Effect.READ, Scope.NONE)


def test_a_step_that_writes_registers_probe_and_undo_or_is_idempotent() -> None:
    for kept in ({}, {"probe": has_happened}, {"undo": read}):
        with pytest.raises(StepError, match="needs `probe` and `undo`, or to be idempotent"):
            step("acme.write", effect="write", timeout_s=1, **kept)(read)  # type: ignore[arg-type]
    assert step("acme.write", effect="write", timeout_s=1, probe=has_happened, undo=read)(read).undo is read
    assert step("acme.write", effect=Effect.WRITE, timeout_s=1, idempotent=True)(read).idempotent


@pytest.mark.parametrize("name", ["detect_growth", "Acme.x", "acme.", ".x", "acme x.y", "acme.x-y", ""])
def test_a_name_needs_its_owners_prefix(name: str) -> None:
    with pytest.raises(StepError, match="is not named like"):
        step(name, effect="read", timeout_s=1)(read)


def no_context() -> StepResult:
    return PASSED


def positional(ctx: StepContext, name: str) -> StepResult:
    return PASSED


def unannotated(ctx: StepContext, *, name) -> StepResult:  # type: ignore[no-untyped-def]
    return PASSED


def anything(ctx: StepContext, **values: str) -> StepResult:
    return PASSED


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (no_context, "does not take the context"),
        (positional, "not keyword-only and annotated: name"),
        (unannotated, "not keyword-only and annotated: name"),
        (anything, "not keyword-only and annotated: values"),
    ],
)
def test_a_function_that_cannot_be_described_is_refused(function: Callable[..., StepResult], problem: str) -> None:
    with pytest.raises(StepError, match=problem):
        step("acme.x", effect="read", timeout_s=1)(function)


@pytest.mark.parametrize(
    ("declared", "problem"),
    [({"effect": "rad"}, "'rad'"), ({"scope": "moon"}, "'moon'"), ({"timeout_s": 0}, "timeout")],
)
def test_a_declaration_that_means_nothing_is_refused(declared: dict[str, object], problem: str) -> None:
    with pytest.raises(StepError, match=problem):
        step("acme.x", **({"effect": "read", "timeout_s": 1} | declared))(read)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "returned",
    [
        None,
        StepResult(outcome="perfect", reason=""),  # type: ignore[arg-type]
        StepResult(outcome=Outcome.PASSED, reason="", outputs={"path": Path("x")}),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_result_is_an_error_of_the_step(returned: object) -> None:
    def wrong(ctx: StepContext) -> StepResult:
        return returned  # type: ignore[return-value]

    with pytest.raises(StepError, match=r"acme\.wrong returned"):
        step("acme.wrong", effect="read", timeout_s=1)(wrong)()


def test_a_reason_is_inert() -> None:
    def hostile(ctx: StepContext) -> StepResult:
        return StepResult(outcome=Outcome.PASSED, reason="leaks in \x1b[2J\u202enimda\n::error::")

    assert step("acme.x", effect="read", timeout_s=1)(hostile)().reason == "leaks in  [2Jnimda ::error::"


def test_unknown_numbers_among_the_outputs_are_null() -> None:
    def unknown(ctx: StepContext) -> StepResult:
        return StepResult(outcome=Outcome.PASSED, reason="", outputs={"slope": float("nan"), "all": [float("inf")]})

    assert step("acme.x", effect="read", timeout_s=1)(unknown)().outputs == {"slope": None, "all": [None]}


def test_calling_a_step_wrongly_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="nmae is not a parameter"):
        step("acme.x", effect="read", timeout_s=1)(read)(nmae="x")


@pytest.mark.parametrize("decision", list(Decision))
def test_a_detection_step_passes_once_it_has_decided(decision: Decision) -> None:
    expected = Outcome.INCONCLUSIVE if decision == "inconclusive" else Outcome.PASSED
    assert outcome_of(decision) is expected


def test_a_file_is_evidence_by_its_hash(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    item = evidence_file("trace", tmp_path / "x")
    assert item.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
