"""The closed vocabularies: what a detector, a proof and a step may decide."""

from __future__ import annotations

from enum import StrEnum


class Decision(StrEnum):
    """What one detector, or all of them together, say of a subject. In order of severity."""

    LEAKING = "leaking"
    EXHAUSTED = "exhausted"
    UNRESPONSIVE = "unresponsive"
    WARMING_UP = "warming_up"
    LOAD_DRIVEN = "load_driven"
    STABLE = "stable"
    INCONCLUSIVE = "inconclusive"

    @property
    def is_fault(self) -> bool:
        """Whether this decision says that something is wrong."""
        return self in FAULTS

    @property
    def is_settled(self) -> bool:
        """Whether this decision says that what there is to see has been seen, and is no fault."""
        return self in (Decision.STABLE, Decision.LOAD_DRIVEN)


FAULTS = frozenset({Decision.LEAKING, Decision.EXHAUSTED, Decision.UNRESPONSIVE})


class ProofDecision(StrEnum):
    """What a comparison of before and after says."""

    NORMALIZED = "normalized"
    IMPROVED = "improved"
    NOT_FIXED = "not_fixed"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


class CheckOutcome(StrEnum):
    """What one named check of a proof says."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    SKIPPED = "skipped"
    WAITING = "waiting"
    ROLLED_BACK = "rolled_back"


class Basis(StrEnum):
    """Whether a statement was measured, or is inferred from what was measured."""

    MEASURED = "measured"
    INFERRED = "inferred"
