"""Did the new processes live on, or were they ended before a leak could show?"""

from __future__ import annotations

import numpy as np

from leakdoc.detection.detectors.growth import series_of
from leakdoc.model.decision import CheckOutcome
from leakdoc.model.finding import Json
from leakdoc.model.metrics import HEAP_LIMIT, HEAPS, MEMORY
from leakdoc.model.proof import Check
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.units import format_size
from leakdoc.verification.channels import was_read
from leakdoc.verification.comparison import Comparison

_HEAP, _AFTER_GC = (Column(name) for name in HEAPS)
PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


def no_oom_kill(case: Comparison) -> Check:
    """A process that is killed for want of memory is not normal, however flat its memory is."""
    ending, kills = case.after.facts.ending, kills_of(case.after)
    ended_by_it = ending is not None and ending.cause == "oom_killed"
    if ended_by_it or (kills or 0.0) > 0.0:
        numbers, why = _why_killed(case)
        many = f"{kills:.0f} OOM kills after the rollout" if kills else "it was killed for want of memory"
        return Check(name="no_oom_kill", outcome=FAILED, reason=f"{many}: {why}", numbers={"kills": kills} | numbers)
    if kills is None:
        told = "OOM kills were not read after"
        return Check(name="no_oom_kill", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    return Check(name="no_oom_kill", outcome=PASSED, reason="none after the rollout", numbers={"kills": 0})


def _why_killed(case: Comparison) -> tuple[dict[str, Json], str]:
    """What a kill at this level tells: a limit that is too low for it, or a spike that no sample shows."""
    memory, limit = _memory_and_limit(case)
    if memory is None:
        return {}, "memory was not read"
    highest = _highest_at_once(case.after, memory)
    numbers: dict[str, Json] = {"highest": highest, "limit": limit}
    if limit is None:
        told = f"it stood at {format_size(highest)} at most, and its limit is not known: give it with --limit"
        return numbers, told
    told = f"it stood at {format_size(highest)} at most, of {format_size(limit)}"
    if highest >= case.policy.near_limit_share * limit:
        return numbers, f"{told}: the limit is too low for that level, or it grew until there"
    spike = "a spike between two samples, or another process of its control group"
    return numbers, f"{told}: {spike}; sample more often"


def kills_of(trace: Trace) -> float | None:
    """Return the kills for want of memory that a trace counts; null where they were not read."""
    values = trace.column("oom_kills_total")
    if values is None or not np.isfinite(values).any():
        return None
    order = np.argsort(trace.times, kind="stable")
    told = values[order][np.isfinite(values[order])]
    return float(np.sum(np.maximum(np.diff(told), 0.0)))


def under_limit(case: Comparison) -> Check:
    """What stands at its limit is held there, and shows no growth however much it leaks."""
    memory, limit = _memory_and_limit(case)
    if memory == _HEAP and was_read(case.after, Column(HEAP_LIMIT)):
        memory = _AFTER_GC if was_read(case.after, _AFTER_GC) else None
    if memory is None or limit is None:
        told = "no memory limit is known"
        if limit is not None:
            told = "garbage may fill a heap up to its limit, and what collections leave of it was not read"
        return Check(name="under_limit", outcome=UNKNOWN, reason=told, numbers={"unread": True})
    highest = _highest_at_once(case.after, memory)
    numbers: dict[str, Json] = {"highest": highest, "limit": limit}
    told = f"{format_size(highest)} at most, of {format_size(limit)}"
    if highest >= case.policy.limit_share * limit:
        return Check(name="under_limit", outcome=FAILED, reason=f"{told}: it is held there", numbers=numbers)
    return Check(name="under_limit", outcome=PASSED, reason=told, numbers=numbers)


def _memory_and_limit(case: Comparison) -> tuple[Column | None, float | None]:
    memory = next((Column(name) for name in MEMORY if was_read(case.after, Column(name))), None)
    return memory, None if memory is None else case.limit or series_of(case.after, memory).limit


def _highest_at_once(trace: Trace, column: Column) -> float:
    """The highest sum over the processes that live at one time, each with its latest reading."""
    times, changes = [], []
    for life in trace.lives:
        read = np.isfinite(trace.columns[column][life.rows])
        at, values = trace.times[life.rows][read], trace.columns[column][life.rows][read]
        if len(at):
            times += [at, np.nextafter(at[-1:], np.inf)]  # it counts up to its last reading
            changes += [np.diff(values, prepend=0.0), -values[-1:]]
    at = np.concatenate(times)
    order = np.argsort(at, kind="stable")
    ends = np.append(np.diff(at[order]) > 0.0, True)  # what happens at one time counts together
    return float(np.max(np.cumsum(np.concatenate(changes)[order])[ends]))
