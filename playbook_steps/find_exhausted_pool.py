"""``leakdoc.find_exhausted_pool``: which pool stands at its size while callers wait, and who holds its connections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Param, PositiveDuration, StepContext, step
from playbook_steps.looking import OUTPUTS, Databases, Question, answer, look

QUESTION: Final = Question(
    signatures=("pool_exhausted", "idle_in_transaction", "connection_churn"),
    what="pools that stand at their size while callers wait",
)


@step("leakdoc.find_exhausted_pool", effect="read", timeout_s=60, outputs=OUTPUTS)
def find_exhausted_pool(
    ctx: StepContext,
    *,
    target: Annotated[int | str, Param(help="a pid, or what `leakdoc watch` takes")],
    for_s: Annotated[Duration, Param(name="for", help="how long at most; what is decided ends it sooner")] = 60.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 0.5,
    postgres: Annotated[str | None, Param(help="the DSN of its PostgreSQL, by env:NAME or file:PATH")] = None,
    mysql: Annotated[str | None, Param(help="the same of its MySQL or MariaDB: it names mysql://…")] = None,
    redis: Annotated[str | None, Param(help="the same of its Redis or Valkey: it names redis://…")] = None,
    record: Annotated[Path | None, Param(help="keep the samples in this recording")] = None,
) -> StepResult:
    """Find the pool that callers wait for, and what its connections are held by."""
    databases = Databases(postgres=postgres, mysql=mysql, redis=redis)
    return answer(
        QUESTION, look(ctx, QUESTION, target, for_s=for_s, interval_s=interval_s, record=record, databases=databases)
    )
