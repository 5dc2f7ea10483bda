"""When a watch has seen enough: an ordered list of rules, the first that has a reason stops it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from leakdoc.model.decision import Decision
from leakdoc.model.metrics import MEMORY

if TYPE_CHECKING:
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.finding import Finding


class Stopped(StrEnum):
    """Why a watch stopped."""

    DECIDED = "decided"
    TIME_IS_UP = "time is up"
    TARGET_ENDED = "the target ended"
    INTERRUPTED = "interrupted"
    RECORDING_FAILED = "the recording failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a watch stands.

    Args:
        elapsed_s: since its first sample.
        for_s: how long it may last; null for no end.
        smallest_per_hour: the growth that `stable` must have been able to show; null for 1 % of the level an hour.
        diagnosis: the latest verdict; null before the first look.
        stop_when_decided: whether a decisive verdict ends it.
        asked: the detectors whose faults are decisive; null for all of them.
    """

    elapsed_s: float
    for_s: float | None
    smallest_per_hour: float | None
    diagnosis: Diagnosis | None
    stop_when_decided: bool = True
    asked: Collection[str] | None = None


Rule = Callable[[Standing], Stopped | None]

SMALLEST_SHARE_PER_HOUR: Final = 0.01  # of the present level: slower than that gives days, not a page at night


def reason_to_stop(standing: Standing) -> Stopped | None:
    """Return why the watch should stop now, or null."""
    return next((reason for rule in RULES if (reason := rule(standing)) is not None), None)


def _time_is_up(standing: Standing) -> Stopped | None:
    up = standing.for_s is not None and standing.elapsed_s >= standing.for_s
    return Stopped.TIME_IS_UP if up else None


def _a_fault_is_decided(standing: Standing) -> Stopped | None:
    if not standing.stop_when_decided or standing.diagnosis is None:
        return None
    if standing.asked is None:
        return Stopped.DECIDED if standing.diagnosis.decision.is_fault else None
    faults = {each.detector for each in standing.diagnosis.findings if each.decision.is_fault}
    return Stopped.DECIDED if faults & set(standing.asked) else None


def _enough_was_seen(standing: Standing) -> Stopped | None:
    if not standing.stop_when_decided or standing.diagnosis is None or not standing.diagnosis.decision.is_settled:
        return None
    memory = [each for each in standing.diagnosis.findings if each.metric in MEMORY]
    judged = memory[:1] or list(standing.diagnosis.findings)
    fine = all(_could_have_shown(each, standing.smallest_per_hour) for each in judged)
    undecided = any(each.decision is Decision.INCONCLUSIVE for each in standing.diagnosis.findings)
    return Stopped.DECIDED if fine and not undecided else None


def _could_have_shown(finding: Finding, smallest_per_hour: float | None) -> bool:
    seen = finding.smallest_detectable_per_hour
    level = finding.evidence.get("level")
    if smallest_per_hour is None:
        smallest_per_hour = SMALLEST_SHARE_PER_HOUR * level if isinstance(level, int | float) else None
    return seen is not None and smallest_per_hour is not None and seen <= smallest_per_hour


RULES: Final[tuple[Rule, ...]] = (_a_fault_is_decided, _enough_was_seen, _time_is_up)
