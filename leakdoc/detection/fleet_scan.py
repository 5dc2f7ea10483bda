"""Every subject of a Prometheus judged, a batch of traces at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial

from leakdoc.detection.discovery import discovery_of
from leakdoc.detection.handing_out import map_bounded
from leakdoc.detection.many import diagnose_many
from leakdoc.detection.policies import Policies
from leakdoc.detection.scan import Judged, Progress
from leakdoc.detection.since_release import leaks_since
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.packed import PackedDiagnoses
from leakdoc.model.scan import Scan
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Sourced


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
    judge = partial(judge_batch, policies=policies or Policies(), new_since=new_since)
    packed, skipped, done = PackedDiagnoses(), {}, 0
    for results in map_bounded(judge, fleet.traces(), executor):
        done += len(results)
        for each in results:
            if each.diagnosis is not None:
                packed.add(each.diagnosis)
            elif each.reason is not None:
                skipped[each.subject] = each.reason
        if progress is not None:
            progress(done, len(fleet))
    return Scan(
        diagnoses=packed.most_urgent_first(),
        skipped={**skipped, **fleet.inventory.left_out},
        discovery=discovery_of(packed.faults()),
        notes=tuple(_notes(fleet)),
        left_out=done - len(packed) - len(skipped),
    )


def judge_batch(batch: Sequence[Sourced], *, policies: Policies, new_since: str | None = None) -> list[Judged]:
    """Judge the subjects of a batch together; one that is left out has neither a diagnosis nor a reason."""
    traces = [each.trace for each in batch if each.trace is not None]
    found: Sequence[Diagnosis | str | None]
    if new_since is None:
        found = diagnose_many(traces, policies)
    else:
        found = [leaks_since(trace, new_since, policies) for trace in traces]
    diagnosed = iter(found)
    return [_told(each, next(diagnosed) if each.trace is not None else each.reason) for each in batch]


def _told(subject: Sourced, found: Diagnosis | str | None) -> Judged:
    return Judged(subject.name, None, found) if isinstance(found, str) else Judged(subject.name, found)


def _notes(fleet: Fleet) -> Iterator[str]:
    if not len(fleet):
        yield "no metric that leakdoc knows has samples in the window: see --since, --until, --match and --metric"
    if fleet.inventory.unnamed:
        yield f"series left out, as no label tells whose they are: {fleet.inventory.unnamed:,}"
    yield from (f"Prometheus warns: {each}" for each in fleet.prometheus.warnings)
