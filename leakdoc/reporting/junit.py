"""A proof as JUnit XML: one test for the decision, and one for each check."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Check, Proof
from leakdoc.reporting.foreign import shown
from leakdoc.reporting.report_words import PROOF_DECISIONS, subject_name

MARKER: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- written by leakdoc -->\n'


def to_junit(proof: Proof) -> str:
    """Return the report.

    The test of the decision passes only when it is `normalized`; `inconclusive` is an error, which no pipeline takes
    for a pass. A check that could not be answered is skipped, with its reason.
    """
    name = shown(subject_name(proof.after.trace.subject))
    cases = [_decision(proof, name), *(_check(check, name) for check in proof.checks)]
    counts = {word: sum(f"<{word} " in case for case in cases) for word in ("failure", "error", "skipped")}
    told = (
        f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}" skipped="{counts["skipped"]}"'
    )
    suite = f'<testsuite name="leakdoc verify" {told}>\n{"".join(cases)}</testsuite>\n'
    return f"{MARKER}<testsuites {told}>\n{suite}</testsuites>\n"


def _decision(proof: Proof, name: str) -> str:
    if proof.decision is ProofDecision.NORMALIZED:
        return _case("decision", name, "", proof.reason)
    kind = "error" if proof.decision is ProofDecision.INCONCLUSIVE else "failure"
    return _case("decision", name, f"<{kind} message={_quoted(PROOF_DECISIONS[proof.decision])}>", proof.reason, kind)


def _check(check: Check, name: str) -> str:
    kinds = {CheckOutcome.FAILED: "failure", CheckOutcome.UNKNOWN: "skipped"}
    kind = kinds.get(check.outcome)
    if kind is None:
        return _case(check.name, name, "", check.reason)
    return _case(check.name, name, f"<{kind} message={_quoted(check.reason)}>", check.reason, kind)


def _case(test: str, name: str, opening: str, text: str, kind: str | None = None) -> str:
    head = f"  <testcase classname={_quoted(f'leakdoc.{name}')} name={_quoted(test)}>"
    told = escape(shown(text))
    body = f"{opening}{told}</{kind}>" if kind is not None else f"<system-out>{told}</system-out>"
    return f"{head}{body}</testcase>\n"


def _quoted(text: str) -> str:
    return quoteattr(shown(text))


def is_junit(head: str) -> bool:
    """Whether a file that begins so is such a report of ours."""
    return head.startswith(MARKER)
