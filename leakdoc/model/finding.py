"""One detector's word on a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakdoc.model.decision import Basis, Decision

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with the ends of its 95 % interval, all in one unit.

    An end that the data does not bound is null.
    """

    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one detector decided, why, and on what evidence.

    Args:
        detector: its name, as `leakdoc.detection.detectors.table` lists them.
        metric: the metric it judged, without labels.
        reason: one sentence that a human can act on.
        confidence: probability between 0 and 1 that the decision is right; null where none is computed.
        basis: whether the cause that `reason` names was measured, or is suspected.
        slope_per_hour: growth in the metric's unit an hour.
        smallest_detectable_per_hour: the slowest growth that this data would have shown.
        time_to_limit_s: seconds until the limit is reached at this slope.
        needs_more_s: seconds of further data that a decision needs; null when decided or unknown.
        evidence: numbers and names behind the decision, ready for JSON.
        advice: what to do about it, the safest first.
    """

    detector: str
    metric: str
    decision: Decision
    reason: str
    confidence: float | None = None
    basis: Basis = Basis.MEASURED
    slope_per_hour: Interval | None = None
    smallest_detectable_per_hour: float | None = None
    time_to_limit_s: Interval | None = None
    needs_more_s: float | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)
    advice: tuple[str, ...] = ()
