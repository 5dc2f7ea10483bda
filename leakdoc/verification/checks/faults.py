"""Is there a fault of another kind after: a pool that callers wait for, an upstream that does not answer?"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.proof import Check
from leakdoc.model.trace import Trace
from leakdoc.verification.comparison import Comparison

PASSED, FAILED = CheckOutcome.PASSED, CheckOutcome.FAILED
NAME: Final = "no_other_fault"
_OF_CONNECTIONS: Final = ("close_wait", "half_open", "idle_in_transaction", "connection_churn")
_WAITERS: Final = ("pool_waiting", "pool_waiters")


def no_other_fault(case: Comparison) -> Check:
    """A leak that was stopped by a ceiling at which callers now wait is no fix."""
    found = [each for each in case.said_after.findings if _is_other_fault(each)]
    waited = [name for name in _WAITERS if _wait_now(case, name)]
    if not found and not waited:
        return Check(name=NAME, outcome=PASSED, reason="no other detector finds a fault after")
    whys = [each.reason for each in found] or ["callers wait for a pool, which they did not before"]
    numbers: dict[str, Json] = {"detectors": [each.detector for each in found], "waiting": list(waited)}
    return Check(name=NAME, outcome=FAILED, reason="; ".join(dict.fromkeys(whys)), numbers=numbers)


def _is_other_fault(finding: Finding) -> bool:
    if finding.decision in (Decision.EXHAUSTED, Decision.UNRESPONSIVE):
        return True
    return finding.decision is Decision.LEAKING and finding.detector in _OF_CONNECTIONS


def _wait_now(case: Comparison, metric: str) -> bool:
    """Whether at least one caller usually waits at the end, and none usually did before."""
    before, after = _usual(case.before, metric, 0.0), _usual(case.after, metric, 1.0 - case.policy.level_part)
    return before is not None and after is not None and before < 1.0 <= after


def _usual(trace: Trace, metric: str, start: float) -> float | None:
    """The median over the last part, of the pool with most."""
    late = trace.times >= float(trace.times.min()) + start * float(np.ptp(trace.times)) if len(trace) else trace.times
    columns = [values for column, values in trace.columns.items() if column.metric == metric]
    told = [part[np.isfinite(part)] for part in (values[late] for values in columns)] if len(trace) else []
    return max((float(np.median(part)) for part in told if len(part)), default=None)
