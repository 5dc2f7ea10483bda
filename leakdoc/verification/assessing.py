"""One leak of before, looked at after: with more and more of the start cut, until a look answers every question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.trace import Trace
from leakdoc.verification.channels import was_read
from leakdoc.verification.leak import Leak
from leakdoc.verification.measuring import Measured, measure
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.questions import QUESTIONS, Answer

_SLOWING: Final = "slowing_down"  # the judge's rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """A leak of before with the look at after that speaks for it, and that look's answers by question.

    Args:
        look: the first that answers every question, or else the one that comes closest; null where it was not read.
        still: the first look in which it leaks; null where it does in none.
        slowing: whether the whole of after grows slower and slower, and nobody can tell where that ends.
    """

    leak: Leak
    look: Measured | None = None
    answers: Mapping[str, Answer]
    still: Measured | None = None
    slowing: bool = False

    @property
    def proven(self) -> bool:
        """Whether the leak is shown to be gone."""
        return bool(self.answers) and _passed(self.answers) == len(self.answers)


def assess(leak: Leak, after: Trace, growth: GrowthPolicy, policy: VerificationPolicy) -> Assessed:
    """Ask every question of one look after the other, until one answers them all."""
    best = Assessed(leak=leak, answers={})
    still: Measured | None = None
    slowing = False
    for cut in policy.cuts if was_read(after, leak.column) else ():
        look = measure(after, leak.column, growth, policy, cut=cut)
        if still is None and look.growth.decision is Decision.LEAKING:
            still = look
        slowing = slowing or (cut <= 0.0 and look.growth.evidence.get("rule") == _SLOWING)
        answers = {name: ask(leak, look, policy) for name, ask in QUESTIONS.items()}
        if best.look is None or _passed(answers) > _passed(best.answers):
            best = Assessed(leak=leak, look=look, answers=answers)
        if best.proven:
            return best
    return Assessed(leak=leak, look=best.look, answers=best.answers, still=still, slowing=slowing)


def _passed(answers: Mapping[str, Answer]) -> int:
    return sum(each.outcome is CheckOutcome.PASSED for each in answers.values())
