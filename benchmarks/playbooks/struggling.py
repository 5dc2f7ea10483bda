"""What an incident that struggled teaches a playbook of another of its class, and whether that one loses by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.playbooks.measuring import Truth, playbook_of, share
from leakdoc.playbook.records.covering import coverage
from leakdoc.playbook.records.extracting import Incident, read_incident
from leakdoc.playbook.records.improving import improved
from leakdoc.playbook.registry import installed


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """One improvement.

    Args:
        name: of the incident that struggled.
        before: the share of its essential events that the other's playbook covered.
        after: the same, once the playbook was improved from it.
        worse: whether the other's own essential events are covered less than before.
    """

    name: str
    before: float
    after: float
    worse: bool


def taught(truths: dict[Path, Truth]) -> Iterator[Taught]:
    """Yield what each incident that struggled teaches the playbook of each other of its class."""
    for path, truth in truths.items():
        if "struggle" not in path.name:
            continue
        new = read_incident(path)
        learned = playbook_of(new)
        for other, known in truths.items():
            if other == path or known.incident_class != truth.incident_class:
                continue
            earlier = read_incident(other)
            first = playbook_of(earlier)
            better, _ = improved(first, learned, [earlier], installed())
            yield Taught(
                name=path.name,
                before=_covered(first, new, truth),
                after=_covered(better, new, truth),
                worse=_covered(better, earlier, known) < _covered(first, earlier, known),
            )


def _covered(data: dict[str, Any], incident: Incident, truth: Truth) -> float:
    return share(len({event for event, _ in coverage(data, incident).covered} & truth.essential), len(truth.essential))


def lines(found: list[Taught]) -> Iterator[str]:
    """Yield what to print of improvements."""
    if not found:
        return
    before = sum(each.before for each in found) / len(found)
    after = sum(each.after for each in found) / len(found)
    least = min(each.after for each in found)
    yield f"improved from one that struggled: {len(found)} pairs, of {len({each.name for each in found})} incidents"
    yield f"  mean covered before: {before:.3f}; after: {after:.3f} (least {least:.2f})"
    yield f"  earlier incidents covered less than before: {sum(each.worse for each in found)}"
