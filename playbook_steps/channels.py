"""What can leak, as earlier steps told it: which channel, how fast, and whether later findings prove it gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import leakdoc
from leakdoc.model.decision import Decision
from leakdoc.model.sample import Column
from leakdoc.model.step import EvidenceValue, StepResult

_CHANNELS: Final = {
    "open_fds": "descriptors",
    "threads": "threads",
    "tasks": "threads",
    "children": "threads",
    "connections": "connections",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One finding, whether it came as a value or in a document.

    Args:
        metric: what it judged.
        peer: the other end, where it judged the connections to one; else null.
        slope_per_hour: best estimate; null when unknown.
        smallest_detectable_per_hour: the slowest growth that would have shown; null when unknown.
    """

    metric: str
    peer: str | None
    decision: Decision
    slope_per_hour: float | None
    smallest_detectable_per_hour: float | None

    @property
    def column(self) -> str:
        """The column it speaks of, as a proof names it."""
        return (Column(self.metric) if self.peer is None else Column.of(self.metric, peer=self.peer)).text

    @property
    def channel(self) -> str:
        """The channel, as a person calls it."""
        name = _CHANNELS.get(self.metric, "memory" if self.metric.endswith("_bytes") else self.metric)
        return name if self.peer is None else f"{name} to {self.peer}"


def words_of(result: StepResult) -> Iterator[Word]:
    """Yield the findings of the diagnosis that a step handed on, as an output or as evidence; none if it did not."""
    told: Any = result.outputs.get("diagnosis")
    for item in result.evidence:
        if told is None and isinstance(item, EvidenceValue) and item.name == "diagnosis":
            told = item.value
    if isinstance(told, Mapping):
        yield from (_word(finding) for finding in told.get("findings") or ())


def words_in(findings: Iterable[leakdoc.Finding]) -> Iterator[Word]:
    """Yield findings that are values."""
    for finding in findings:
        slope = finding.slope_per_hour
        yield Word(
            metric=finding.metric,
            peer=_text(finding.evidence.get("peer")),
            decision=finding.decision,
            slope_per_hour=None if slope is None else slope.estimate,
            smallest_detectable_per_hour=finding.smallest_detectable_per_hour,
        )


def faults(words: Iterable[Word]) -> list[Word]:
    """Keep what is wrong, once for each column."""
    return list({word.column: word for word in words if word.decision.is_fault}.values())


def why_open(before: Word, after: Iterable[Word]) -> tuple[bool, str] | None:
    """Say why a channel that leaked before is not proven to be gone.

    It is proven by a settled finding that would have shown growth at the old rate.

    Returns:
        Null when it is proven; else whether it is seen to leak still, and the reason.
    """
    same = [word for word in after if word.column == before.column]
    if any(word.decision.is_fault for word in same):
        return True, f"{before.channel}: leaked before and does so still"
    if not same:
        return False, f"{before.channel}: leaked before, and was not judged after"
    if any(_would_have_shown(before, word) for word in same):
        return None
    return False, f"{before.channel}: leaked before, and the old growth could still hide in what was read after"


def _would_have_shown(before: Word, after: Word) -> bool:
    seen = after.smallest_detectable_per_hour
    if not after.decision.is_settled or seen is None or before.slope_per_hour is None:
        return False
    return seen <= before.slope_per_hour


def _word(finding: Mapping[str, Any]) -> Word:
    slope = finding.get("slope_per_hour")
    return Word(
        metric=str(finding.get("metric")),
        peer=_text((finding.get("evidence") or {}).get("peer")),
        decision=Decision(finding["decision"]),
        slope_per_hour=slope.get("estimate") if isinstance(slope, Mapping) else None,
        smallest_detectable_per_hour=finding.get("smallest_detectable_per_hour"),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
