"""Did the new processes live on, or were they ended before a leak could show?"""

from __future__ import annotations

import signal
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import series_of
from leakdoc.model.decision import CheckOutcome
from leakdoc.model.metrics import MEMORY
from leakdoc.model.proof import Check
from leakdoc.model.sample import Column
from leakdoc.model.trace import Ending, Trace
from leakdoc.units import format_size
from leakdoc.verification.channels import was_read
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.windows import lived_s, longest_life_s, restarts

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
_CRASHES: Final = tuple(
    int(number) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")
    if (number := getattr(signal, name, None)) is not None
)  # fmt: skip
_ENDED_BY_SIGNAL: Final = 128  # shells report a signal as 128 and its number; whoever stopped it did so on purpose


def no_oom_kill(case: Comparison) -> Check:
    """A process that is killed for want of memory is not normal."""
    ending = case.after.facts.ending
    if ending is not None and ending.cause == "oom_killed":
        return Check(name="no_oom_kill", outcome=FAILED, reason="it was killed for want of memory after the rollout")
    kills = _kills(case.after)
    if kills is None:
        told = "OOM kills were not read after"
        return Check(name="no_oom_kill", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    if kills > 0:
        told = f"{kills:.0f} OOM kills after the rollout"
        return Check(name="no_oom_kill", outcome=FAILED, reason=told, numbers={"kills": kills})
    return Check(name="no_oom_kill", outcome=PASSED, reason="none after the rollout", numbers={"kills": 0})


def _kills(trace: Trace) -> float | None:
    values = trace.column("oom_kills_total")
    if values is None or not np.isfinite(values).any():
        return None
    order = np.argsort(trace.times, kind="stable")
    told = values[order][np.isfinite(values[order])]
    return float(np.sum(np.maximum(np.diff(told), 0.0)))


def under_limit(case: Comparison) -> Check:
    """What stands at its limit is held there, and shows no growth however much it leaks."""
    memory = next((Column(name) for name in MEMORY if was_read(case.after, Column(name))), None)
    limit = None if memory is None else series_of(case.after, memory).limit
    if memory is None or limit is None:
        told = "no memory limit is known"
        return Check(name="under_limit", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    highest = float(np.nanmax(case.after.columns[memory]))
    numbers = {"highest": highest, "limit": limit}
    told = f"{format_size(highest)} at most, of {format_size(limit)}"
    if highest >= case.policy.limit_share * limit:
        return Check(name="under_limit", outcome=FAILED, reason=f"{told}: it is held there", numbers=numbers)
    return Check(name="under_limit", outcome=PASSED, reason=told, numbers=numbers)


def no_extra_restarts(case: Comparison) -> Check:
    """Restarts give memory back without a fix; more of them than before are not explained by one."""
    ending = case.after.facts.ending
    if ending is not None and _is_crash(ending):
        told = f"it crashed after the rollout (signal {ending.signal})"
        return Check(name="no_extra_restarts", outcome=FAILED, reason=told, numbers={"signal": ending.signal})
    inferred = _inferred(case)
    before, after = restarts(case.before), restarts(case.after) + inferred
    lived_before, lived_after = lived_s(case.before), lived_s(case.after)
    allowed = int(before * lived_after / lived_before) if lived_before > 0.0 else 0
    numbers = {
        "before": before, "after": after, "allowed": allowed, "inferred": inferred,
        "longest_life_s": longest_life_s(case.after),
    }  # fmt: skip
    if after > allowed:
        told = f"{after} restarts after the rollout, where {allowed} would have been usual: each gives memory back"
        return Check(name="no_extra_restarts", outcome=FAILED, reason=told, numbers=numbers)
    told = "none" if not after else f"{after}, no more than before"
    return Check(name="no_extra_restarts", outcome=PASSED, reason=told, numbers=numbers)


def _inferred(case: Comparison) -> int:
    """Restarts that nobody recorded, told by the drop that they leave."""
    look = None if case.primary is None else case.primary.look
    found = None if look is None else look.growth.evidence.get("inferred_restarts")
    return int(found) if isinstance(found, int | float) else 0


def _is_crash(ending: Ending) -> bool:
    failed = ending.exit_status is not None and 0 < ending.exit_status < _ENDED_BY_SIGNAL
    return ending.signal in _CRASHES or (failed and ending.signal is None)
