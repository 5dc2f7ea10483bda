"""Before against after: checks in order, and the decision that they add up to."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from leakdoc import __version__
from leakdoc.detection.policies import Policies
from leakdoc.model.finding import Json
from leakdoc.model.proof import Proof, Side
from leakdoc.sampling.sources.load import load_trace
from leakdoc.verification.checks.table import CHECKS
from leakdoc.verification.comparison import compare
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.rule_set import rule_set
from leakdoc.verification.rules import decide


def verify(
    before: Any,
    after: Any,
    *,
    policies: Policies | None = None,
    verification: VerificationPolicy | None = None,
    load: str | None = None,
) -> Proof:
    """Prove, or refuse to prove, that what leaked before has been normalized after.

    Args:
        before: a trace, what a watch returned, a pandas frame, or the path of a recording, CSV or Parquet file.
        after: the same of the new processes, best from their start.
        policies: the detectors' thresholds; the defaults when null.
        verification: the thresholds of the comparison; the defaults when null.
        load: the column that holds the load, where it is not ``requests_total``.

    Returns:
        The decision with every check. Too little data is the decision `inconclusive`, with what is missing.

    Raises:
        SourceError: a source cannot be read.
    """
    policies, verification = policies or Policies(), verification or VerificationPolicy()
    old, new = load_trace(before, load_column=load), load_trace(after, load_column=load)
    case = compare(old, new, policies, verification)
    checks = tuple(check(case) for check in CHECKS)
    ruling = decide(case, checks)
    return Proof(
        decision=ruling.decision,
        reason=ruling.reason,
        checks=checks,
        before=Side(trace=old, decision=case.said_before.decision, findings=case.said_before.findings),
        after=Side(trace=new, decision=case.said_after.decision, findings=case.said_after.findings),
        parameters=parameters_of(policies, verification),
        needs_more_s=ruling.needs_more_s,
    )


def parameters_of(policies: Policies, verification: VerificationPolicy) -> dict[str, Json]:
    """Return every threshold by policy and name, with the version and the rules that applied them."""
    found: dict[str, Json] = {"leakdoc": __version__, "rules": rule_set(), "verification": asdict(verification)}
    for each in fields(policies):
        found[each.name] = asdict(getattr(policies, each.name))
    return found
