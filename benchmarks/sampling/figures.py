"""Ratios measured in turns, so that a busy moment hits both sides, and told with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

ROUNDS = 9


def cost_s(job: Callable[[], object], times: int) -> float:
    """Return the processor time of one call, in seconds."""
    before = time.thread_time()
    for _ in range(times):
        job()
    return (time.thread_time() - before) / times


def in_turns(measures: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Measure each, one after the other, several times."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def tell_ratio(title: str, others: list[float], ours: list[float], target: str, unit: tuple[str, float]) -> None:
    """Print how many times ours fits into another's cost, round by round."""
    name, scale = unit
    ratios = sorted(other / mine for other, mine in zip(others, ours, strict=True))
    mine, other = statistics.median(ours) * scale, statistics.median(others) * scale
    print(
        f"{title:<58} {statistics.median(ratios):9,.1f}x  ({ratios[0]:,.1f} to {ratios[-1]:,.1f})"
        f"  ours {mine:,.2f} {name}, other {other:,.2f} {name}  target {target}",
        flush=True,
    )


def tell(title: str, found: str, target: str) -> None:
    """Print a figure."""
    print(f"{title:<58} {found}  target {target}", flush=True)
