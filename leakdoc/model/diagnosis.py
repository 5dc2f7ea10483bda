"""All findings on one subject, and the decision they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakdoc.model.decision import Decision
from leakdoc.model.facts import Ending
from leakdoc.model.finding import Finding
from leakdoc.model.step import Effect
from leakdoc.model.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was looked at: the first and last sample, seconds since the epoch, and how many there are."""

    start: float | None
    end: float | None
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCommand:
    """A command worth running next.

    Args:
        argv: ready to run.
        effect: what it does to the target.
        why: what it would answer.
        needs: what it needs from the machine, in a word; null for nothing.
    """

    argv: tuple[str, ...]
    effect: Effect
    why: str
    needs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings on a subject, and the decision they add up to.

    Args:
        unavailable: metric to the reason why it was not read.
        blind_spots: what could not be looked at, in words.
        notes: what was done to the data on the way in, in words.
        next: the commands worth running, the most useful first.
        ending: how the target ended, when it did while it was watched.
        touched: what was done to the target to learn all this, in words; null when nobody knows.
    """

    subject: Subject
    decision: Decision
    reason: str
    findings: tuple[Finding, ...]
    window: Window
    unavailable: Mapping[str, str] = field(default_factory=dict)
    blind_spots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[NextCommand, ...] = ()
    ending: Ending | None = None
    touched: str | None = None
