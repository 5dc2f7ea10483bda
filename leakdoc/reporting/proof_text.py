"""A proof, or the recheck of one, as lines for a terminal: the verdict, the checks, and what is missing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Check, Proof
from leakdoc.model.subject import Subject
from leakdoc.redact import inert
from leakdoc.reporting.proof_next import next_words
from leakdoc.reporting.words import subject_words

MARKS: Final[Mapping[CheckOutcome, str]] = {
    CheckOutcome.PASSED: "ok",
    CheckOutcome.FAILED: "FAILED",
    CheckOutcome.UNKNOWN: "unknown",
}
_WIDTH: Final = 100
_LONGEST: Final = 1_000
_WIDEST_MARK: Final = max(len(mark) for mark in MARKS.values())


def proof_lines(proof: Proof) -> list[str]:
    """Lay a proof out: the verdict, the checks as a table, what is missing, what follows."""
    name = subject_words(proof.after.trace.subject)
    return [
        *_folded(f"{proof_word(proof.decision)}  {name}  {inert(proof.reason, longest=_LONGEST)}", indent=2),
        *_table(proof.checks),
        *_next(proof),
    ]


def guard_lines(
    subject: Subject, decision: ProofDecision, reason: str, rollback: str | None, proof: Proof | None
) -> list[str]:
    """Lay a guarded rollout out: the verdict, what the rollback came to, the checks.

    Args:
        rollback: what it came to, in words; null where none ran.
    """
    head = f"{proof_word(decision)}  {subject_words(subject)}  {inert(reason, longest=_LONGEST)}"
    told = [] if rollback is None else _folded(f"Rollback: {inert(rollback, longest=_LONGEST)}", indent=10)
    return [*_folded(head, indent=2), *told, *(_table(proof.checks) if proof is not None else [])]


def proof_word(decision: ProofDecision) -> str:
    """Write a decision as a headline: ``NOT FIXED``."""
    return str(decision).replace("_", " ").upper()


def recheck_lines(
    decision: ProofDecision | None, *, matches: bool, differences: Sequence[str], notes: Sequence[str], origin: str
) -> list[str]:
    """Lay the recheck of a proof out."""
    if matches and decision is not None:
        return [f"MATCHES  {proof_word(decision)}", *_listed("Note", notes), *_folded(f"Note: {origin}", indent=6)]
    differs = [*_listed("Differs", differences), *_listed("Note", notes)]
    return ["DOES NOT MATCH  the file does not say what its samples say", *differs]


def _table(checks: Sequence[Check]) -> Iterator[str]:
    widest = max((len(check.name) for check in checks), default=0)
    for check in checks:
        head = f"  {MARKS[check.outcome]:<{_WIDEST_MARK}}  {check.name:<{widest}}  "
        yield from _folded(head + inert(check.reason, longest=_LONGEST), indent=len(head))


def _next(proof: Proof) -> Iterator[str]:
    for place, words in enumerate(next_words(proof)):
        yield from _folded(f"{'  or:' if place else 'Next:'} {words.removeprefix('or ')}", indent=6)


def _listed(title: str, entries: Sequence[str]) -> Iterator[str]:
    for entry in entries:
        yield from _folded(f"{title}: {inert(entry, longest=_LONGEST)}", indent=len(title) + 2)


def _folded(line: str, *, indent: int) -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, subsequent_indent=" " * indent, drop_whitespace=True, break_on_hyphens=False,
        expand_tabs=False, replace_whitespace=False,
    )  # fmt: skip
