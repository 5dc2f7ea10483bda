"""The checks of a recovery, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import series_of
from leakdoc.detection.stats.growth import judge
from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.finding import Json
from leakdoc.model.proof import Check
from leakdoc.units import format_duration
from leakdoc.verification.channels import title
from leakdoc.verification.checks import health, restarts, sameness
from leakdoc.verification.checks import load as loads
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.recovery.levels import Channel
from leakdoc.verification.recovery.policy import RecoveryPolicy

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Incident:
    """What the checks of a recovery read.

    Args:
        channels: those that the incident lifted, the one that is lifted most in its own scatter first.
        case: both sides, for the checks that a proof of memory makes as well; before is the baseline alone.
        whole: the same, with the incident in it.
        looked_at: how many channels could have shown it.
    """

    channels: tuple[Channel, ...]
    case: Comparison
    whole: Comparison
    looked_at: int
    policy: RecoveryPolicy


def incident_showed(incident: Incident) -> Check:
    """An incident that no channel shows has nothing to recover from."""
    name = "before_deviated"
    begun = incident.whole.before.times >= incident.policy.incident_at
    if not np.any(begun) or np.all(begun):
        missing = "no reading is from the incident" if not np.any(begun) else "there is no baseline before it"
        return Check(name=name, outcome=UNKNOWN, reason=f"{missing}: give samples from before and from during it")
    if not incident.channels:
        told = f"none of {incident.looked_at} channels stood out of its baseline during the incident"
        return Check(name=name, outcome=UNKNOWN, reason=f"{told}; name the metric, or record what users felt")
    numbers: dict[str, Json] = {
        each.column.text: {"baseline": each.baseline.level, "incident": each.incident.level}
        for each in incident.channels
    }
    names = ", ".join(_moved(each) for each in incident.channels)
    return Check(name=name, outcome=PASSED, reason=f"during the incident: {names}", numbers=numbers)


def _moved(each: Channel) -> str:
    return f"{title(each.column)} {each.incident.level:.4g} where {each.baseline.level:.4g} is usual"


def same_metrics(incident: Incident) -> Check:
    """What the incident lifted must have been read after it."""
    missing = [each for each in incident.channels if each.after is None]
    if not missing:
        return Check(name="same_metrics", outcome=PASSED, reason="what the incident lifted was read after it too")
    names = ", ".join(title(each.column) for each in missing)
    told = f"not read after, or too few readings: {names}"
    return Check(name="same_metrics", outcome=UNKNOWN, reason=told, numbers={"needs_more_s": _until_readable(incident)})


def _until_readable(incident: Incident) -> float | None:
    times = incident.case.after.times
    if len(times) < 2:
        return None
    apart = float(np.median(np.diff(np.sort(times))))
    missing = incident.policy.least_readings - len(times)
    return apart * missing if missing > 0 else None


def exposure(incident: Incident) -> Check:
    """Was it watched for as long as the incident took to show?"""
    before, after = incident.whole.before, incident.case.after
    begun = incident.policy.incident_at
    onset = max((_onset_s(each, incident) for each in incident.channels), default=0.0)
    watched = float(np.ptp(after.times)) if len(after) else 0.0
    wanted = incident.policy.onset_share * onset
    numbers: dict[str, Json] = {
        "onset_s": onset, "watched_s": watched, "needs_more_s": max(wanted - watched, 0.0) or None,
        "incident_s": float(before.times.max() - begun) if len(before) else None,
    }  # fmt: skip
    showed = f"{format_duration(onset)} after it began" if onset > 0.0 else "at once"
    told = f"the incident showed {showed}; watched for {format_duration(watched)} since"
    outcome = PASSED if watched >= wanted else UNKNOWN
    return Check(name="exposure", outcome=outcome, reason=told, numbers=numbers)


def _onset_s(each: Channel, incident: Incident) -> float:
    """When half of the excess was reached for the first time, counted from the incident's begin."""
    trace, begun = incident.whole.before, incident.policy.incident_at
    values = trace.columns[each.column]
    over = (trace.times >= begun) & (values >= each.baseline.level + 0.5 * each.excess)
    return float(trace.times[over].min() - begun) if np.any(over) else 0.0


def back(incident: Incident) -> Check:
    """Is every channel back, but for what cannot matter?"""
    policy = incident.policy
    read = [each for each in incident.channels if each.after is not None]
    numbers: dict[str, Json] = {each.column.text: _numbers(each, incident) for each in read}
    if not read:
        told, needs = "there is nothing to hold against the baseline", _until_readable(incident)
        return Check(name="back_to_baseline", outcome=UNKNOWN, reason=told, numbers={"needs_more_s": needs})
    worst = max(read, key=lambda each: each.most_left or 0.0)
    told = (
        f"{title(worst.column)}: {worst.left:.0%} of the excess is left, at most {worst.most_left:.0%} (95 %); "
        f"{policy.back_share:.0%} may be"
    )
    if all((each.most_left or 0.0) <= policy.back_share for each in read):
        return Check(name="back_to_baseline", outcome=PASSED, reason=told, numbers=numbers)
    clear = any((each.left or 0.0) > policy.back_share and _least_left(each) > policy.back_share for each in read)
    return Check(name="back_to_baseline", outcome=FAILED if clear else UNKNOWN, reason=told, numbers=numbers)


def _least_left(each: Channel) -> float:
    left, most = each.left or 0.0, each.most_left or 0.0
    return 2.0 * left - most


def _numbers(each: Channel, incident: Incident) -> Json:
    after = each.after
    watched = float(np.ptp(incident.case.after.times)) if len(incident.case.after) else 0.0
    wide = (each.most_left or 0.0) - (each.left or 0.0)
    room = incident.policy.back_share - (each.left or 0.0)
    needs = watched * ((wide / room) ** 2 - 1.0) if 0.0 < room < wide else None
    return {
        "baseline": each.baseline.level, "incident": each.incident.level,
        "after": None if after is None else after.level,
        "left": each.left, "most_left": each.most_left, "needs_more_s": needs,
    }  # fmt: skip


def stays(incident: Incident) -> Check:
    """Does it stay there: at its end too, and without falling back into the incident now and then?"""
    policy = incident.policy
    restless = [each for each in incident.channels if each.after is not None and _restless(each, policy)]
    numbers: dict[str, Json] = {
        each.column.text: {"end": each.end, "spikes": each.spikes} for each in incident.channels
    }
    if incident.channels and all(each.after is None for each in incident.channels):
        needs = _until_readable(incident)
        told = "there is nothing to look at after the incident"
        return Check(name="stays", outcome=UNKNOWN, reason=told, numbers={"needs_more_s": needs})
    if not restless:
        told = "the last quarter is back too, and it does not return now and then"
        return Check(name="stays", outcome=PASSED, reason=told, numbers=numbers)
    told = "; ".join(
        f"{title(each.column)} stands where only the incident did in {each.spikes:.0%} of the readings after"
        for each in restless
    )
    return Check(name="stays", outcome=FAILED, reason=told, numbers=numbers)


def _restless(each: Channel, policy: RecoveryPolicy) -> bool:
    high = each.end is not None and each.end - each.baseline.level > policy.improved_share * each.excess
    return high or each.spikes > policy.spikes_share


def not_growing(incident: Incident) -> Check:
    """A channel that is back and climbs again is not recovered."""
    climbing = [each.column for each in incident.channels if each.after is not None and _climbs(each, incident)]
    if not climbing:
        return Check(name="not_growing", outcome=PASSED, reason="none of them climbs again")
    names = ", ".join(title(column) for column in climbing)
    return Check(name="not_growing", outcome=FAILED, reason=f"climbs again after the incident: {names}")


def _climbs(each: Channel, incident: Incident) -> bool:
    return judge(series_of(incident.case.after, each.column)).decision is Decision.LEAKING


CHECKS: Final[tuple[Callable[[Incident], Check], ...]] = (
    incident_showed,
    same_metrics,
    lambda incident: sameness.same_subject(incident.whole),
    lambda incident: sameness.order(incident.whole),
    lambda incident: loads.load(incident.case),
    exposure,
    back,
    stays,
    not_growing,
    lambda incident: health.no_oom_kill(incident.whole),
    lambda incident: restarts.no_extra_restarts(incident.whole),
)
