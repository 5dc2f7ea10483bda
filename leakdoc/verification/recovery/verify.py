"""Whether latency, errors, waiters and connections are back at their baseline after an incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from leakdoc import __version__
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.policies import Policies
from leakdoc.errors import UsageError
from leakdoc.model.finding import Json
from leakdoc.model.proof import Proof, Side
from leakdoc.model.trace import Trace
from leakdoc.sampling.sources.load import load_trace
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.recovery.channels import candidates, with_rates
from leakdoc.verification.recovery.checks import CHECKS, Incident
from leakdoc.verification.recovery.joining import joined
from leakdoc.verification.recovery.levels import channel_of
from leakdoc.verification.recovery.policy import RecoveryPolicy
from leakdoc.verification.recovery.rules import decide
from leakdoc.verification.rule_set import rule_set
from leakdoc.verification.windows import keep


def verify_recovered(
    before: Any,
    after: Any,
    *,
    incident_at: float | None = None,
    baseline: Any = None,
    metrics: Sequence[str] | None = None,
    recovery: RecoveryPolicy | None = None,
    load: str | None = None,
) -> Proof:
    """Prove, or refuse to prove, that what an incident lifted is back at its baseline.

    Args:
        before: samples of the incident, and of the time before it where no baseline is given.
        after: samples since the cure.
        incident_at: where the incident began, seconds since the epoch; may be left out with a baseline.
        baseline: samples from before the incident, where they are in a file of their own.
        metrics: the columns to judge, by their text; null for every level that is no memory, and the share of
            requests that failed.
        recovery: the thresholds; the defaults when null.
        load: the column that holds the load, where it is not ``requests_total``.

    Returns:
        A proof as `leakdoc.verify` makes it: `normalized` when every channel that the incident lifted is back.

    Raises:
        SourceError: a source cannot be read.
        UsageError: it is not said where the incident began, or there is no such column.
    """
    old, new = load_trace(before, load_column=load), load_trace(after, load_column=load)
    if baseline is not None:
        quiet = load_trace(baseline, load_column=load)
        old, incident_at = joined(quiet, old), float(np.min(old.times)) if incident_at is None else incident_at
    policy = _dated(recovery or RecoveryPolicy(), incident_at)
    incident = _measured(old, new, policy, metrics)
    checks = tuple(check(incident) for check in CHECKS)
    ruling = decide(incident, checks)
    return Proof(
        decision=ruling.decision,
        reason=ruling.reason,
        checks=checks,
        before=_judged(old),
        after=_judged(new),
        parameters=_parameters(policy, metrics),
        needs_more_s=ruling.needs_more_s,
    )


def _parameters(policy: RecoveryPolicy, metrics: Sequence[str] | None) -> dict[str, Json]:
    """Every threshold by name, with the version and the rules that applied them."""
    return {
        "leakdoc": __version__,
        "rules": rule_set(),
        "recovery": asdict(policy),
        "metrics": None if metrics is None else list(metrics),
    }


def _dated(policy: RecoveryPolicy, incident_at: float | None) -> RecoveryPolicy:
    dated = policy if incident_at is None else replace(policy, incident_at=incident_at)
    if dated.incident_at <= 0.0:
        raise UsageError("where did the incident begin?", help="Give incident_at, or a baseline from before it.")
    return dated


def _judged(trace: Trace) -> Side:
    said = diagnose(trace)
    return Side(trace=trace, decision=said.decision, findings=said.findings)


def _measured(old: Trace, new: Trace, policy: RecoveryPolicy, metrics: Sequence[str] | None) -> Incident:
    before, after = with_rates(old), with_rates(new)
    columns = candidates(before, metrics)
    found = [each for column in columns if (each := channel_of(column, before, after, policy)) is not None]
    found.sort(key=lambda each: (-each.excess / max(each.baseline.scatter, 1e-12), each.column))
    quiet = keep(before, before.times < policy.incident_at)
    return Incident(
        channels=tuple(found),
        case=_case(quiet, after),
        whole=_case(before, after),
        looked_at=len(columns),
        policy=policy,
    )


def _case(before: Trace, after: Trace) -> Comparison:
    """Both sides for the checks that a proof of memory makes as well; they read no leak."""
    said = diagnose(keep(after, np.zeros(len(after), dtype=bool)), policies=Policies())
    return Comparison(
        before=before, after=after, said_before=said, said_after=said, leaks=(), fresh=(), policy=VerificationPolicy()
    )
