"""How a guarded rollout went, as ``leakdoc.guard/1``."""

from __future__ import annotations

from typing import Final

from leakdoc.model.documents import Document, number, subject_document
from leakdoc.model.subject import Subject
from leakdoc.verification.guarding import Guarded
from leakdoc.verification.rollback import Rollback

GUARD: Final = "leakdoc.guard/1"


def guard_document(subject: Subject, guarded: Guarded, rollback: Rollback | None) -> Document:
    """Lay it out; a rollback is null where none ran."""
    proof = guarded.proof
    checks = [] if proof is None else proof.checks
    return {
        "schema": GUARD,
        "subject": subject_document(subject),
        "decision": str(guarded.decision),
        "reason": guarded.reason,
        "harm": None if guarded.harm is None else str(guarded.harm),
        "samples": guarded.samples,
        "needs_more_s": None if proof is None else number(proof.needs_more_s),
        "checks": [{"name": each.name, "outcome": str(each.outcome), "reason": each.reason} for each in checks],
        "rollback": None if rollback is None else _rollback(rollback),
    }


def _rollback(rollback: Rollback) -> Document:
    return {
        "argv": list(rollback.argv),
        "exit_status": rollback.exit_status,
        "output": rollback.output,
        "took_s": rollback.took_s,
        "verified": rollback.verified,
        "reason": rollback.reason,
    }
