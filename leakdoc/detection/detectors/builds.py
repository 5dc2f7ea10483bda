"""Builds of one subject told apart: a canary that leaks beside the rest, and the build since which all leak.

A canary is there for too short a part of the window to show beside those that ran before it, and among them its growth
passes for the noise of starts: it is judged alone where all together have no fault. What is young rises: it is held to
what the builds before it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.precedents import is_without_precedent
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace
from leakdoc.redact import inert

_AT_THE_END: Final = 0.02  # of the window: who was read so lately is there
_MOST_BUILDS: Final = 4  # that are looked back on: older ones have few samples in a window
_SOUND: Final = frozenset({Decision.STABLE, Decision.LOAD_DRIVEN, Decision.WARMING_UP})


def told_by_build(trace: Trace, column: Column, main: Finding, policy: GrowthPolicy, alpha: float | None) -> Finding:
    """Return the finding on all processes with the build since which they leak, or, where it is no fault and those of
    the newest build leak, that on these.

    Args:
        main: on all processes together.
        alpha: the error rate that this look may spend, of which these have half; the policy's own when null.
    """
    build = newest_build(trace)
    if build is None or (main.decision.is_fault and main.decision is not Decision.LEAKING):
        return main
    half = (alpha or policy.alpha) / 2.0
    if main.decision is Decision.LEAKING:
        since = _since(trace, column, policy, half)
        return main if since is None else _with_since(main, since)
    if not is_without_precedent(trace, column, build):  # asked first, as it costs next to nothing
        return main
    found = _of(trace, column, build, policy, half)
    if found.decision is not Decision.LEAKING:
        return main
    together: Json = {"decision": main.decision.value, "reason": main.reason}
    words = f"{inert(build, longest=100)} {found.evidence.get('in_words')}"
    return replace(found, evidence={**found.evidence, "in_words": words, "build": build, "all_processes": together})


def _with_since(main: Finding, build: str) -> Finding:
    told = f"since {inert(build, longest=100)}, and not before"
    words = main.evidence.get("in_words")
    evidence = {**main.evidence, "since_build": build, "in_words": f"{words}, {told}" if words else words}
    return replace(main, reason=f"{main.reason}; {told}", evidence=evidence)


def _since(trace: Trace, column: Column, policy: GrowthPolicy, alpha: float) -> str | None:
    """The earliest of the builds in a row that leak up to the newest; null where the one before is not surely sound."""
    leaking: str | None = None
    for build in _newest_first(trace):
        decision = _of(trace, column, build, policy, alpha).decision
        if decision is not Decision.LEAKING:
            return leaking if decision in _SOUND else None
        leaking = build
    return None


def _of(trace: Trace, column: Column, build: str, policy: GrowthPolicy, alpha: float) -> Finding:
    part = lives_of(trace, [life.version == build for life in trace.lives])
    if all(life.limit_bytes is None for life in part.lives):
        part = replace(part, facts=replace(part.facts, limit_bytes=None))  # it is shared with the others
    title = f"{metric(column.metric).title} of {inert(build, longest=100)}"
    return find_growth(part, column, policy, title=title, alpha=alpha)


def newest_build(trace: Trace) -> str | None:
    """Return the build that began last, where it is there at the end and others ran before it; null elsewhere."""
    builds = list(_newest_first(trace))
    if len(builds) < 2:
        return None
    end, start = float(np.max(trace.times)), float(np.min(trace.times))
    last = max(float(trace.times[life.stop - 1]) for life in trace.lives if life.version == builds[0])
    return builds[0] if last >= end - _AT_THE_END * (end - start) else None


def _newest_first(trace: Trace) -> Iterator[str]:
    began: dict[str, float] = {}
    for life in trace.lives:
        if life.version is not None:
            first = float(trace.times[life.first])
            began[life.version] = min(began.get(life.version, first), first)
    yield from sorted(began, key=lambda build: -began[build])[:_MOST_BUILDS]


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
