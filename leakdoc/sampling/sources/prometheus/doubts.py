"""What casts doubt on all that a server answered: a clock that differs, and what it warned of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.units import format_duration

_CLOCKS_APART_S: Final = 120.0  # a scrape or two: less moves the window's end, and nothing else


def doubts_of(prometheus: Prometheus) -> Iterator[str]:
    """Yield them in words, those that were heard so far."""
    ahead = prometheus.clock_ahead_s
    if abs(ahead) > _CLOCKS_APART_S:
        apart = f"{format_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
        yield f"the clock of the Prometheus is {apart} this machine's, by which the window is cut: see --until"
    yield from (f"Prometheus warns: {each}" for each in prometheus.warnings)
