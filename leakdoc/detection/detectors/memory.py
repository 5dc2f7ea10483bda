"""Growth of memory, with what a second reading of it tells: swap, the heap in use, anonymous against file pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
_HEAP: Final = "heap_bytes"
_AFTER_GC: Final = "heap_after_gc_bytes"
_GARBAGE: Final = {_AFTER_GC: "what collections leave of it does not grow: garbage that waits to be collected"}
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
    heap = beside.get(_HEAP)
    if heap is None and first != _HEAP and readings(trace, _HEAP):
        heap = find_growth(trace, Column(_HEAP), policies.growth, alpha=alpha)
    main = told_by_build(trace, Column(first), _explained(main, beside), policies.growth, alpha)
    left = tuple(_left_by_collections(trace, policies, alpha))
    if left and first == _HEAP:
        main = _unless_garbage(main, left)
    elif left and heap is not None:
        of_build = told_by_build(trace, Column(_HEAP), heap, policies.growth, alpha)
        main, heap = _unless_with_garbage(main, _unless_garbage(of_build, left)), _unless_garbage(heap, left)
    yield from (each for each in (main, heap, *left) if each is not None)


def _left_by_collections(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    if readings(trace, _AFTER_GC):
        yield find_growth(trace, Column(_AFTER_GC), policies.growth, alpha=alpha)


def _unless_garbage(heap: Finding, left: tuple[Finding, ...]) -> Finding:
    """A heap that fills between two collections of what is old grows for hours, and none of it may be held."""
    return _explained(heap, {each.metric: each for each in left}, _GARBAGE)


def is_garbage(finding: Finding) -> bool:
    """Whether it was left open because collections may give it back."""
    return finding.evidence.get("explained_by") == _AFTER_GC


def _unless_with_garbage(main: Finding, heap: Finding | None) -> Finding:
    """Memory that a process takes for garbage is held no more than the garbage is."""
    if main.decision is not Decision.LEAKING or heap is None or not is_garbage(heap):
        return main
    if main.slope_per_hour is None or heap.slope_per_hour is None:
        return main
    if heap.slope_per_hour.estimate < (1.0 - _UNEXPLAINED) * main.slope_per_hour.estimate:
        return main
    return _left_open(main, "the heap in use grows with it, and " + _GARBAGE[_AFTER_GC], _AFTER_GC)


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


def _explained(main: Finding, beside: dict[str, Finding], words: Mapping[str, str] = _EXPLAINS) -> Finding:
    """A growth that a second reading surely does not share is no leak of what that reading counts."""
    if main.decision is not Decision.LEAKING or main.slope_per_hour is None:
        return main
    for name, other in beside.items():
        worst = other.evidence.get("worst_case_per_hour")
        flat = other.decision in (Decision.STABLE, Decision.LOAD_DRIVEN) and isinstance(worst, int | float)
        if flat and float(worst) <= _UNEXPLAINED * main.slope_per_hour.estimate:  # type: ignore[arg-type]
            return _left_open(main, words[name], name)
    return main


def _left_open(finding: Finding, words: str, explained_by: str) -> Finding:
    return replace(
        finding, decision=Decision.INCONCLUSIVE, reason=f"{finding.reason}; but {words}", needs_more_s=None,
        confidence=None, evidence={**finding.evidence, "explained_by": explained_by},
    )  # fmt: skip


def readings(trace: Trace, name: str) -> int:
    """Return how often a metric was read."""
    values = trace.column(name)
    return 0 if values is None else int(np.isfinite(values).sum())
