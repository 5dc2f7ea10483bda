"""How many of many verdicts are expected to be false.

Each verdict on growth carries the probability that it is right. Over a fleet the expected share of false ones among
those that are called faults is the mean of what is missing to certainty, and the largest set that keeps it under a
level is the surest ones, taken until their mean reaches it (Newton et al., Biostatistics 5, 2004; Storey, Annals of
Statistics 31, 2003). No verdict is changed: a subject is judged alike alone and among ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.scan import Discovery

LEVEL: Final = 0.05  # one false alarm in twenty pages is what people on call put up with


def discovery_of(diagnoses: Iterable[Diagnosis], *, level: float = LEVEL) -> Discovery:
    """Return what is expected of the faults among many diagnoses.

    Args:
        level: the share of false faults that is accepted, between 0 and 1.
    """
    faults = [each for each in diagnoses if each.decision.is_fault]
    doubts = {each.subject.name: doubt for each in faults if (doubt := _doubt(each)) is not None}
    return Discovery(
        faults=len(faults),
        expected_false=sum(doubts.values()) if doubts else None,
        level=level,
        tentative=_beyond(doubts, level),
    )


def _doubt(diagnosis: Diagnosis) -> float | None:
    """The probability that a fault is none; null where no finding says how sure it is."""
    sure = [each.confidence for each in diagnosis.findings if each.decision.is_fault and each.confidence is not None]
    return 1.0 - max(sure) if sure else None


def _beyond(doubts: dict[str, float], level: float) -> tuple[str, ...]:
    kept, total, beyond = 0, 0.0, []
    for name, doubt in sorted(doubts.items(), key=lambda each: (each[1], each[0])):
        if total + doubt <= level * (kept + 1):
            kept, total = kept + 1, total + doubt
        else:
            beyond.append(name)
    return tuple(reversed(beyond))
