"""``leakdoc.find_unclosed_connections``: which connections nobody closes, to whom, and where they were opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Param, PositiveDuration, StepContext, step
from playbook_steps.looking import OUTPUTS, Databases, Question, answer, look

QUESTION: Final = Question(
    signatures=("unclosed_connections", "close_wait", "idle_in_transaction", "half_open"),
    what="connections that nobody closes",
)


@step("leakdoc.find_unclosed_connections", effect="read", timeout_s=60, outputs=OUTPUTS)
def find_unclosed_connections(
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
    """Find the peers to whom connections accumulate, and the places that opened them where an agent noted those."""
    databases = Databases(postgres=postgres, mysql=mysql, redis=redis)
    return answer(
        QUESTION, look(ctx, QUESTION, target, for_s=for_s, interval_s=interval_s, record=record, databases=databases)
    )
