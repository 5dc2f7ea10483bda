"""Descriptors that accumulate: in all, and of one kind; what most of them are, and when RLIMIT_NOFILE is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.peer_view import alive, peers, rose, total_now
from leakdoc.detection.policies import Policies
from leakdoc.model.finding import Finding, Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert

NAME: Final = "descriptor_growth"
OPEN: Final = Column("open_fds")
SOCKET: Final = "socket"
MOST_TARGETS: Final = 3


def find_descriptor_growth(
    trace: Trace, policies: Policies, alpha: float | None, *, unclosed: bool
) -> Iterator[Finding]:
    """Judge the number of open descriptors, and, where it does not leak as a whole, that of each kind.

    Connections to judged peers, and those that came in, are the connections' affair: where they alone explain the
    growth and none of them is unclosed, as in a pool on its way to its size, the rest is what is judged.

    Args:
        unclosed: whether connections were found to be unclosed.
    """
    if not _was_read(trace, trace.column(OPEN.metric)):
        return
    found = find_growth(trace, OPEN, policies.growth, detector=NAME, alpha=alpha)
    connected = _connected(trace)
    if found.decision.is_fault and connected is not None and not unclosed:
        rest = replace(trace, columns={**trace.columns, OPEN: trace.columns[OPEN] - connected})
        title = "open descriptors other than connections that are in use"
        found = find_growth(rest, OPEN, policies.growth, detector=NAME, title=title, alpha=alpha)
    of_a_kind = () if found.decision.is_fault else tuple(_kinds_that_leak(trace, policies, alpha))
    for each in of_a_kind or (_named(trace, found),):
        is_theirs = unclosed and each.evidence.get("kind") == SOCKET
        yield replace(each, advice=()) if is_theirs else each  # what to do is told where the connections are


def _connected(trace: Trace) -> FloatArray | None:
    every = [peer.count() for direction in ("out", "in") for peer in peers(trace, direction)]
    return np.sum(every, axis=0) if every else None


def _kinds_that_leak(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    for column, values in trace.labelled(OPEN.metric):
        kind = column.label("kind")
        if kind in (None, SOCKET) or rose(trace, values, float("inf")) < policies.descriptors.fewest:
            continue
        carried = replace(trace, columns={**trace.columns, column: _carried_on(trace, values)})
        title = f"open descriptors of the kind {inert(kind or '')}"
        found = find_growth(carried, column, policies.growth, detector=NAME, title=title, alpha=alpha)
        if found.decision.is_fault:
            yield _named(trace, found)


def _named(trace: Trace, found: Finding) -> Finding:
    """Say what the descriptors are, and which kind has grown most."""
    kinds = {column.label("kind") or "": values for column, values in trace.labelled(OPEN.metric)}
    counts: dict[str, Json] = {kind: total_now(trace, values) for kind, values in sorted(kinds.items())}
    evidence = dict(found.evidence) | {"kinds": counts, "targets": _targets(trace)}
    if not found.decision.is_fault:
        return replace(found, evidence=evidence)
    risen = {kind: rose(trace, values, float("inf")) for kind, values in kinds.items()}
    fastest = max(risen, key=risen.__getitem__, default=None)
    words = [] if fastest is None or risen[fastest] <= 0 else [f"most of them are of the kind {inert(fastest)}"]
    targets = evidence["targets"]
    if isinstance(targets, list) and targets and isinstance(targets[0], dict) and fastest == targets[0]["kind"]:
        words.append(f"{targets[0]['count']} of {targets[0]['target']}")
    return replace(
        found,
        reason="; ".join([found.reason, *words]),
        evidence=evidence | {"kind": fastest},
        advice=advice_for(NAME),
    )


def _targets(trace: Trace) -> list[Json]:
    found = []
    for column, values in trace.labelled("descriptors_to"):
        count = total_now(trace, values)
        if count:
            target: dict[str, Json] = {"kind": column.label("kind"), "target": inert(column.label("target") or "")}
            found.append((count, target | {"count": int(count)}))
    return [target for _, target in sorted(found, key=lambda each: -each[0])[:MOST_TARGETS]]


def _carried_on(trace: Trace, values: FloatArray) -> FloatArray:
    """Fill rows without a reading with the last one: kinds are written when their number has changed."""
    filled = values.copy()
    for life in alive(trace):
        rows = np.arange(life.first, life.stop)
        last = np.maximum.accumulate(np.where(np.isnan(values[rows]), -1, rows))
        filled[rows] = np.where(last < 0, np.nan, values[last])
    return filled


def _was_read(trace: Trace, values: FloatArray | None) -> bool:
    del trace
    return values is not None and bool(np.isfinite(values).any())
