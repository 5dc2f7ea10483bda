"""``leakdoc.detect_growth``: does memory grow without an end in sight?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import leakdoc
from leakdoc.model.decision import Decision
from leakdoc.model.documents import interval_document, number
from leakdoc.model.metrics import MEMORY
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, evidence_file, outcome_of, step

DEFAULTS: Final = leakdoc.GrowthPolicy()
NOTHING_TO_JUDGE: Final = "no memory was read, so there is nothing to judge; give samples with rss_bytes or its like"


@step(
    "leakdoc.detect_growth",
    effect="read",
    timeout_s=60,
    outputs=("decision", "slope_per_hour", "time_to_limit_s", "diagnosis"),
)
def detect_growth(
    ctx: StepContext,  # noqa: ARG001  (the contract's first argument)
    *,
    trace: Annotated[Path, Param(help="a recording, CSV or Parquet file")],
    policy: Annotated[
        leakdoc.GrowthPolicy, Param(help="what counts as growth, e.g. policy.smallest=1MiB/h")
    ] = DEFAULTS,
) -> StepResult:
    """Decide whether memory grows without an end in sight, how fast, and when it reaches its limit."""
    diagnosis = leakdoc.diagnose(trace, policies=leakdoc.Policies(growth=policy))
    finding = _of_memory(diagnosis)
    decision = Decision.INCONCLUSIVE if finding is None else finding.decision
    limit = None if finding is None else finding.time_to_limit_s
    return StepResult(
        outcome=outcome_of(decision),
        reason=NOTHING_TO_JUDGE if finding is None else _reason(finding),
        outputs={
            "decision": str(decision),
            "slope_per_hour": None if finding is None else interval_document(finding.slope_per_hour),
            "time_to_limit_s": None if limit is None else number(limit.estimate),
            "diagnosis": leakdoc.to_document(diagnosis),
        },
        evidence=(evidence_file("trace", trace),),
    )


def _of_memory(diagnosis: leakdoc.Diagnosis) -> leakdoc.Finding | None:
    """The finding on memory; of a trace without any, the first that judges growth; null without one."""
    growth = [finding for finding in diagnosis.findings if finding.detector == "growth"]
    return next((finding for finding in growth if finding.metric in MEMORY), next(iter(growth), None))


def _reason(finding: leakdoc.Finding) -> str:
    return finding.reason if finding.metric in MEMORY else f"no memory was read; of {finding.metric}: {finding.reason}"
