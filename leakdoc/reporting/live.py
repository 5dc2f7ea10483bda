"""The line that a watch keeps up to date while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.metrics import MEMORY, metric
from leakdoc.model.sample import Column, Sample
from leakdoc.redact import inert
from leakdoc.reporting.words import decision_word, rate_words
from leakdoc.units import format_duration, format_size

BARS: Final = "▁▂▃▄▅▆▇█"
SPARKS: Final = 24
MOST_PEERS: Final = 2


@dataclass(slots=True)
class LiveLine:
    """The recent past of one watch, and the line that shows it.

    Args:
        limit_bytes: the memory limit, where there is one; that of the samples is taken once they have one.
        draws: whether the terminal can show bars.
    """

    limit_bytes: float | None = None
    draws: bool = True
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=SPARKS))
    _peers: list[str] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Take one more sample into the picture."""
        self.limit_bytes = sample.values.get(Column("limit_bytes"), self.limit_bytes)
        memory = memory_of(sample)
        if memory is not None:
            self._recent.append(memory)
        if Column("connections") in sample.values:  # sockets may be read less often than memory
            self._peers = peers(sample.values)

    def text(self, sample: Sample, elapsed_s: float, diagnosis: Diagnosis | None) -> str:
        """Return the line for this moment."""
        parts = [
            format_duration(elapsed_s) if elapsed_s >= 1 else "0 s",
            self._memory(sample),
            verdict_so_far(diagnosis),
            sparkline(self._recent) if self.draws else "",
            *self._peers,
        ]
        return "  ".join(part for part in parts if part)

    def _memory(self, sample: Sample) -> str:
        memory = memory_of(sample)
        if memory is None:
            return "memory unknown"
        if not self.limit_bytes:
            return format_size(memory)
        return f"{format_size(memory)} of {format_size(self.limit_bytes)}"


def sparkline(values: Iterable[float]) -> str:
    """Draw values as a row of bars between their smallest and largest.

    >>> sparkline([1, 2, 3])
    '▁▅█'
    """
    kept = list(values)
    if not kept:
        return ""
    low, span = min(kept), max(kept) - min(kept)
    top = len(BARS) - 1
    return "".join(BARS[round((value - low) / span * top) if span else 0] for value in kept)


def verdict_so_far(diagnosis: Diagnosis | None) -> str:
    """Write the latest verdict in a few words, with the slope of what it rests on."""
    if diagnosis is None:
        return "too early to say"
    words = decision_word(diagnosis.decision).lower()
    told = next((each for each in diagnosis.findings if each.decision is diagnosis.decision), None)
    if told is None or told.slope_per_hour is None:
        return words
    name = "" if told.metric in MEMORY else f" {metric(told.metric).title}"
    return f"{words}{name} {rate_words(told.slope_per_hour, metric(told.metric).unit)}"


def peers(values: Mapping[Column, float]) -> list[str]:
    """Name the peers with the most outgoing connections, with their number."""
    counts: dict[str, float] = {}
    for column, count in values.items():
        peer = column.label("peer")
        if column.metric == "connections" and peer and column.label("direction") != "in":
            name = f"{column.label('peer_kind') or ''} {peer}".strip()
            counts[name] = counts.get(name, 0.0) + count
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_PEERS]
    return [f"{count:.0f} to {inert(name)}" for name, count in most if count]


def memory_of(sample: Sample) -> float | None:
    """Return the memory of all processes together where there are several, else by the first of `MEMORY` read."""
    names = ("total_rss_bytes", *MEMORY)
    return next((value for name in names if (value := sample.values.get(Column(name))) is not None), None)
