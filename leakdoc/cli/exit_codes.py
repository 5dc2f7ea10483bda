"""Decisions as exit codes, by the contract's table."""

from __future__ import annotations

from typing import Final

from leakdoc.model.decision import Decision, ProofDecision

ANSWERED: Final = 0
FAULT: Final = 1
UNDECIDED: Final = 3
COULD_NOT: Final = 4


def code_of(decision: Decision) -> int:
    """Return 1 for a fault, 3 when undecided, else 0."""
    if decision.is_fault:
        return FAULT
    return UNDECIDED if decision is Decision.INCONCLUSIVE else ANSWERED


def proof_code(decision: ProofDecision) -> int:
    """Return 0 for normalized, 3 when undecided, else 1."""
    if decision is ProofDecision.NORMALIZED:
        return ANSWERED
    return UNDECIDED if decision is ProofDecision.INCONCLUSIVE else FAULT
