"""A proof as GitHub Actions shows it: annotations, as workflow commands, and a summary of the step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.reporting.foreign import shown
from leakdoc.reporting.markdown import to_markdown
from leakdoc.reporting.report_words import PROOF_DECISIONS

LARGEST_SUMMARY: Final = 1_000_000  # bytes: GitHub refuses a summary over 1 MiB
_MOST_ANNOTATIONS: Final = 9  # GitHub shows ten of a step
_LEVELS: Final = {ProofDecision.NORMALIZED: "notice", ProofDecision.INCONCLUSIVE: "warning"}


def runs_there(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a step of a GitHub workflow."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotation_lines(proof: Proof) -> Iterator[str]:
    """Yield one workflow command for the decision, and one for each check that stands against it."""
    level = _LEVELS.get(proof.decision, "error")
    yield _command(level, f"leakdoc: {PROOF_DECISIONS[proof.decision]}", proof.reason)
    failed = [check for check in proof.checks if check.outcome is CheckOutcome.FAILED]
    for check in failed[:_MOST_ANNOTATIONS] if proof.decision is not ProofDecision.NORMALIZED else []:
        yield _command("warning", f"leakdoc check {check.name}", check.reason)


def _command(level: str, title: str, message: str) -> str:
    """Write a workflow command; foreign text can neither end it nor begin another."""
    return f"::{level} title={_escaped(title, ':,')}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    plain = shown(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for each in also:
        plain = plain.replace(each, f"%{ord(each):02X}")
    return plain


def summary(proof: Proof) -> str:
    """Return the Markdown of a step's summary; parts that would make it too large are left out."""
    text = to_markdown(proof)
    if len(text.encode()) <= LARGEST_SUMMARY:
        return text
    return text.encode()[:LARGEST_SUMMARY].decode("utf-8", "ignore") + "\n\n(cut: too long for a summary)\n"
