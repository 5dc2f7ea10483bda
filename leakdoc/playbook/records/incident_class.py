"""Which class of incident a record is of: by its words, those that were asked and decided weighing most."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from leakdoc.playbook.records.event import Actor, Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.rulebook import Rulebook

_PROMPT: Final = 3.0  # what was asked in the first place
_DECIDED: Final = 4.0  # what was found out
_SAID: Final = 1.0
_PRINTED: Final = 0.3  # a log line may say anything
_MOST: Final = 3  # matches of one text that count: a log repeats itself
_CLOSE: Final = 0.7  # of the heaviest class: where another weighs more than that, what was looked at tells them apart
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")  # `ConnectionTimeoutError` is three words
_LOOKS: Final = {  # what is mostly looked at, where no word tells the class
    "memory_leak": {"memory", "growth", "heap", "heap_report"},
    "connection_pool_exhaustion": {"pool", "proxy_pool", "server_connections", "holder", "tune"},
    "cascading_timeouts": {"upstream", "errors", "breaker"},
}


def class_of(read: Iterable[Reading], rulebook: Rulebook) -> tuple[str, dict[str, float]]:
    """Return the class, empty when nothing points to one, and each class's weight.

    Where no word tells it, the words that names are made of do, and then what was looked at most.
    """
    read = list(read)
    weights = _by_words(read, rulebook, str)
    first, second = sorted(weights.values(), reverse=True)[:2] if len(weights) > 1 else (0.0, 0.0)
    if first and second > _CLOSE * first:
        looked = _by_looks(read, rulebook)
        weights = {name: weight + looked[name] for name, weight in weights.items()}
    if not any(weights.values()):
        looked = _by_looks(read, rulebook)
        weights = {name: weight + looked[name] for name, weight in _by_words(read, rulebook, _taken_apart).items()}
    best = max(weights, key=lambda name: (weights[name], name), default="")
    return (best if weights.get(best) else ""), weights


def _taken_apart(text: str) -> str:
    return _CAMEL.sub(" ", text)


def _by_words(read: Iterable[Reading], rulebook: Rulebook, spelled: Callable[[str], str]) -> dict[str, float]:
    weights = dict.fromkeys(rulebook.classes, 0.0)
    asked = False
    for reading in read:
        event = reading.event
        if event.sort is Sort.STATEMENT:
            first = event.actor is Actor.PERSON and not asked
            asked = asked or first
            weight = _PROMPT if first else _DECIDED if reading.kind in ("decided", "resolved") else _SAID
            weight = 0.0 if reading.kind in ("rejected", "plan") else weight
            _add(weights, spelled(event.text), weight, rulebook)
        else:
            _add(weights, spelled(f"{reading.line}\n{event.after}"), _SAID, rulebook)
            _add(weights, spelled(event.output[:4000]), _PRINTED, rulebook)
            if reading.kind == "summary":
                _add(weights, spelled(reading.line), _DECIDED, rulebook)
    return weights


def _by_looks(read: Iterable[Reading], rulebook: Rulebook) -> dict[str, float]:
    kinds = [each.kind for each in read if each.event.is_call]
    return {name: _SAID * sum(kind in _LOOKS.get(name, ()) for kind in kinds) for name in rulebook.classes}


def _add(weights: dict[str, float], text: str, weight: float, rulebook: Rulebook) -> None:
    for name, pattern in rulebook.classes.items():
        distinct = {match[0].lower() for match in pattern.finditer(text)} if weight else set()
        weights[name] += weight * min(_MOST, len(distinct))
