"""A verdict in two pieces of text and a colour, for pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.proof import Proof
from leakdoc.reporting.report_words import DECISIONS, PROOF_DECISIONS, sentence, subject_name, tone

_TITLE_LETTERS: Final = 64  # as many as stand on one line of a picture
_COLOURS: Final = {"fault": "#b3261e", "fine": "#1a6b3c", "open": "#7a5200"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What stands above a picture."""

    title: str
    reason: str
    colour: str


def verdict_of(diagnosis: Diagnosis) -> Verdict:
    """Return a diagnosis' verdict for a picture."""
    return Verdict(
        title=_on_one_line(f"{DECISIONS[diagnosis.decision]}: {subject_name(diagnosis.subject)}"),
        reason=sentence(diagnosis.reason),
        colour=_COLOURS.get(tone(diagnosis.decision), "#1c2126"),
    )


def verdict_of_proof(proof: Proof) -> Verdict:
    """Return a proof's verdict for a picture."""
    name = subject_name(replace(proof.after.trace.subject, pid=None))
    return Verdict(
        title=_on_one_line(f"{PROOF_DECISIONS[proof.decision]}: {name}"),
        reason=sentence(proof.reason),
        colour=_COLOURS.get(tone(proof.decision), "#1c2126"),
    )


def _on_one_line(title: str) -> str:
    return title if len(title) <= _TITLE_LETTERS else f"{title[: _TITLE_LETTERS - 1]}…"
