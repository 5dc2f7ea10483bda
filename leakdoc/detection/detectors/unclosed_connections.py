"""Connections to one peer that accumulate while the old ones carry no traffic: opened, used, never closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.detectors.connections_policy import ConnectionsPolicy
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.redact import inert
from leakdoc.units import format_duration

NAME: Final = "unclosed_connections"
ADVICE: Final = (
    "close the connection on every path, the error path too: take it by a context manager",
    "let the pool or the server end what is idle for too long, so that one missed close cannot exhaust it",
)


def find_unclosed_connections(
    trace: Trace, growth: GrowthPolicy, policy: ConnectionsPolicy, *, alpha: float | None = None
) -> Iterator[Finding]:
    """Judge, peer by peer, the connections that the subject opened itself.

    A count that grows is not enough: a pool on its way to its size grows too. What tells them apart is the idle
    age that the kernel keeps for each socket (``tcp_last_data_sent`` and ``..._recv`` of tcp_info): unclosed
    connections fall silent and stay. Without idle ages the growth alone decides, and the cause is said to be
    suspected.

    Yields:
        One finding for each peer that had at least ``policy.fewest`` connections at once.
    """
    for peer, columns in sorted(outgoing(trace).items()):
        total = trace.connections_summed(columns.values())
        if not np.nanmax(total, initial=0.0) >= policy.fewest:
            continue
        yield _judge(trace, peer, columns, total, growth, policy, alpha)


def outgoing(trace: Trace) -> dict[str, dict[Column, FloatArray]]:
    """Return the connection columns of each peer that the subject connects to."""
    peers: dict[str, dict[Column, FloatArray]] = {}
    for column, values in trace.labelled("connections"):
        peer = column.label("peer")
        if peer and column.label("direction") != "in":
            peers.setdefault(peer, {})[column] = values
    return peers


def connected_by_us(trace: Trace) -> FloatArray | None:
    """Return the connections that the subject opened itself, to all peers, in every row; null where none was seen."""
    every = [trace.connections_summed(columns.values()) for columns in outgoing(trace).values()]
    return np.sum(every, axis=0) if every else None


def _judge(
    trace: Trace,
    peer: str,
    columns: Mapping[Column, FloatArray],
    total: FloatArray,
    growth: GrowthPolicy,
    policy: ConnectionsPolicy,
    alpha: float | None,
) -> Finding:
    evidence = _evidence(trace, peer, columns, total, row=int(np.flatnonzero(~np.isnan(total))[-1]))
    name = f"{evidence['peer_kind'] or ''} {evidence['peer']}".strip()
    key = Column.of("connections", peer=peer)
    summed = replace(trace, columns={**trace.columns, key: total})
    judged = find_growth(summed, key, growth, detector=NAME, title=f"connections to {name}", alpha=alpha)
    evidence |= judged.evidence
    if judged.decision is Decision.LEAKING:
        return _leaking(judged, evidence, name, policy)
    return replace(judged, evidence=evidence)


def _leaking(judged: Finding, evidence: dict[str, Json], name: str, policy: ConnectionsPolicy) -> Finding:
    count, idle, grew_for = evidence["count"], evidence["idle_max_s"], evidence.get("grew_for_s")
    if not isinstance(idle, float):
        reason = (
            f"{count} connections to {name} accumulate; idle ages are not known, so that they are unclosed is suspected"
        )
        return replace(judged, evidence=evidence, reason=reason, basis=Basis.INFERRED)
    if isinstance(grew_for, int | float) and idle < policy.idle_share * grew_for:
        reason = (
            f"{count} connections to {name} accumulate, but none has been idle for longer than "
            f"{format_duration(idle)}: work still reaches them, as in a pool that grows"
        )
        return replace(judged, decision=Decision.INCONCLUSIVE, evidence=evidence, reason=reason, confidence=None)
    reason = f"{count} connections to {name} accumulate, oldest idle {format_duration(idle)}; opener unknown"
    return replace(judged, evidence=evidence, reason=reason, advice=ADVICE)


def _evidence(
    trace: Trace, peer: str, columns: Mapping[Column, FloatArray], total: FloatArray, row: int
) -> dict[str, Json]:
    """What stood at the last row in which sockets were read; a state that is absent there has no connection."""
    kinds = {column.label("peer_kind") for column in columns}
    states: dict[str, Json] = {
        column.label("state") or "unknown": int(values[row]) for column, values in columns.items() if values[row] > 0
    }
    return {
        "peer": inert(peer),
        "peer_kind": next((kind for kind in sorted(k for k in kinds if k) if kind != "tcp"), None),
        "states": states,
        "count": int(total[row]),
        "oldest_s": _age(trace, "connection_oldest_s", peer, row),
        "idle_max_s": _age(trace, "connection_idle_max_s", peer, row),
        "opened_at": [],
    }


def _age(trace: Trace, metric: str, peer: str, row: int) -> float | None:
    """An age of the peer's connections at a row: the largest, where the peer has several columns."""
    ages = [
        float(values[row])
        for column, values in trace.labelled(metric)
        if column.label("peer") == peer and column.label("direction") != "in" and not np.isnan(values[row])
    ]
    return max(ages, default=None)
