"""Staging, and a guard, where the cure is not of memory: the new build shows no fault, beside what the old one did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import leakdoc
from leakdoc.model.decision import Decision, Outcome
from leakdoc.model.step import EvidenceFile, StepResult
from leakdoc.playbook import evidence_file, outcome_of
from playbook_steps.find_exhausted_pool import QUESTION as POOLS
from playbook_steps.isolate_upstream import QUESTION as UPSTREAMS
from playbook_steps.looking import Question, decided

Runs = Sequence[tuple[Path, Path]]
Seen = tuple[Decision, str]
LATE_S: Final = 5.0  # as the judge of pools: longer than a request that is answered takes

_NO_WAITING: Final = Question(
    signatures=(*POOLS.signatures, *UPSTREAMS.signatures), what="callers that wait for a pool or an upstream"
)


def without_fault(runs: Runs) -> StepResult:
    """Return what the new build showed, the gravest of all rounds.

    Args:
        runs: for each round, the samples of the old build and of the new one.
    """
    old = _gravest(fault_in(before) for before, _ in runs)
    rounds = [fault_in(after) for _, after in runs]
    decision, reason = _gravest(rounds)
    told = f"{old[0]}: {old[1]}" if old[0].is_fault else "no fault either, so that this shows no cure"
    return StepResult(
        outcome=Outcome.FAILED if decision.is_fault else outcome_of(decision),
        reason=f"the new build: {reason}; the old one under the same load: {told}",
        outputs={"proof": None, "decision": str(decision), "rounds": [str(each) for each, _ in rounds]},
        evidence=tuple(kept(runs)),
    )


def _gravest(seen: Iterable[Seen]) -> Seen:
    """Return a fault before what is not known, and that before anything else."""
    return min(seen, key=lambda said: (not said[0].is_fault, said[0] is not Decision.INCONCLUSIVE))


def fault_in(recording: Path) -> Seen:
    """Return the fault that a recording shows; where it shows none, whether it is long enough to have shown one."""
    said = leakdoc.diagnose(recording)
    order = list(Decision)
    faults = [each for each in said.findings if each.decision.is_fault and not is_only_the_upstreams(each)]
    if faults:
        worst = min(faults, key=lambda each: order.index(each.decision))
        return worst.decision, worst.reason
    said_of_it = [each for each in said.findings if not each.decision.is_fault]
    asked = [each for each in said_of_it if each.detector in _NO_WAITING.signatures]
    return decided(_NO_WAITING, asked, said.window)


def is_only_the_upstreams(finding: leakdoc.Finding) -> bool:
    """Whether an upstream is silent and nobody waits for it: a breaker in front of it has given it up, as it should."""
    seen: Mapping[str, Any] = finding.evidence
    if finding.detector != "upstream_unresponsive" or seen.get("syn_sent") or seen.get("unsent_bytes"):
        return False
    callers: Mapping[str, Any] = seen.get("callers") or {}
    waits = (seen.get("awaiting_max_s") or 0.0, callers.get("wait_max_s") or 0.0)
    return max(waits) < LATE_S and not callers.get("threads_waiting_for_a_lock")


def kept(runs: Runs) -> list[EvidenceFile]:
    """Return the samples of both builds as evidence."""
    named = [(name, path) for pair in runs for name, path in zip(("before", "after"), pair, strict=True)]
    return [evidence_file(name, path) for name, path in named]
