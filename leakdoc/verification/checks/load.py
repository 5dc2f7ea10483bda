"""Did as much happen after the rollout as before?"""

from __future__ import annotations

from leakdoc.model.decision import CheckOutcome
from leakdoc.model.proof import Check
from leakdoc.model.trace import Trace
from leakdoc.units import format_duration
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.windows import without_start
from leakdoc.verification.work import CPU, REQUESTS, Work, work_of

TICK_S = 0.01  # of the kernel's account of CPU time (USER_HZ): one more or less says nothing
PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


def load(case: Comparison) -> Check:
    """The load must be comparable, and enough requests must have been served, in the part that speaks for after."""
    before, after = work_of(case.before, REQUESTS), work_of(_spoken_for(case), REQUESTS)
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


def _spoken_for(case: Comparison) -> Trace:
    """After without the start that was cut: what is idle since shows no growth however much it leaks."""
    return without_start(case.after, _cut(case))


def _cut(case: Comparison) -> float:
    look = None if case.primary is None else case.primary.look
    return 0.0 if look is None else look.cut


def _by_requests(before: Work, after: Work, case: Comparison) -> Check:
    policy, asked = case.policy, _asked_share(case)
    rate, requests = after.per_s / before.per_s, after.total / before.total
    missing = asked * before.total - after.total
    needs = max(missing / after.per_s, 0.0) / (1.0 - _cut(case)) if after.per_s > 0.0 else None
    numbers = {
        "requests_before": before.total, "requests_after": after.total, "per_s_before": before.per_s,
        "per_s_after": after.per_s, "load_share": rate, "requests_share": requests, "needs_more_s": needs,
    }  # fmt: skip
    if rate < policy.load_share:
        wanted = f"{policy.load_share * before.per_s:.3g} requests a second"
        told = f"the load is {rate:.0%} of what it was: the path that leaked may be idle; {wanted} would do"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers | {"needs_more_s": None})
    if missing > 0.0:
        told = f"{requests:.0%} of the requests of before were served; {asked:.0%} are needed"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers)
    told = f"{rate:.0%} of the old load, {requests:.0%} of its requests"
    return Check(name="load", outcome=PASSED, reason=told, numbers=numbers)


def _asked_share(case: Comparison) -> float:
    """The share of the old requests that is asked for: fewer of a leak that grew steadily with them."""
    policy, primary = case.policy, case.primary
    if primary is None or primary.look is None or primary.look.requests is None:
        return policy.requests_share
    pause = primary.leak.pause_requests
    steady = pause is not None and primary.look.requests >= policy.steady_pauses * pause
    return min(policy.steady_requests_share, policy.requests_share) if steady else policy.requests_share


def _by_cpu(case: Comparison) -> Check:
    before, after = work_of(case.before, CPU), work_of(_spoken_for(case), CPU)
    if before is None or after is None or before.per_s <= 0.0:
        told = "requests were not read: the same load is assumed"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    share = after.per_s / before.per_s
    numbers = {"cpu_s_before": before.total, "cpu_s_after": after.total, "cpu_share": share}
    if share < case.policy.cpu_share:
        told = f"CPU time fell to {share:.0%} of what it was: is it idle? Give the load to tell"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers)
    if after.per_s > 0.0 and after.total - TICK_S < case.policy.cpu_share * before.per_s * after.total / after.per_s:
        told = f"{format_duration(after.total)} of CPU time may be an idle service's: give the load to tell"
        return Check(name="load", outcome=UNKNOWN, reason=told, numbers=numbers)
    told = f"requests were not read; {format_duration(after.total)} of CPU time, {share:.0%} of the old rate"
    return Check(name="load", outcome=PASSED, reason=told, numbers=numbers)
