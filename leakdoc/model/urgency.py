"""Which of many subjects to look at first: faults by how soon they end in an OOM kill, then by how fast they grow."""

from __future__ import annotations

import math
from collections.abc import Iterable

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import MEMORY, metric

Key = tuple[int, float, int, float, str]

_ORDER = (
    Decision.LEAKING,
    Decision.EXHAUSTED,
    Decision.UNRESPONSIVE,
    Decision.INCONCLUSIVE,
    Decision.WARMING_UP,
    Decision.LOAD_DRIVEN,
    Decision.STABLE,
)


def most_urgent_first(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Return diagnoses in the order in which they deserve a look."""
    return sorted(diagnoses, key=key_of)


def leading(diagnosis: Diagnosis) -> Finding | None:
    """Return the finding that a line about a diagnosis speaks of: the one decided alike that ends soonest, or memory's.

    Null where there is none.
    """
    alike = [each for each in diagnosis.findings if each.decision is diagnosis.decision]
    return min(alike or diagnosis.findings, key=_finding_key, default=None)


def key_of(diagnosis: Diagnosis) -> Key:
    """Return what diagnoses are sorted by, the most urgent first."""
    found = leading(diagnosis)
    order = _ORDER.index(diagnosis.decision)
    if found is None or not diagnosis.decision.is_fault:
        return (order, math.inf, 1, 0.0, diagnosis.subject.name)
    return (order, *_finding_key(found), diagnosis.subject.name)


def _finding_key(finding: Finding) -> tuple[float, int, float]:
    limit, slope = finding.time_to_limit_s, finding.slope_per_hour
    soon = math.inf if limit is None else limit.estimate
    is_bytes = metric(finding.metric).unit == "bytes"
    return soon, 0 if finding.metric in MEMORY or is_bytes else 1, 0.0 if slope is None else -slope.estimate
