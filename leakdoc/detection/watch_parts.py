"""What a watch is made of: samples of its target, thresholds and looks, and where samples and captures are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.detection.looks import LookSchedule
from leakdoc.sampling.samplers import Samples, sampler_of
from leakdoc.sampling.target import Target, resolve

if TYPE_CHECKING:
    import threading

    from leakdoc.detection.policies import Policies
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.subject import Subject
    from leakdoc.sampling.captures.capture import Captures
    from leakdoc.sampling.captures.edge import Edge
    from leakdoc.sampling.keepers import Keeper
    from leakdoc.sampling.retention import Retention

FOR_S: Final = 900.0
INTERVAL_S: Final = 1.0


def without_advice_to_record(diagnosis: Diagnosis) -> Diagnosis:
    """Leave out what this watch does already."""
    return replace(diagnosis, next=tuple(each for each in diagnosis.next if "--record" not in each.argv))


def patient(
    policies: Policies | None, for_s: float | None, interval_s: float, *, stops_early: bool
) -> tuple[Policies, LookSchedule]:
    """The thresholds of a watch that may stop early, and its looks; one that goes on to its end is a single look."""
    from leakdoc.detection.policies import Policies

    policies = policies or Policies()
    growth, planned_s = policies.growth, FOR_S if for_s is None else for_s
    if not stops_early:
        return policies, LookSchedule(overall=growth.alpha)
    looks = LookSchedule(planned_s / interval_s + 1, growth.alpha, endless=for_s is None)
    return replace(policies, growth=replace(growth, planned=planned_s)), looks


def keeper_for(
    record: str | Path | None, subject: Subject, retention: Retention | None, ending: threading.Event
) -> Keeper | None:
    """What keeps the samples; SQLite is loaded only where something is kept."""
    if record is None:
        return None
    from leakdoc.sampling.keepers import keeper_of

    return keeper_of(record, subject, retention, ending)


def edge_for(captures: Captures | None, subject: Subject) -> Edge | None:
    """Return what looks at how close the limit is; null where nothing is to be captured."""
    if captures is None:
        return None
    from leakdoc.sampling.captures.edge import Edge

    return Edge(subject, captures)


def samples_of(target: int | str | Target | Samples, *, children: bool) -> Samples:
    """Return what samples a target, found where it was only named."""
    if isinstance(target, int | str):
        target = resolve(str(target), children=children)
    return sampler_of(target) if isinstance(target, Target) else target
