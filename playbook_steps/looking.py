"""A look at connections on behalf of a step: what it decided of some signatures, of which peers, opened where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import leakdoc
from leakdoc.model.decision import Decision
from leakdoc.model.documents import plain
from leakdoc.model.step import EvidenceValue, StepResult
from leakdoc.playbook import StepContext, evidence_file, outcome_of
from leakdoc.units import format_duration

OUTPUTS: Final = ("decision", "peers", "openers", "diagnosis")
FEWEST_SAMPLES: Final = 30  # as the judges of growth ask for
LEAST_S: Final = 20.0  # what begins while one looks has not piled up sooner


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a step asks of a look.

    Args:
        signatures: the detectors whose word counts.
        what: what they look for, in words.
    """

    signatures: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """Which databases are asked for their own view: how each is reached, by ``env:NAME`` or ``file:PATH``."""

    postgres: str | None = None
    mysql: str | None = None
    redis: str | None = None


def look(
    ctx: StepContext,
    question: Question,
    target: int | str,
    *,
    for_s: float,
    interval_s: float,
    record: Path | None = None,
    databases: Databases | None = None,
) -> Any:
    """Look at the connections of a target, until the question is decided or the step is told to stop.

    What is decided of other signatures meanwhile does not end it. Raises as `leakdoc.connections` does.
    """

    asked = databases or Databases()

    def tell(progress: leakdoc.Progress) -> None:
        if progress.is_new and progress.diagnosis is not None:
            ctx.progress(f"after {format_duration(progress.elapsed_s)}: {progress.diagnosis.decision}")

    return leakdoc.connections(
        target,
        for_s=for_s,
        interval_s=interval_s,
        record=record,
        postgres=asked.postgres,
        mysql=asked.mysql,
        redis=asked.redis,
        asked=question.signatures,
        on_progress=tell,
        stop=ctx.cancelled,
    )


def answer(question: Question, seen: Any) -> StepResult:
    """Return what a look decided of the signatures in question."""
    findings = [each for each in seen.diagnosis.findings if each.detector in question.signatures]
    decision, reason = decided(question, findings, seen.diagnosis.window)
    guilty = [each for each in seen.peers if _is_named(each, findings)]
    path = seen.watched.path
    return StepResult(
        outcome=outcome_of(decision),
        reason=reason,
        outputs={
            "decision": str(decision),
            "peers": plain([asdict(each) for each in (guilty or seen.peers)]),
            "openers": plain([place for each in (guilty or seen.peers) for place in each.openers]),
            "diagnosis": leakdoc.to_document(seen.diagnosis),
        },
        evidence=(
            EvidenceValue(name="diagnosis", value=leakdoc.to_document(seen.diagnosis)),
            *([evidence_file("recording", path)] if path is not None else []),
        ),
    )


def decided(question: Question, findings: Iterable[leakdoc.Finding], window: Any) -> tuple[Decision, str]:
    """Return the gravest word; where nobody said one, whether there was enough to have seen it."""
    order = list(Decision)
    found = sorted(findings, key=lambda each: order.index(each.decision))
    if found and found[0].decision is not Decision.STABLE:
        return found[0].decision, found[0].reason
    span = (window.end or 0.0) - (window.start or 0.0)
    if window.samples < FEWEST_SAMPLES or span < LEAST_S:
        more = f"{window.samples} samples over {format_duration(span)} are too few to have seen it"
        return Decision.INCONCLUSIVE, f"{question.what}: {more}; look for {format_duration(LEAST_S)} or longer"
    return Decision.STABLE, f"{question.what}: none was seen in {format_duration(span)}"


def _is_named(peer: Any, findings: Iterable[leakdoc.Finding]) -> bool:
    return any(each.decision.is_fault and each.evidence.get("peer") == peer.peer for each in findings)
