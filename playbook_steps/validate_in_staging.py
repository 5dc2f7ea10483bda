"""``leakdoc.validate_in_staging``: both builds under one fixed load, before anything goes to production."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import leakdoc
from leakdoc.errors import TargetGone, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import Duration, Param, PositiveDuration, StepContext, evidence_file, step
from playbook_steps.faultless import kept, without_fault
from playbook_steps.hooking import VARIABLE, words_in_environment
from playbook_steps.sampling import sample, stamp
from playbook_steps.started import running
from playbook_steps.verify_normalized import OUTCOMES, WORST_FIRST

_NAME: Final = "VALIDATE_IN_STAGING"


@step("leakdoc.validate_in_staging", effect="write", scope="staging", timeout_s=300, idempotent=True)
def validate_in_staging(
    ctx: StepContext,
    *,
    before: Annotated[tuple[str, ...], Param(help="the command that runs the old build in staging")] = (),
    after: Annotated[tuple[str, ...], Param(help="the command that runs the new build")] = (),
    load: Annotated[tuple[str, ...], Param(help="the command that puts the fixed load on it; runs beside it")] = (),
    service: Annotated[str | None, Param(help="told to the commands as LEAKDOC_SERVICE")] = None,
    revision: Annotated[str | None, Param(help="told to the new build's command as LEAKDOC_REVISION")] = None,
    for_s: Annotated[Duration, Param(name="for", help="how long each run is sampled")] = 120.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 0.5,
    rounds: Annotated[int, Param(help="old and new in turn, this often; each round must be proven")] = 1,
    proof: Annotated[Path | None, Param(help="where to; by default a new file in the step's directory")] = None,
    shows: Annotated[
        Literal["normalized", "no_fault"], Param(help="that memory is normalized, or that the new build has no fault")
    ] = "normalized",
) -> StepResult:
    """Run the old build and the new one under the same load, and prove that the new one is normalized.

    Where the cure is not of memory, `shows=no_fault`: nobody waits for the new build's pools and upstreams, and nothing
    of it is found to leak. What the old build showed is told beside it.

    Each is started, sampled with every process that it starts, and ended. The load's command is told the process as
    LEAKDOC_PID and runs as long as the build is sampled.
    """
    before = before or words_in_environment(f"{_NAME}_BEFORE")
    after = after or words_in_environment(f"{_NAME}_AFTER")
    load = load or words_in_environment(f"{_NAME}_LOAD")
    if not before or not after:
        both = f"Give before and after as lists of words, or set {VARIABLE}{_NAME}_BEFORE and …_AFTER to JSON lists."
        raise UsageError("staging takes the commands of both builds", help=both)
    if rounds < 1:
        raise UsageError(f"rounds must be at least 1, not {rounds}")
    told = {"LEAKDOC_SERVICE": service or ""}
    runs: list[tuple[Path, Path]] = []
    for number in range(rounds):
        ctx.progress(f"round {number + 1} of {rounds}")
        old = _sampled(ctx, before, load, told, for_s, interval_s, stop_when_decided=shows == "no_fault")
        new = _sampled(ctx, after, load, told | {"LEAKDOC_REVISION": revision or ""}, for_s, interval_s)
        runs.append((old, new))
    return _proven(ctx, runs, proof) if shows == "normalized" else without_fault(runs)


def _sampled(
    ctx: StepContext,
    build: Sequence[str],
    load: Sequence[str],
    told: dict[str, str],
    for_s: float,
    interval_s: float,
    *,
    stop_when_decided: bool = False,
) -> Path:
    """Run a build under load and sample it, for the whole time or until a fault of it is decided."""
    with running(build, {**os.environ, **told}) as process, _loaded(load, told | {"LEAKDOC_PID": str(process.pid)}):
        try:
            _, path = sample(
                ctx, process.pid, for_s=for_s, interval_s=interval_s, record=None,
                stop_when_decided=stop_when_decided, children=True,
            )  # fmt: skip
        except TargetGone:
            raise UsageError(
                f"{build[0]} ended before it could be sampled", help="Run it by hand: it must stay in front."
            ) from None
        if process.poll() is not None:
            raise UsageError(
                f"{build[0]} ended with exit status {process.returncode} while it was sampled",
                help="Run it by hand: it must stay in front until it is ended.",
            )
    return path


@contextmanager
def _loaded(words: Sequence[str], told: dict[str, str]) -> Iterator[None]:
    if not words:
        yield
        return
    with running(words, {**os.environ, **told}):
        yield


def _proven(ctx: StepContext, runs: Sequence[tuple[Path, Path]], wanted: Path | None) -> StepResult:
    made = [
        leakdoc.verify(old, new, verification=leakdoc.VerificationPolicy(names_may_differ=1.0)) for old, new in runs
    ]
    worst = min(made, key=lambda each: WORST_FIRST.index(each.decision))
    file = leakdoc.write_proof(worst, wanted or ctx.directory / f"staging-{stamp(ctx)}.json")
    checks = [EvidenceValue(name=f"check {each.name}", value=f"{each.outcome}: {each.reason}") for each in worst.checks]
    return StepResult(
        outcome=OUTCOMES.get(worst.decision, Outcome.FAILED),
        reason=worst.reason,
        outputs={"proof": str(file), "decision": str(worst.decision), "rounds": [str(each.decision) for each in made]},
        evidence=(evidence_file("proof", file), *kept(runs), *checks),
    )
