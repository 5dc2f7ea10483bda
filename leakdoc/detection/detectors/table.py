"""The detectors, in the order in which their findings are listed. A new one is one new file and one new line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from leakdoc.detection.detectors.churn import find_churn
from leakdoc.detection.detectors.close_wait import find_close_wait
from leakdoc.detection.detectors.concurrency_growth import METRICS as CONCURRENCY
from leakdoc.detection.detectors.concurrency_growth import find_concurrency_growth
from leakdoc.detection.detectors.descriptor_growth import find_descriptor_growth
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.half_open import find_half_open
from leakdoc.detection.detectors.idle_in_transaction import find_idle_in_transaction
from leakdoc.detection.detectors.memory import find_memory_growth, readings
from leakdoc.detection.detectors.pool_exhausted import find_exhausted
from leakdoc.detection.detectors.unclosed_connections import find_unclosed_connections
from leakdoc.detection.detectors.upstream_unresponsive import find_unresponsive
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Basis
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import HEAP_LIMIT, HEAPS, KNOWN, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace

Detector = Callable[[Trace, Policies, float | None], Iterable[Finding]]


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
        yield _suspected(trace, policies, alpha)


def _suspected(trace: Trace, policies: Policies, alpha: float | None) -> Finding:
    """The number of connections as a whole: to whom, and whether they are idle, is not known."""
    found = find_growth(trace, Column("connections"), policies.growth, detector="unclosed_connections", alpha=alpha)
    if not found.decision.is_fault:
        return found
    return replace(found, basis=Basis.INFERRED, reason=f"{found.reason}; that they are unclosed is suspected")


def find_connections(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge connections and descriptors: what is found of the ones says what the others mean."""
    if all(column.metric in _OF_MEMORY and not column.labels for column in trace.columns):
        return
    unclosed = tuple(find_connection_growth(trace, policies, alpha))
    upstream = tuple(find_unresponsive(trace, policies, alpha))
    culprit = next((each for each in upstream if each.decision.is_fault), None)
    closed_by_peer = tuple(find_close_wait(trace, policies, alpha))
    yield from unclosed
    yield from closed_by_peer
    is_unclosed = any(each.decision.is_fault for each in (*unclosed, *closed_by_peer))
    yield from find_descriptor_growth(trace, policies, alpha, unclosed=is_unclosed)
    yield from find_exhausted(trace, policies, alpha, culprit)
    yield from upstream
    for detector in (find_idle_in_transaction, find_churn, find_half_open):
        yield from detector(trace, policies, alpha)


_OF_MEMORY: Final = frozenset(
    {*MEMORY, *HEAPS, HEAP_LIMIT, "swap_bytes", "shared_bytes", "file_bytes", "limit_bytes", "requests_total"}
)
OF_CONNECTIONS: Final[tuple[Detector, ...]] = (find_connections, find_concurrency_growth)
DETECTORS: Final[tuple[Detector, ...]] = (find_memory_growth, find_other_growth, *OF_CONNECTIONS)


def _was_read(trace: Trace, name: str) -> bool:
    return readings(trace, name) > 0
