"""Connections opened and closed at a rate that a pool would not, until the local ports for a peer run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.peer_view import OTHER, PeerView, alive, largest_now, peers
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_duration

NAME: Final = "connection_churn"
TIME_WAIT_S: Final = 60.0  # include/net/tcp.h, TCP_TIMEWAIT_LEN
WEB: Final = frozenset({None, "http", "https", "proxy", "smtp", "dns", "otlp"})


def find_churn(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge, peer by peer, how fast the subject opens connections that it does not keep.

    Samples see only part of what lives for milliseconds; what each leaves in TIME_WAIT for a minute tells the rest.

    Yields:
        One finding for each peer to which connections were opened faster than a pool would.
    """
    del alpha
    for peer in peers(trace, "out"):
        if peer.name != OTHER and (found := _judge(trace, peer, policies)) is not None:
            yield found


def _judge(trace: Trace, peer: PeerView, policies: Policies) -> Finding | None:
    policy = policies.churn
    seen, lasts = _rate(trace, peer.counted("connections_opened_total"))
    kept, _ = _rate(trace, peer.count())
    waiting = largest_now(trace, peer.age("time_wait"))
    rate = max(seen, _rate_of_time_wait(trace, peer, waiting, seen))
    ports = largest_now(trace, peer.age("local_ports"))
    slowest = policy.http_rate if peer.kind in WEB else policy.rate
    if rate < slowest or lasts < policy.lasts or kept > policy.kept * rate:
        return None
    evidence: dict[str, Json] = peer.evidence()
    evidence |= {"opened_per_s": rate, "time_wait": waiting, "local_ports": ports, "lasts_s": lasts}
    return Finding(
        detector=NAME,
        metric="connections",
        decision=Decision.EXHAUSTED,
        reason=f"connections to {peer.title} are opened and closed {rate:.3g} times a second, and none is kept"
        f"{_forecast(rate, waiting, ports, policy.ports)}",
        evidence=evidence,
        advice=advice_for(NAME, peer.kind),
    )


def _forecast(rate: float, waiting: float | None, ports: float | None, share: float) -> str:
    """Say how many local ports that uses up: each connection keeps one for a minute after it was closed."""
    if not ports or not waiting:
        return "; each costs a handshake and a new session on the other side"
    steady = rate * TIME_WAIT_S
    words = f"; {waiting:,.0f} of {ports:,.0f} local ports to it stand in TIME_WAIT"
    if steady >= ports and rate > 0:
        return f"{words}, and the rest is used up {format_duration(max(ports - waiting, 0.0) / rate)} from now"
    return f"{words}, {'and' if steady >= share * ports else 'of'} up to {steady:,.0f} at this rate"


def _rate(trace: Trace, values: FloatArray) -> tuple[float, float]:
    """Return the rise a second between the first and last reading, and how long that took; the fastest process's."""
    found = [(0.0, 0.0)]
    for life in alive(trace):
        read = np.flatnonzero(np.isfinite(values[life.rows]))
        if len(read) > 1:
            times = trace.times[life.rows][read]
            span = float(times[-1] - times[0])
            rise = float(values[life.rows][read[-1]] - values[life.rows][read[0]])
            found.append((rise / span if span > 0 else 0.0, span))
    return max(found)


def _rate_of_time_wait(trace: Trace, peer: PeerView, waiting: float | None, seen: float) -> float:
    """Return the rate at which a number in TIME_WAIT must have come: what stands there came within a minute.

    Others in the same namespace may have left them, so that they count only where the subject was seen opening too.
    """
    if waiting is None or seen <= 0:
        return 0.0
    rise, _ = _rate(trace, peer.age("time_wait"))
    return max(rise, waiting / TIME_WAIT_S)
