"""``leakdoc.isolate_upstream``: the upstream of cascading timeouts, followed through the services of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

from leakdoc.errors import TargetError, UsageError
from leakdoc.model.finding import Json
from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Param, PositiveDuration, StepContext, step
from playbook_steps.looking import OUTPUTS, Question, answer, look

QUESTION: Final = Question(
    signatures=("upstream_unresponsive", "half_open"), what="upstreams that do not answer while callers wait"
)
DEEPEST: Final = 4  # services one behind the other
LOOPBACK: Final = ("127.0.0.1:", "[::1]:")


@step("leakdoc.isolate_upstream", effect="read", timeout_s=120, outputs=(*OUTPUTS, "upstream", "chain"))
def isolate_upstream(
    ctx: StepContext,
    *,
    target: Annotated[int | str, Param(help="a pid, or what `leakdoc watch` takes: the service whose callers wait")],
    for_s: Annotated[Duration, Param(name="for", help="how long at most; what is decided ends it sooner")] = 60.0,
    interval_s: Annotated[PositiveDuration, Param(name="interval", help="between samples")] = 0.5,
    record: Annotated[Path | None, Param(help="keep the samples in this recording")] = None,
) -> StepResult:
    """Find the upstream that does not answer; where it runs on this machine, whether it waits for another in turn.

    `outputs.upstream` is the last of the chain: the one that waits for nobody that can be seen.
    """
    seen = look(ctx, QUESTION, target, for_s=for_s, interval_s=interval_s, record=record)
    found = answer(QUESTION, seen)
    chain = list(_chain(ctx, seen, for_s=for_s, interval_s=interval_s))
    outputs: dict[str, Json] = {**found.outputs, "upstream": chain[-1] if chain else None, "chain": [*chain]}
    more = f"; followed on this machine: {' -> '.join(chain)}" if len(chain) > 1 else ""
    return replace(found, reason=f"{found.reason}{more}", outputs=outputs)


def _chain(ctx: StepContext, seen: Any, *, for_s: float, interval_s: float) -> Iterator[str]:
    """Yield the upstream that does not answer, the one that this waits for, and so on."""
    known = {each.peer for each in seen.peers if each.direction == "in"}  # by whose ports a circle would close
    for _ in range(DEEPEST):
        upstream = _unresponsive(seen)
        if upstream is None or upstream in known or f":{upstream.rpartition(':')[2]}" in known:
            return
        known.add(upstream)
        yield upstream
        if not upstream.startswith(LOOPBACK):
            return
        try:
            seen = look(ctx, QUESTION, f":{upstream.rpartition(':')[2]}", for_s=for_s, interval_s=interval_s)
        except (TargetError, UsageError):
            return  # whose it is cannot be told, or is not ours to look at


def _unresponsive(seen: Any) -> str | None:
    found = (each for each in seen.diagnosis.findings if each.detector == "upstream_unresponsive")
    return next((str(each.evidence["peer"]) for each in found if each.decision.is_fault), None)
