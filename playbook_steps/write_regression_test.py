"""``leakdoc.write_regression_test``: a test of this incident, ready to fill in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import leakdoc
from leakdoc.errors import StepError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, evidence_file, step


@step("leakdoc.write_regression_test", effect="write", timeout_s=30, idempotent=True, outputs=("path",))
def write_regression_test(
    ctx: StepContext,  # noqa: ARG001  (the contract's first argument)
    *,
    path: Annotated[Path | None, Param(help="the new test file; without it none is written")] = None,
    service: Annotated[str, Param(help="whose incident it was")] = "the service",
    lines: Annotated[Any, Param(help="lines, as capture_heap says, or places, as locate_code says")] = None,
    holders: Annotated[Any, Param(help="holders, as capture_heap says")] = None,
) -> StepResult:
    """Write a test that calls what leaked until it is decided whether it still does; it fails until it is filled in."""
    if path is None:
        return StepResult(outcome=Outcome.SKIPPED, reason="no file was named for a test", outputs={"path": None})
    text = leakdoc.regression_test_text(service, lines or [], holders or [])
    try:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            _write_new(path, text)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            told = f"{path} is there already"
            raise StepError(told, help="Name a new file; a test is never written over.") from error
        raise StepError(f"{path} cannot be written: {error.strerror}", help="Name another file.") from error
    return StepResult(
        outcome=Outcome.PASSED,
        reason=f"{path} is ready to be filled in",
        outputs={"path": str(path)},
        evidence=(evidence_file("test", path),),
    )


def _write_new(path: Path, text: str) -> None:
    """Write a file whole or not at all, and over none that is there; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
