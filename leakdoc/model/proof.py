"""Before against after: the decision, its checks, and the samples themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakdoc.model.decision import CheckOutcome, Decision, ProofDecision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.notebook import framed
from leakdoc.model.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One named question that a proof answers, with the numbers behind the answer."""

    name: str
    outcome: CheckOutcome
    reason: str
    numbers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One side of a comparison: its samples, and what the detectors say of them."""

    trace: Trace
    decision: Decision
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """Before against after.

    Args:
        checks: in the order in which they were made.
        parameters: every threshold that was applied, by name.
        needs_more_s: seconds of further data after the rollout that a decision needs; null when decided or unknown.
    """

    decision: ProofDecision
    reason: str
    checks: tuple[Check, ...]
    before: Side
    after: Side
    parameters: Mapping[str, Json] = field(default_factory=dict)
    needs_more_s: float | None = None

    def _repr_html_(self) -> str:
        """Show the proof's page in a notebook."""
        return framed(self)
