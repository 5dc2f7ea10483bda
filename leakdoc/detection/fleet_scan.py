"""Every subject of a Prometheus judged, a batch of traces at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from leakdoc.detection.by_medians import judged_by_medians
from leakdoc.detection.discovery import discovery_of
from leakdoc.detection.handing_out import map_bounded
from leakdoc.detection.many import diagnose_many
from leakdoc.detection.policies import Policies
from leakdoc.detection.scan import Judged, Progress
from leakdoc.detection.since_release import leaks_since, runs
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.packed import PackedDiagnoses
from leakdoc.model.scan import Scan
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.doubts import doubts_of
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Sourced
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.lateness import late_words
from leakdoc.sampling.sources.prometheus.medians import Medians

_UNSEEN: Final = "no workload has samples of {}: write a build as `verify` tells it, or its tag; see --since"


def scan_fleet(
    fleet: Fleet,
    *,
    policies: Policies | None = None,
    new_since: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Judge every subject of a Prometheus.

    Args:
        fleet: what to judge.
        policies: every threshold; the defaults when null.
        new_since: keep only what leaks with this release and did not before; null keeps everything.
        executor: decides elsewhere, see `leakdoc.scan`.
        progress: told how many subjects are done, and of how many.

    Returns:
        The verdicts, the most urgent first. What the server did not give is among the skipped, with the reason.

    Raises:
        SourceError: the server does not even say what it has.
    """
    policies = policies or Policies()
    gathered = _Gathered(len(fleet), progress)
    left = fleet.inventory.subjects
    if new_since is None and not fleet.by_read:
        left = _by_medians(fleet, policies, executor, gathered)
    judge = partial(judge_batch, policies=policies, new_since=new_since)
    for results in map_bounded(judge, fleet.traces(left), executor):
        gathered.add(results)
    packed, skipped = gathered.packed, gathered.skipped
    unseen = new_since is not None and gathered.done > len(skipped) and not gathered.ran
    return Scan(
        diagnoses=packed.most_urgent_first(),
        skipped={**skipped, **fleet.inventory.left_out},
        discovery=discovery_of(packed.faults()),
        notes=(*([_UNSEEN.format(inert(new_since or "", longest=100))] if unseen else ()), *_notes(fleet)),
        left_out=0 if unseen else gathered.done - len(packed) - len(skipped),
    )


@dataclass(slots=True)
class _Gathered:
    """What came of the subjects so far."""

    of: int
    progress: Progress | None
    done: int = 0
    ran: bool = False
    packed: PackedDiagnoses = field(default_factory=PackedDiagnoses)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, results: Sequence[Judged]) -> None:
        self.done += len(results)
        for each in results:
            self.ran |= each.ran
            if each.diagnosis is not None:
                self.packed.add(each.diagnosis)
            elif each.reason is not None:
                self.skipped[each.subject] = each.reason
        if self.progress is not None:
            self.progress(self.done, self.of)


def _by_medians(fleet: Fleet, policies: Policies, executor: Executor | None, gathered: _Gathered) -> tuple[Listed, ...]:
    """Settle what medians settle; return the subjects that must be judged on their samples."""
    subjects, left, at = fleet.inventory.subjects, list[Listed](), 0
    medians = Medians(start=fleet.window.start, end=fleet.window.end, bins=policies.growth.bins)
    judge = partial(judged_by_medians, policies=policies, bin_s=medians.bin_s)
    for results in map_bounded(judge, fleet.traces(medians=medians), executor):
        gathered.add([each for each in results if each.diagnosis is not None])
        left.extend(subjects[at + place] for place, each in enumerate(results) if each.diagnosis is None)
        at += len(results)
    return tuple(left)


def judge_batch(batch: Sequence[Sourced], *, policies: Policies, new_since: str | None = None) -> list[Judged]:
    """Judge the subjects of a batch together; one that is left out has neither a diagnosis nor a reason."""
    traces = [each.trace for each in batch if each.trace is not None]
    found: Sequence[Diagnosis | str | None]
    if new_since is None:
        found = diagnose_many(traces, policies)
    else:
        found = [leaks_since(trace, new_since, policies) for trace in traces]
    diagnosed = iter(found)
    told = [_told(each, next(diagnosed) if each.trace is not None else each.reason) for each in batch]
    if new_since is None:
        return told
    return [
        judged._replace(ran=each.trace is not None and runs(each.trace, new_since))
        for judged, each in zip(told, batch, strict=True)
    ]


def _told(subject: Sourced, found: Diagnosis | str | None) -> Judged:
    return Judged(subject.name, None, found) if isinstance(found, str) else Judged(subject.name, found)


def _notes(fleet: Fleet) -> Iterator[str]:
    if not len(fleet):
        yield "no metric that leakdoc knows has samples in the window: see --since, --until, --match and --metric"
    if fleet.inventory.unnamed:
        yield f"series left out, as no label tells whose they are: {fleet.inventory.unnamed:,}"
    if fleet.crowds:
        name, left_out = max(fleet.crowds.items(), key=lambda each: each[1])
        more = f", and in {len(fleet.crowds) - 1:,} more workloads" if len(fleet.crowds) > 1 else ""
        yield f"not all processes were read, as there are too many: {left_out:,} left out in {name}{more}"
    if fleet.ended:
        yield late_words(fleet.ended, len(fleet))
    yield from doubts_of(fleet.prometheus)
