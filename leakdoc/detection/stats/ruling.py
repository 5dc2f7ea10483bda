"""What a rule says, where it speaks."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.model.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a rule says.

    Args:
        needs_more_s: what is counted or reckoned, and will decide.
        look_again_s: after which half are decided, where it depends on what the process does next.
    """

    rule: str
    decision: Decision
    reason: str
    confidence: float | None = None
    needs_more_s: float | None = None
    look_again_s: float | None = None
