"""Growth of any metric: a trace's column in, a finding out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from leakdoc.detection.detectors.own_limits import limits_of, nearest_to_its_limit
from leakdoc.detection.detectors.together import verdict_on
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth, Series
from leakdoc.model.finding import Finding, Interval, Json
from leakdoc.model.metrics import HEAPS, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_time

_HOUR_S = 3_600.0
_LOAD = "requests_total"
_EFFORT = "cpu_seconds_total"
_LIMIT = "limit_bytes"
_DESCRIPTORS = "open_fds"
_LIMITED = frozenset({*MEMORY, *HEAPS})
_PLAIN = frozenset({type(None), bool, str, int})


def find_growth(
    trace: Trace,
    column: Column,
    policy: GrowthPolicy,
    *,
    detector: str = "growth",
    title: str | None = None,
    alpha: float | None = None,
    limit: float | None = None,
) -> Finding:
    """Judge the growth of one column.

    Args:
        trace: of one subject.
        column: which of its columns; one that the trace does not have is judged as having no readings.
        policy: the thresholds.
        detector: the name that the finding carries.
        title: what the reason calls the column; the metric's own title when null.
        alpha: two-sided error rate that this look may spend; the policy's own when null.
        limit: what the column may not pass; what the trace tells when null.
    """
    series = series_of(trace, column)
    series = series if limit is None else replace(series, limit=limit)
    growth = verdict_on(series, asked_of(trace, column, policy), alpha=alpha)
    return Finding(
        detector=detector,
        metric=column.metric,
        decision=growth.decision,
        reason=f"{title or metric(column.metric).title}: {growth.reason}",
        confidence=_probability(growth.confidence),
        slope_per_hour=_interval(growth.slope_per_s, _HOUR_S),
        smallest_detectable_per_hour=_number(growth.smallest_detectable_per_s, _HOUR_S),
        time_to_limit_s=_interval(growth.time_to_limit_s, 1.0),
        needs_more_s=_number(growth.needs_more_s),
        evidence=_evidence(growth, column) | _nearest(trace, column),
    )


def asked_of(trace: Trace, column: Column, policy: GrowthPolicy) -> GrowthPolicy:
    """Return the policy for one column: a rate and a limit that were named are those of memory, where there is any.

    So 1 MiB an hour does not excuse a million descriptors an hour beside it, nor are 512 MiB their limit.
    """
    named = policy.smallest is not None or policy.limit is not None
    if not named or metric(column.metric).unit == "bytes" or all(each.metric not in MEMORY for each in trace.columns):
        return policy
    return replace(policy, smallest=None, limit=None)


def series_of(trace: Trace, column: Column) -> Series:
    """Return one column of a trace as the growth judge reads it."""
    values = trace.columns.get(column)
    starts = [life.started_at for life in trace.lives]
    return Series(
        times_s=trace.times,
        values=np.full(len(trace), np.nan) if values is None else values,
        life=trace.life_of_row,
        life_started_s=np.asarray([np.nan if start is None else start for start in starts], dtype=np.float64),
        unit=metric(column.metric).unit,
        starts_known=len(starts) > 1 or any(start is not None for start in starts),
        load=None if column.metric == _LOAD else trace.column(_LOAD),
        effort=None if column.metric == _EFFORT else trace.column(_EFFORT),
        limit=_limit(trace, column),
        life_limit=_own_limits(trace, column),
        life_names=_names(trace),
    )


def _names(trace: Trace) -> tuple[str, ...]:
    """What each process is called; none where not all of them have a pid, or there is only one."""
    pids = [life.pid for life in trace.lives]
    return () if len(pids) < 2 or None in pids else tuple(f"pid {pid}" for pid in pids)


def _limit(trace: Trace, judged: Column) -> float | None:
    """What the metric may not pass: the memory limit, a heap its own, RLIMIT_NOFILE for descriptors."""
    name = judged.metric
    if name == _DESCRIPTORS:
        return trace.facts.open_files_limit
    if name not in _LIMITED:
        return None
    nearest = nearest_to_its_limit(trace, judged) if judged in trace.columns else None
    if nearest is not None:
        return nearest.together
    if trace.facts.limit_bytes is not None:
        return trace.facts.limit_bytes
    column = trace.column(_LIMIT)
    told = column[np.isfinite(column)] if column is not None else np.zeros(0)
    return float(told[-1]) if len(told) and told[-1] > 0 else None


def _own_limits(trace: Trace, judged: Column) -> FloatArray | None:
    """What each process may not pass, where they have limits of their own."""
    limits = limits_of(trace, judged) if judged.metric in _LIMITED else []
    if all(limit is None for limit in limits):
        return None
    return np.asarray([np.nan if limit is None else limit for limit in limits], dtype=np.float64)


def _evidence(growth: Growth, column: Column) -> dict[str, Json]:
    found = {key: _clean(value) for key, value in growth.evidence.items()}
    for key in ("from", "to"):
        found[key] = _time(found.get(key))
    segments = found.get("segments")
    for segment in segments if isinstance(segments, list) else []:
        if isinstance(segment, dict):
            segment.update({key: _time(segment.get(key)) for key in ("from", "to")})
    found |= {
        "labels": dict(column.labels) or None,
        "grew_for_s": _number(growth.grew_for_s),
        "probability": _probability(growth.probability),
        "level": _number(growth.level),
        "worst_case_per_hour": _number(growth.worst_case_per_s, _HOUR_S),
    }
    return found


def _nearest(trace: Trace, column: Column) -> dict[str, Json]:
    """Which limit the forecast is held against, where each process has its own."""
    found = nearest_to_its_limit(trace, column) if column.metric in _LIMITED and column in trace.columns else None
    if found is None or len(found.levels) < 2:
        return {}
    in_all = found.in_all if column.metric in HEAPS else trace.facts.limit_bytes
    nearest: dict[str, Json] = {"limit_bytes": found.limit_bytes, "level": found.level, "processes": len(found.levels)}
    return {"limit": in_all, "nearest_limit": nearest}


def _time(value: Json) -> Json:
    """An instant as ISO 8601; null where it lies outside the calendar."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return format_time(float(value))
    except (OverflowError, ValueError, OSError):
        return None


def _interval(interval: Interval | None, factor: float) -> Interval | None:
    if interval is None or (estimate := _number(interval.estimate, factor)) is None:
        return None
    return Interval(estimate=estimate, low=_number(interval.low, factor), high=_number(interval.high, factor))


def _number(value: float | None, factor: float = 1.0) -> float | None:
    """A plain float; null where it is unknown or not finite."""
    return float(value) * factor if value is not None and math.isfinite(value * factor) else None


def _probability(value: float | None) -> float | None:
    """A plain float between 0 and 1, which sums of weights leave by a rounding error."""
    number = _number(value)
    return None if number is None else min(max(number, 0.0), 1.0)


def _clean(value: object) -> Json:
    """The same value in plain types, so that it is ready for JSON."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) in _PLAIN:
        return value  # type: ignore[return-value]
    if isinstance(value, Mapping):
        return {str(key): _clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    return int(value) if isinstance(value, (int, np.integer)) else _number(float(value))  # type: ignore[arg-type]
