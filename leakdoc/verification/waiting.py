"""Looks at a growing trace, again and again, until a proof is decided; the error rate is spent over the looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from leakdoc.detection.policies import Policies
from leakdoc.detection.stats.spending import spend
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.sampling.clock import Clock, SystemClock

LOOK_FACTOR: Final = 1.12  # between looks, in time watched: a decision is at most an eighth later than it could be
LEAST_BETWEEN_S: Final = 2.0
MOST_BETWEEN_S: Final = 600.0
LONGEST_SHARE: Final = 0.2  # of the time watched: what a look asks for is an estimate, and often too much
LEAST_ALPHA: Final = 0.005  # with less than that a look would ask for far more data than the old leak needed to show
AGREEING: Final = 2  # looks in a row that must find the same fault: a warm-up looks like one, once
AGREEING_ON_GROWTH: Final = 7  # that is no harm: over twice the time watched, as a warm-up may be as steep for a while
_NOT_CURED_BY_TIME: Final = ("before_leaked", "same_subject", "order")

LookAt = Callable[[Policies], Proof | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How waiting ended.

    Args:
        proof: as the last look found it; null where there was never anything to look at.
        decided: whether it ended because of a decision.
        why: why it ended, in words.
    """

    proof: Proof | None
    decided: bool
    why: str


def until_decided(
    look: LookAt,
    *,
    policies: Policies,
    for_s: float | None,
    ended: Callable[[], bool],
    clock: Clock | None = None,
    wake: threading.Event | None = None,
    on_look: Callable[[Proof], None] | None = None,
    enough: Callable[[Proof, int], bool] | None = None,
    worthwhile: Callable[[Proof], bool] | None = None,
) -> Waited:
    """Look until a look decides, nothing more can come, or the time is up.

    Args:
        look: makes the proof of what is there now, by policies whose error rate is that of one look; null where
            there is too little to look at.
        for_s: the longest wait; null for no end.
        ended: whether what is looked at has ended; asked before each look, so that the last look sees all of it.
        wake: set to end early.
        enough: whether a proof, found by so many looks in a row, ends it; null for any decision.
        worthwhile: whether it is worth going on; null as long as time could decide.
    """
    clock, wake = clock or SystemClock(), wake or threading.Event()
    enough, worthwhile = enough or _is_decided, worthwhile or time_can_decide
    started, proof, same = clock.monotonic(), None, 0
    for spent in _policies_by_look(policies):
        over = ended()
        found = look(spent)
        if found is not None:
            same = same + 1 if proof is not None and found.decision is proof.decision else 1
            proof = found
            if on_look is not None:
                on_look(found)
            if enough(found, same):
                return Waited(proof=found, decided=True, why="decided")
            if not worthwhile(found):
                return Waited(proof=found, decided=False, why="no more data after the rollout would decide it")
        if over:
            return Waited(proof=proof, decided=False, why="what was watched has ended")
        elapsed = clock.monotonic() - started
        left = None if for_s is None else for_s - elapsed
        if left is not None and left <= 0.0:
            return Waited(proof=proof, decided=False, why="the time is up")
        pause = _pause(elapsed, found)
        if clock.wait(pause if left is None else min(pause, left), wake):
            return Waited(proof=proof, decided=False, why="interrupted")
    raise AssertionError("looks have no end")


def _pause(elapsed_s: float, found: Proof | None) -> float:
    """As long as the last look asked for, but not so long that a decision would be late."""
    least = max(elapsed_s * (LOOK_FACTOR - 1.0), LEAST_BETWEEN_S)
    wanted = least if found is None or found.needs_more_s is None else found.needs_more_s
    return min(max(wanted, least), max(elapsed_s * LONGEST_SHARE, LEAST_BETWEEN_S), MOST_BETWEEN_S)


def time_can_decide(proof: Proof) -> bool:
    """Whether more data after the rollout could change an inconclusive proof."""
    return not any(
        check.name in _NOT_CURED_BY_TIME and check.outcome is not CheckOutcome.PASSED for check in proof.checks
    )


def _is_decided(proof: Proof, same: int) -> bool:
    if proof.decision is ProofDecision.INCONCLUSIVE:
        return False
    if proof.decision in (ProofDecision.IMPROVED, ProofDecision.NOT_FIXED):
        return same >= AGREEING_ON_GROWTH
    return proof.decision is ProofDecision.NORMALIZED or same >= AGREEING


def _policies_by_look(policies: Policies) -> Iterator[Policies]:
    taken = 0
    while True:
        taken += 1
        alpha = spend(taken, None, overall=policies.growth.alpha)
        yield replace(policies, growth=replace(policies.growth, alpha=max(alpha, LEAST_ALPHA)))
