"""All detectors' findings on one trace, and the ordered rules by which they add up to one decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from leakdoc.detection.detectors.table import DETECTORS, Detector
from leakdoc.detection.next_commands import next_commands
from leakdoc.detection.policies import Policies
from leakdoc.detection.silent_pools import what_pools_could_hide
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis, Window
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import MEMORY
from leakdoc.model.trace import Trace
from leakdoc.sampling.sources.load import load_trace

Verdict = tuple[Decision, str]
Rule = Callable[[Sequence[Finding], Mapping[str, str]], Verdict | None]


def diagnose(
    source: Any,
    *,
    policies: Policies | None = None,
    load: str | None = None,
    alpha: float | None = None,
    detectors: Sequence[Detector] = DETECTORS,
) -> Diagnosis:
    """Decide whether a subject leaks.

    Args:
        source: a trace, what a watch returned, a pandas frame, or the path of a recording, CSV or Parquet file.
        policies: every threshold; the defaults when null.
        load: the column that holds the load, where it is not ``requests_total``.
        alpha: the error rate that this look may spend, when it is one of several; null for a single look.
        detectors: what is asked; all there are by default.

    Returns:
        The decision with all findings. Too little data is the decision `inconclusive`.

    Raises:
        SourceError: the source cannot be read.
    """
    trace = load_trace(source, load_column=load)
    policies = policies or Policies()
    findings = tuple(finding for detector in detectors for finding in detector(trace, policies, alpha))
    decision, reason = add_up(findings, trace.facts.unavailable)
    return Diagnosis(
        subject=trace.subject,
        decision=decision,
        reason=reason,
        findings=findings,
        window=_window(trace),
        unavailable=trace.facts.unavailable,
        blind_spots=(*trace.facts.blind_spots, *_what_could_hide(trace, decision, findings)),
        notes=trace.facts.notes,
        next=next_commands(trace, decision, findings),
        ending=trace.facts.ending,
        touched=trace.facts.touched,
    )


def add_up(findings: Sequence[Finding], unavailable: Mapping[str, str] | None = None) -> Verdict:
    """Return the decision that findings add up to, by the first rule that has one, and its reason.

    Args:
        unavailable: metric to the reason why it was not read.
    """
    return next(verdict for rule in RULES if (verdict := rule(findings, unavailable or {})) is not None)


def _a_fault(findings: Sequence[Finding], _: Mapping[str, str]) -> Verdict | None:
    faults = [finding for finding in findings if finding.decision.is_fault]
    if not faults:
        return None
    order = list(Decision)
    worst = min((finding.decision for finding in faults), key=order.index)
    return worst, "; ".join(finding.reason for finding in faults[:LONGEST])


def _memory_undecided(findings: Sequence[Finding], unavailable: Mapping[str, str]) -> Verdict | None:
    memory = next((each for each in findings if each.metric in MEMORY), None)
    if memory is not None:
        return (Decision.INCONCLUSIVE, memory.reason) if memory.decision is Decision.INCONCLUSIVE else None
    unread = next((name for name in MEMORY if name in unavailable), None)
    if unread is None:
        return None
    return Decision.INCONCLUSIVE, f"memory could not be read ({unavailable[unread]}), so that nothing is said of it"


def _first_with(decision: Decision) -> Rule:
    def rule(findings: Sequence[Finding], _: Mapping[str, str]) -> Verdict | None:
        found = next((each for each in findings if each.decision is decision), None)
        return None if found is None else (decision, found.reason)

    return rule


def _nothing_known(findings: Sequence[Finding], _: Mapping[str, str]) -> Verdict | None:
    if findings:
        return Decision.INCONCLUSIVE, findings[0].reason
    return Decision.INCONCLUSIVE, "there is no reading to judge; sample for longer, or give a file with a metric"


RULES: Final[tuple[Rule, ...]] = (
    _a_fault,
    _memory_undecided,
    _first_with(Decision.WARMING_UP),
    _first_with(Decision.LOAD_DRIVEN),
    _first_with(Decision.STABLE),
    _nothing_known,
)
LONGEST: Final = 3  # findings named in one reason; the rest is in the document


def _what_could_hide(trace: Trace, decision: Decision, findings: Sequence[Finding]) -> Iterator[str]:
    """Name what only somebody inside would tell: resident memory stands still while a leak eats what the heap holds
    free, and a pool that is empty looks like one at rest.
    """
    resident = any(each.metric in MEMORY and each.metric != "heap_bytes" for each in findings)
    if decision.is_settled and resident and trace.column("heap_bytes") is None:
        yield "growth inside memory that the heap already holds"
    if not decision.is_fault:
        yield from what_pools_could_hide(trace)


def _window(trace: Trace) -> Window:
    if not len(trace):
        return Window(start=None, end=None, samples=0)
    return Window(start=float(np.min(trace.times)), end=float(np.max(trace.times)), samples=len(trace))
