"""Connections that stand established while the other end is gone (RFC 9293, 3.5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.peer_view import PeerView, flag, held_for_s, peers, total_now
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import Trace
from leakdoc.units import format_duration

NAME: Final = "half_open"


def find_half_open(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge, peer by peer and in either direction, what is established to nobody.

    An end that was on this machine and is there no more shows by itself; one elsewhere shows once something is sent,
    or keepalive asks, and nobody acknowledges it.
    """
    del alpha
    for direction in ("out", "in"):
        for peer in peers(trace, direction):
            found = _judge(trace, peer, policies)
            if found is not None:
                yield found


def _judge(trace: Trace, peer: PeerView, policies: Policies) -> Finding | None:
    lost = peer.counted("connections_lost")
    lasts = held_for_s(trace, flag(lost, lost > 0))
    if lasts < policies.half_open.lasts:
        return None
    count, severed = int(total_now(trace, lost) or 0), int(total_now(trace, peer.counted("connections_severed")) or 0)
    silent = int(total_now(trace, peer.counted("connections_without_keepalive")) or 0)
    whose = "to" if peer.direction == "out" else "from callers of"
    evidence: dict[str, Json] = peer.evidence()
    evidence |= {"lost": count, "severed": severed, "without_keepalive": silent, "lasts_s": lasts}
    why = "the other end is gone" if severed else "transmissions have had no acknowledgement"
    keepalive = "; keepalive is off, so that nothing will ever tell" if severed and silent else ""
    return Finding(
        detector=NAME,
        metric="connections",
        decision=Decision.LEAKING if severed else Decision.UNRESPONSIVE,
        reason=f"{count} connections {whose} {peer.title} are established to nobody: {why} "
        f"for {format_duration(lasts)}{keepalive}",
        basis=Basis.MEASURED,
        evidence=evidence,
        advice=advice_for(NAME, peer.kind),
    )
