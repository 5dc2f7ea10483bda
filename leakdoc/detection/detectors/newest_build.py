"""The processes of the newest build judged alone, where all together have no fault: a canary that leaks.

It is there for too short a part of the window to show beside those that ran before it, and among them its growth passes
for the noise of starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace
from leakdoc.redact import inert

_AT_THE_END: Final = 0.02  # of the window: who was read so lately is there


def told_by_newest_build(
    trace: Trace, column: Column, main: Finding, policy: GrowthPolicy, alpha: float | None
) -> Finding:
    """Return the finding on all processes, or, where it is no fault and those of the newest build leak, that on these.

    Args:
        main: on all processes together.
        alpha: the error rate that this look may spend, of which these have half; the policy's own when null.
    """
    build = None if main.decision.is_fault else newest_build(trace)
    if build is None:
        return main
    part = lives_of(trace, [life.version == build for life in trace.lives])
    if all(life.limit_bytes is None for life in part.lives):
        part = replace(part, facts=replace(part.facts, limit_bytes=None))  # it is shared with the others
    title = f"{metric(column.metric).title} of {inert(build, longest=100)}"
    found = find_growth(part, column, policy, title=title, alpha=(alpha or policy.alpha) / 2.0)
    if found.decision is not Decision.LEAKING:
        return main
    together: Json = {"decision": main.decision.value, "reason": main.reason}
    return replace(found, evidence={**found.evidence, "build": build, "all_processes": together})


def newest_build(trace: Trace) -> str | None:
    """Return the build that began last, where it is there at the end and others ran before it; null elsewhere."""
    began: dict[str, float] = {}
    for life in trace.lives:
        if life.version is not None:
            first = float(trace.times[life.first])
            began[life.version] = min(began.get(life.version, first), first)
    if len(began) < 2:
        return None
    newest = max(began, key=lambda build: began[build])
    end, start = float(np.max(trace.times)), float(np.min(trace.times))
    last = max(float(trace.times[life.stop - 1]) for life in trace.lives if life.version == newest)
    there = last >= end - _AT_THE_END * (end - start)
    return newest if there and began[newest] > min(began.values()) else None


def lives_of(trace: Trace, kept: Sequence[bool]) -> Trace:
    """Return the trace with some of its lives only."""
    rows = np.zeros(len(trace), dtype=bool)
    lives: list[Life] = []
    for life, keep_it in zip(trace.lives, kept, strict=True):
        rows[life.rows] = keep_it
        if keep_it:
            first = lives[-1].stop if lives else 0
            lives.append(replace(life, first=first, stop=first + life.stop - life.first))
    columns = {column: values[rows] for column, values in trace.columns.items()}
    return replace(trace, times=trace.times[rows], lives=tuple(lives), columns=columns)
