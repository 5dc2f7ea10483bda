"""The detectors, in the order in which their findings are listed. A new one is one new file and one new line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.unclosed_connections import find_unclosed_connections
from leakdoc.detection.policies import Policies
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import KNOWN, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

Detector = Callable[[Trace, Policies, float | None], Iterable[Finding]]

CONCURRENCY: Final = ("threads", "tasks", "children")


def judged_memory(trace: Trace) -> str | None:
    """Name the memory metric that the verdict on memory rests on: the first of `MEMORY` that was ever read."""
    return next((name for name in MEMORY if _was_read(trace, name)), None)


def find_memory_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge the subject's memory, and its heap in use beside it, where that was read."""
    first = judged_memory(trace)
    for name in dict.fromkeys((first, "heap_bytes")):
        if name is not None and _was_read(trace, name):
            yield find_growth(trace, Column(name), policies.growth, alpha=alpha)


def find_other_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge each metric that leakdoc does not know: as bytes if its name says so, else as a count."""
    for column in sorted(trace.columns):
        if column.labels or column.metric in KNOWN or metric(column.metric).is_counter:
            continue
        if column.metric not in CONCURRENCY and _was_read(trace, column.metric):
            yield find_growth(trace, column, policies.growth, alpha=alpha)


def find_connection_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge the connections to each peer; where peers are not known, their number as a whole."""
    if any(True for _ in trace.labelled("connections")):
        yield from find_unclosed_connections(trace, policies.growth, policies.connections, alpha=alpha)
    elif _was_read(trace, "connections"):
        yield find_growth(trace, Column("connections"), policies.growth, detector="unclosed_connections", alpha=alpha)


def find_descriptor_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge the number of open descriptors."""
    if _was_read(trace, "open_fds"):
        yield find_growth(trace, Column("open_fds"), policies.growth, detector="descriptor_growth", alpha=alpha)


def find_concurrency_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge the number of threads, tasks and children."""
    for name in CONCURRENCY:
        if _was_read(trace, name):
            yield find_growth(trace, Column(name), policies.growth, detector="concurrency_growth", alpha=alpha)


DETECTORS: Final[tuple[Detector, ...]] = (
    find_memory_growth,
    find_other_growth,
    find_connection_growth,
    find_descriptor_growth,
    find_concurrency_growth,
)


def _was_read(trace: Trace, name: str) -> bool:
    values = trace.column(name)
    return values is not None and not bool(np.isnan(values).all())
