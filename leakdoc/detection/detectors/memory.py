"""Growth of memory, with what a second reading of it tells: swap, the heap in use, anonymous against file pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.detectors.builds import told_by_build
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

_SWAP: Final = "swap_bytes"
_WITHOUT_SWAP: Final = ("working_set_bytes", "rss_bytes", "private_bytes", "anon_bytes")
_EXPLAINS: Final = {
    "heap_bytes": "the heap in use does not grow with it: fragmentation, or arenas that are kept, and no more objects",
    "anon_bytes": "anonymous memory does not grow with it: these are pages of files, which the kernel takes back",
}
_UNEXPLAINED: Final = 0.25  # of the growth may hide in the second reading; more, and it explains nothing


def judged_memory(trace: Trace) -> str | None:
    """Name the memory metric that the verdict on memory rests on.

    It is the first of `MEMORY` that was read at least half as often as the one that was read most: a few stray
    readings of a better metric do not make up for a whole series of another.
    """
    read = {column.metric: values for column, values in trace.columns.items() if not column.labels}
    counts = {name: int(np.isfinite(read[name]).sum()) for name in MEMORY if name in read}
    most = max(counts.values(), default=0)
    return next((name for name, count in counts.items() if count and 2 * count >= most), None)


def find_memory_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge the subject's memory with what is swapped out, and its heap in use beside it, where that was read."""
    first = judged_memory(trace)
    if first is None:
        return
    main = _with_swap(trace, first, policies, alpha)
    beside = {
        name: find_growth(trace, Column(name), policies.growth, alpha=alpha)
        for name in _EXPLAINS
        if name != first and (name == "heap_bytes" or main.decision.is_fault) and _as_often(trace, name, first)
    }
    yield told_by_build(trace, Column(first), _explained(main, beside), policies.growth, alpha)
    if "heap_bytes" in beside:
        yield beside["heap_bytes"]
    elif first != "heap_bytes" and readings(trace, "heap_bytes"):
        yield find_growth(trace, Column("heap_bytes"), policies.growth, alpha=alpha)


def _with_swap(trace: Trace, name: str, policies: Policies, alpha: float | None) -> Finding:
    """What was swapped out is still held: judged together, so that memory under pressure does not look fixed."""
    column, values, swapped = Column(name), trace.column(name), trace.column(_SWAP)
    if name not in _WITHOUT_SWAP or values is None or swapped is None or not np.nanmax(swapped, initial=0.0) > 0.0:
        return find_growth(trace, column, policies.growth, alpha=alpha)
    if not _as_often(trace, _SWAP, name):
        return find_growth(trace, column, policies.growth, alpha=alpha)
    together = replace(trace, columns={**trace.columns, column: values + swapped})
    title = f"{metric(name).title} and what is swapped out"
    return find_growth(together, column, policies.growth, title=title, alpha=alpha)


def _as_often(trace: Trace, name: str, other: str) -> bool:
    count = readings(trace, name)
    return count > 0 and 2 * count >= readings(trace, other) > 0


def _explained(main: Finding, beside: dict[str, Finding]) -> Finding:
    """A growth that a second reading surely does not share is no leak of what that reading counts."""
    if main.decision is not Decision.LEAKING or main.slope_per_hour is None:
        return main
    for name, other in beside.items():
        worst = other.evidence.get("worst_case_per_hour")
        flat = other.decision in (Decision.STABLE, Decision.LOAD_DRIVEN) and isinstance(worst, int | float)
        if flat and float(worst) <= _UNEXPLAINED * main.slope_per_hour.estimate:  # type: ignore[arg-type]
            return replace(
                main, decision=Decision.INCONCLUSIVE, reason=f"{main.reason}; but {_EXPLAINS[name]}", needs_more_s=None,
                confidence=None, evidence={**main.evidence, "explained_by": name},
            )  # fmt: skip
    return main


def readings(trace: Trace, name: str) -> int:
    """Return how often a metric was read."""
    values = trace.column(name)
    return 0 if values is None else int(np.isfinite(values).sum())
