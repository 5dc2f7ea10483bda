"""Which class of incident a record is of: by its words, those that were asked and decided weighing most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leakdoc.playbook.records.event import Actor, Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.rulebook import Rulebook

_PROMPT: Final = 3.0  # what was asked in the first place
_DECIDED: Final = 4.0  # what was found out
_SAID: Final = 1.0
_PRINTED: Final = 0.3  # a log line may say anything
_MOST: Final = 3  # matches of one text that count: a log repeats itself


def class_of(read: Iterable[Reading], rulebook: Rulebook) -> tuple[str, dict[str, float]]:
    """Return the class, empty when nothing points to one, and each class's weight."""
    weights = dict.fromkeys(rulebook.classes, 0.0)
    asked = False
    for reading in read:
        event = reading.event
        if event.sort is Sort.STATEMENT:
            first = event.actor is Actor.PERSON and not asked
            asked = asked or first
            weight = _PROMPT if first else _DECIDED if reading.kind in ("decided", "resolved") else _SAID
            weight = 0.0 if reading.kind in ("rejected", "plan") else weight
            _add(weights, event.text, weight, rulebook)
        else:
            _add(weights, f"{reading.line}\n{event.after}", _SAID, rulebook)
            _add(weights, event.output[:4000], _PRINTED, rulebook)
            if reading.kind == "summary":
                _add(weights, reading.line, _DECIDED, rulebook)
    best = max(weights, key=lambda name: (weights[name], name), default="")
    return (best if weights.get(best) else ""), weights


def _add(weights: dict[str, float], text: str, weight: float, rulebook: Rulebook) -> None:
    for name, pattern in rulebook.classes.items():
        distinct = {match[0].lower() for match in pattern.finditer(text)} if weight else set()
        weights[name] += weight * min(_MOST, len(distinct))
