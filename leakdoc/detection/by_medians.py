"""What the medians that a server computed settle on their own, and what has to be judged on samples.

Only what surely is stable is settled: no reading is far from the others, the medians hardly move, and the verdict on
them is far from every threshold. Whatever has a fault, or comes near one, is judged on its samples, and so is what is
shown of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leakdoc.detection.many import diagnose_many
from leakdoc.detection.policies import Policies
from leakdoc.detection.policy import setting
from leakdoc.detection.scan import Judged
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import metric
from leakdoc.model.trace import Trace
from leakdoc.sampling.sources.prometheus.fleet import Sourced
from leakdoc.units import format_duration, parse_time

_RULES = frozenset({"stable", "below_what_matters"})
_LOAD = "requests_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediansPolicy:
    """How far from every threshold a verdict on medians must be to need no samples."""

    moves: float = setting(0.02, unit="fraction", why="a rise under 2 % is neither a warm-up nor an effect of the load")
    moves_count: float = setting(2.0, unit="number", why="the same for counts of things: three may be a trend")
    hidden_count: float = setting(1.0, unit="number", why="one thing may come without a trace: the worst case knows it")
    worst: float = setting(0.02, unit="fraction", why="less than half of the growth that `stable` must have seen")
    confidence: float = setting(0.95, unit="probability", why="of 1,965 stable series none that was surer was another")


def judged_by_medians(
    batch: Sequence[Sourced],
    *,
    policies: Policies,
    bin_s: float,
    sure: MediansPolicy = MediansPolicy(),
) -> list[Judged]:
    """Judge subjects on medians; one that must be judged on samples has neither a diagnosis nor a reason."""
    growth = policies.growth
    told = replace(policies, growth=replace(growth, min_samples=max(growth.min_samples, growth.bins)))  # a bin each
    traces = {
        at: each.trace for at, each in enumerate(batch) if each.trace is not None and _may_settle(each.trace, sure)
    }
    found = dict(zip(traces, diagnose_many(list(traces.values()), told), strict=True))
    return [Judged(each.name, _settled(found.get(at), sure, bin_s)) for at, each in enumerate(batch)]


def _may_settle(trace: Trace, sure: MediansPolicy) -> bool:
    if trace.column(_LOAD) is not None:
        return False  # medians blur how it goes with the load
    columns = trace.columns.items()
    return all(
        _hardly_moves(column.metric, values[life.rows], sure) for column, values in columns for life in trace.lives
    )


def _hardly_moves(name: str, values: np.ndarray, sure: MediansPolicy) -> bool:
    told, known = values[np.isfinite(values)], metric(name)
    if known.is_counter or not len(told):
        return True
    room = sure.moves_count if known.unit == "count" else sure.moves * float(np.abs(told).max())
    return float(np.ptp(told)) <= room


def _settled(found: Diagnosis | str | None, sure: MediansPolicy, bin_s: float) -> Diagnosis | None:
    if not isinstance(found, Diagnosis) or not found.findings or found.unavailable:
        return None
    if found.decision is not Decision.STABLE or not all(_surely_stable(each, sure) for each in found.findings):
        return None
    note = f"judged on the medians of every {format_duration(bin_s)}, as the server computed them"
    return replace(found, notes=(*found.notes, note))


def _surely_stable(finding: Finding, sure: MediansPolicy) -> bool:
    evidence = finding.evidence
    worst, level = evidence.get("worst_case_per_hour"), evidence.get("level")
    if finding.decision is not Decision.STABLE or evidence.get("rule") not in _RULES:
        return False
    if finding.confidence is None or finding.confidence < sure.confidence:
        return False
    if not isinstance(worst, float) or not isinstance(level, float):
        return False
    room = sure.moves_count + sure.hidden_count if metric(finding.metric).unit == "count" else sure.worst * abs(level)
    return worst * _hours(evidence.get("from"), evidence.get("to")) <= room


def _hours(start: object, end: object) -> float:
    if not isinstance(start, str) or not isinstance(end, str):
        return float("inf")
    return (parse_time(end) - parse_time(start)) / 3_600.0
