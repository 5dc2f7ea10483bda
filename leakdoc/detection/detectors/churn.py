"""Connections opened and closed at a rate that a pool would not, until the local ports for a peer run out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.peer_view import OTHER, PeerView, alive, largest_now, peers, rose, total_now
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_duration

NAME: Final = "connection_churn"
TIME_WAIT_S: Final = 60.0  # include/net/tcp.h, TCP_TIMEWAIT_LEN
TICK_S: Final = 0.01  # the longest tick of a kernel's clock (CONFIG_HZ=100), by which it tells how idle a socket is
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
    evidence["opened_elsewhere"] = total_now(trace, peer.counted("connections_opened_elsewhere_total"))
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
    """Return the rate at which what the subject closed has come to stand in TIME_WAIT.

    Others in the same namespace leave some too, which nobody can tell from the subject's own once they stand there. So
    they count only where connections of the subject were seen to go, by their share of all that was seen, and no more
    of them than its own can be. What stood there at the first look is nobody's; a trace that does not tell what came
    later has it all.
    """
    if waiting is None or seen <= 0:
        return 0.0
    if not peer.was_read("time_wait_entered_total"):
        rise, _ = _rate(trace, peer.age("time_wait"))
        return max(rise, waiting / TIME_WAIT_S)
    entered, _ = _rate(trace, peer.age("time_wait_entered_total"))
    closed, _ = _rate(trace, peer.counted("connections_closed_total"))
    if closed <= 0:
        return 0.0
    own, others = _risen(trace, peer, "closed"), _risen(trace, peer, "opened_elsewhere")
    return min(entered * _share(own, others), closed * _at_most_unseen(trace, peer))


def _risen(trace: Trace, peer: PeerView, name: str) -> float:
    return rose(trace, peer.counted(f"connections_{name}_total"), float("inf"))


def _share(own: float, others: float) -> float:
    """Return the share of what was seen that is the subject's own: a proportion's mean after Jeffreys' prior."""
    return (own + 0.5) / (own + others + 1.0)


def _at_most_unseen(trace: Trace, peer: PeerView) -> float:
    """Return how many may have come for each that was seen.

    Between two readings what lives for shorter than the time between is seen by chance, with the share that its life is
    of that time; and it has lived for at least as long as it had been idle when it was seen.
    """
    idle = peer.age("connection_new_idle_s")
    lived = float(np.mean(idle[np.isfinite(idle)])) - TICK_S if np.isfinite(idle).any() else 0.0
    return max(_between_readings(trace, peer) / lived, 1.0) if lived > 0 else float("inf")


def _between_readings(trace: Trace, peer: PeerView) -> float:
    opened = peer.counted("connections_opened_total")
    times = [trace.times[life.rows][np.isfinite(opened[life.rows])] for life in alive(trace)]
    return max((float(np.mean(np.diff(each))) for each in times if len(each) > 1), default=0.0)
