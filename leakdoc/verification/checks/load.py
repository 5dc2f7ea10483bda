"""Did as much happen after the rollout as before?"""

from __future__ import annotations

from leakdoc.model.decision import CheckOutcome
from leakdoc.model.proof import Check
from leakdoc.units import format_duration
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.work import CPU, REQUESTS, Work, work_of

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


def load(case: Comparison) -> Check:
    """The load must be comparable, and enough requests must have been served."""
    before, after = work_of(case.before, REQUESTS), work_of(case.after, REQUESTS)
    if before is None and after is None:
        return _by_cpu(case)
    if before is None or after is None:
        side = "before" if before is None else "after"
        return Check(
            name="load", outcome=UNKNOWN, reason=f"requests were not read {side}", numbers={"needs_more_s": None}
        )
    if before.total <= 0.0:
        return Check(name="load", outcome=PASSED, reason="it grew without a single request before")
    return _by_requests(before, after, case)


def _by_requests(before: Work, after: Work, case: Comparison) -> Check:
    policy = case.policy
    rate, requests = after.per_s / before.per_s, after.total / before.total
    missing = policy.requests_share * before.total - after.total
    needs = max(missing / after.per_s, 0.0) if after.per_s > 0.0 else None
    numbers = {
        "requests_before": before.total, "requests_after": after.total, "per_s_before": before.per_s,
        "per_s_after": after.per_s, "load_share": rate, "requests_share": requests, "needs_more_s": needs,
    }  # fmt: skip
    if rate < policy.load_share:
        wanted = f"{policy.load_share * before.per_s:.3g} requests a second"
        told = f"the load is {rate:.0%} of what it was: the path that leaked may be idle; {wanted} would do"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers | {"needs_more_s": None})
    if missing > 0.0:
        told = f"{requests:.0%} of the requests of before were served; {policy.requests_share:.0%} are needed"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers)
    told = f"{rate:.0%} of the old load, {requests:.0%} of its requests"
    return Check(name="load", outcome=PASSED, reason=told, numbers=numbers)


def _by_cpu(case: Comparison) -> Check:
    before, after = work_of(case.before, CPU), work_of(case.after, CPU)
    if before is None or after is None or before.per_s <= 0.0:
        told = "requests were not read: the same load is assumed"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    share = after.per_s / before.per_s
    numbers = {"cpu_s_before": before.total, "cpu_s_after": after.total, "cpu_share": share}
    if share < case.policy.cpu_share:
        told = f"CPU time fell to {share:.0%} of what it was: is it idle? Give the load to tell"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers)
    told = f"requests were not read; {format_duration(after.total)} of CPU time, {share:.0%} of the old rate"
    return Check(name="load", outcome=PASSED, reason=told, numbers=numbers)
