"""Connections that the peer has closed and the process has not: CLOSE_WAIT accumulates (RFC 9293, 3.3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.peer_view import PeerView, largest_now, peers
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.units import format_duration

NAME: Final = "close_wait"
STATE: Final = "CLOSE_WAIT"


def find_close_wait(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge, peer by peer and in either direction, what stands in CLOSE_WAIT.

    Yields:
        One finding for each peer that had at least ``close_wait.fewest`` of them at once.
    """
    for direction in ("out", "in"):
        for peer in peers(trace, direction):
            values = peer.state(STATE)
            if np.nanmax(values, initial=0.0) >= policies.close_wait.fewest:
                yield _judge(trace, peer, policies, alpha)


def _judge(trace: Trace, peer: PeerView, policies: Policies, alpha: float | None) -> Finding:
    whose = "to" if peer.direction == "out" else "from callers of"
    key = Column.of("connections", peer=peer.name, state=STATE)
    summed = replace(trace, columns={**trace.columns, key: peer.state(STATE)})
    title = f"connections {whose} {peer.title} that it has closed and we have not"
    judged = find_growth(summed, key, policies.growth, detector=NAME, title=title, alpha=alpha)
    since = largest_now(trace, peer.age("connection_since_fin_max_s"))
    evidence = dict(judged.evidence) | peer.evidence() | {"since_fin_max_s": since}
    if judged.decision is not Decision.LEAKING:
        return replace(judged, evidence=evidence)
    grew_for = evidence.get("grew_for_s")
    if since is not None and isinstance(grew_for, int | float) and since < policies.close_wait.share * grew_for:
        reason = f"{judged.reason}; none has waited for longer than {format_duration(since)}: they are closed late"
        return replace(judged, decision=Decision.INCONCLUSIVE, evidence=evidence, reason=reason, confidence=None)
    states = evidence["states"]
    count = states.get(STATE, 0) if isinstance(states, dict) else 0
    ago = "" if since is None else f", the oldest {format_duration(since)} ago"
    reason = f"{count} connections {whose} {peer.title} were closed by the other side{ago}, and never by this process"
    return replace(judged, evidence=evidence, reason=reason, advice=advice_for(NAME, peer.kind))
