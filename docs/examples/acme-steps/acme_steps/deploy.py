"""``acme.deploy``: a revision rolled out to a service that is a directory with a file ``revision``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from leakdoc.errors import StepError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Param, StepContext, step

Service = Annotated[Path, Param(help="the service's directory")]
Revision = Annotated[str, Param(help="what is to run there")]
Pause = Annotated[Duration, Param(help="how long the rollout takes")]


def _has_happened(_: StepContext, *, service: Service, revision: Revision, takes: Pause = 0.0) -> StepResult:
    del takes
    running = _running(service)
    return StepResult(
        outcome=Outcome.PASSED if running == revision else Outcome.FAILED,
        reason=f"{running} runs",
        outputs={"revision": running, "previous": None},
    )


def _take_back(ctx: StepContext, *, service: Service, revision: Revision, takes: Pause = 0.0) -> StepResult:
    del revision
    if not isinstance(ctx.back_to, str):
        raise StepError("the playbook's rollback does not say to which revision")
    _run(ctx, service, ctx.back_to, takes)
    return StepResult(outcome=Outcome.PASSED, reason=f"{ctx.back_to} runs again")


@step(
    "acme.deploy",
    effect="write",
    scope="production",
    timeout_s=30,
    probe=_has_happened,
    undo=_take_back,
    outputs=("revision", "previous"),
)
def deploy(ctx: StepContext, *, service: Service, revision: Revision, takes: Pause = 0.0) -> StepResult:
    """Roll a revision out."""
    previous = _running(service)
    _run(ctx, service, revision, takes)
    outputs = {"revision": revision, "previous": previous}
    return StepResult(outcome=Outcome.PASSED, reason=f"{revision} runs in place of {previous}", outputs=outputs)


def _running(service: Path) -> str:
    return (service / "revision").read_text().strip()


def _run(ctx: StepContext, service: Path, revision: str, takes_s: float) -> None:
    ctx.cancelled.wait(takes_s)
    beside = service / ".revision"
    beside.write_text(revision)
    with (service / "deploys.log").open("a") as log:
        log.write(f"{ctx.run.id if ctx.run else 'by hand'} {revision}\n")
        log.flush()
        beside.replace(service / "revision")  # the effect: from here on it runs
