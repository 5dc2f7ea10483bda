"""Connections to one peer that accumulate while the old ones carry no traffic: opened, used, never closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.connections_policy import ConnectionsPolicy
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.one_for_one import clients_of_connections
from leakdoc.detection.detectors.peer_view import PeerView, peers, total_now
from leakdoc.detection.detectors.waited_for import is_waited_for
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_duration

NAME: Final = "unclosed_connections"
NOT_COUNTED: Final = ("CLOSE_WAIT", "SYN_SENT")  # closed by the peer, not made yet: detectors of their own judge these


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
    for peer in peers(trace, "out"):
        if np.nanmax(peer.count(), initial=0.0) >= policy.fewest:
            yield _judge(trace, peer, growth, policy, alpha)


def outgoing(trace: Trace) -> dict[str, dict[Column, FloatArray]]:
    """Return the connection columns of each peer that the subject connects to."""
    return {
        peer.name: {column: values for column, values in peer.columns.items() if column.metric == "connections"}
        for peer in peers(trace, "out")
    }


def _judge(
    trace: Trace, peer: PeerView, growth: GrowthPolicy, policy: ConnectionsPolicy, alpha: float | None
) -> Finding:
    key = Column.of("connections", peer=peer.name)
    summed = replace(trace, columns={**trace.columns, key: peer.count(without=NOT_COUNTED)})
    judged = find_growth(summed, key, growth, detector=NAME, title=f"connections to {peer.title}", alpha=alpha)
    silent = total_now(trace, peer.counted("connections_silent")) if peer.was_read("connections_silent") else None
    evidence = peer.evidence() | {"silent": silent} | dict(judged.evidence)
    if judged.decision is Decision.LEAKING and is_waited_for(trace, peer):
        reason = (
            f"{evidence['count']} connections to {peer.title} accumulate, each with somebody who waits for its answer"
        )
        return replace(judged, decision=Decision.INCONCLUSIVE, evidence=evidence, reason=reason, confidence=None)
    clients = clients_of_connections(trace, peer, without=NOT_COUNTED) if judged.decision is Decision.LEAKING else None
    if clients is not None:
        reason = (
            f"{evidence['count']} connections to {peer.title} accumulate, {clients.words}, as a proxy has: "
            "they are unclosed if they stay when their clients go"
        )
        evidence |= clients.evidence()
        return replace(judged, decision=Decision.INCONCLUSIVE, evidence=evidence, reason=reason, confidence=None)
    if judged.decision is Decision.LEAKING:
        return _leaking(judged, evidence, peer, policy)
    return replace(judged, evidence=evidence)


def _leaking(judged: Finding, evidence: dict[str, Json], peer: PeerView, policy: ConnectionsPolicy) -> Finding:
    count, idle, grew_for = evidence["count"], evidence["idle_max_s"], evidence.get("grew_for_s")
    if not isinstance(idle, float):
        reason = (
            f"{count} connections to {peer.title} accumulate; idle ages are not known, "
            "so that they are unclosed is suspected"
        )
        return replace(
            judged, evidence=evidence, reason=reason, basis=Basis.INFERRED, advice=advice_for(NAME, peer.kind)
        )
    if isinstance(grew_for, int | float) and idle < policy.idle_share * grew_for:
        reason = (
            f"{count} connections to {peer.title} accumulate, but none has been idle for longer than "
            f"{format_duration(idle)}: work still reaches them, as in a pool that grows"
        )
        return replace(judged, decision=Decision.INCONCLUSIVE, evidence=evidence, reason=reason, confidence=None)
    reason = (
        f"{count} connections to {peer.title} accumulate, oldest idle {format_duration(idle)}; "
        f"{opener_words(evidence['opened_at'])}"
    )
    return replace(judged, evidence=evidence, reason=reason, advice=advice_for(NAME, peer.kind))


def opener_words(opened_at: Json) -> str:
    """Name the place that opened most of them: ``opened at charge.py:7 in charge (400)``."""
    first = opened_at[0] if isinstance(opened_at, list) and opened_at else None
    if not isinstance(first, dict):
        return "opener unknown"
    return f"opened at {first['file']}:{first['line']} in {first['function']} ({first['count']})"
