"""An upstream that does not answer while callers pile up behind it, told from those that merely wait with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.callers import Callers, callers_of
from leakdoc.detection.detectors.connection_policies import UpstreamPolicy
from leakdoc.detection.detectors.peer_view import OTHER, PeerView, flag, held_for_s, largest_now, peers, rose, total_now
from leakdoc.detection.detectors.waited_for import is_waited_for
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_duration

NAME: Final = "upstream_unresponsive"
DATABASES: Final = frozenset({"postgres", "mysql", "pgbouncer", "oracle", "sqlserver", "cockroachdb", "mongodb"})
# Clients of these wait for the next message by design, and may do so for hours.
BLOCKS_BY_DESIGN: Final = frozenset({"redis", "amqp", "kafka", "nats", "mqtt", "memcached", "etcd", "zookeeper"})

_ROOM: Final = 3.0  # times the longest wait that was seen: readings see only some of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long, and why it is believed that, a peer does not answer."""

    peer: PeerView
    since_s: float
    why: str
    basis: Basis = Basis.MEASURED
    is_certain: bool = False


def find_unresponsive(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge every peer that the subject connects to; of those that wait, the one since longest is the culprit.

    Yields:
        One finding for each peer that does not answer. Only the culprit's is a fault, and what the network itself says.
    """
    del alpha
    callers = callers_of(trace)
    waits = [wait for peer in peers(trace, "out") if (wait := _wait(trace, peer, callers, policies.upstream))]
    waits.sort(key=lambda wait: (-wait.is_certain, -wait.since_s))
    for place, wait in enumerate(waits):
        found = _finding(trace, wait, callers)
        is_victim = place > 0 and not wait.is_certain
        yield _victim(found, waits[0].peer.title) if is_victim else found


def _victim(found: Finding, culprit: str) -> Finding:
    reason = f"{found.reason}; {culprit} has not answered for longer, and this may only be waiting with it"
    return replace(found, decision=Decision.INCONCLUSIVE, reason=reason, advice=())


def _wait(trace: Trace, peer: PeerView, callers: Callers, policy: UpstreamPolicy) -> Wait | None:
    """Return why a peer is believed not to answer, by the first rule that has a reason; null when it does."""
    if peer.name == OTHER:
        return None
    return _no_connection(trace, peer, policy) or _no_answer(trace, peer, callers, policy)


def _no_connection(trace: Trace, peer: PeerView, policy: UpstreamPolicy) -> Wait | None:
    """What the network says: connections that are not accepted, transmissions that are not acknowledged."""
    for values, why in (
        (peer.state("SYN_SENT"), "does not accept connections"),
        (peer.counted("connections_lost") - peer.counted("connections_severed"), "acknowledges nothing"),
    ):
        since = held_for_s(trace, flag(values, values > 0))
        if since >= policy.patience:
            return Wait(peer=peer, since_s=since, why=why, is_certain=True)
    return None


def _no_answer(trace: Trace, peer: PeerView, callers: Callers, policy: UpstreamPolicy) -> Wait | None:
    abandoned = peer.counted("connections_abandoned")
    gave_up = rose(trace, abandoned, policy.longest_silence)
    lasts = held_for_s(trace, flag(abandoned, abandoned > 0))
    if gave_up >= policy.abandoned and lasts >= policy.patience and _had_to_wait(peer, policy):
        why = f"was given up on {int(gave_up)} times without an answer, and does not even close"
        return Wait(peer=peer, since_s=lasts, why=why)
    since = largest_now(trace, peer.age("connection_awaiting_max_s"))
    awaiting = peer.counted("connections_awaiting")
    now = total_now(trace, awaiting) or 0.0
    if since is None or not now:
        return None
    patience = policy.database_patience if peer.kind in DATABASES else policy.patience
    grew = rose(trace, awaiting, since)
    if since >= patience and callers.pile_up(since):
        return Wait(peer=peer, since_s=since, why=f"does not answer, and {callers.words}")
    if peer.kind in BLOCKS_BY_DESIGN:
        return None
    doubled = now >= 2 * (now - grew) and _has_answered(peer, awaiting)
    piles_up = grew >= policy.fewest and (doubled or is_waited_for(trace, peer))
    if since >= max(policy.longest_poll, patience) and piles_up:
        return Wait(
            peer=peer, since_s=since, why=f"does not answer, and {int(grew)} more requests wait than when it began"
        )
    return _all_silent(trace, peer, since, policy)


def _had_to_wait(peer: PeerView, policy: UpstreamPolicy) -> bool:
    """Whether requests were seen to wait before they were given up: a peer may answer, and then merely never close."""
    if not peer.was_read("connections_awaiting"):
        return True
    awaiting, age = peer.counted("connections_awaiting"), peer.age("connection_awaiting_max_s")
    read = np.isfinite(awaiting)
    often = bool(read.any()) and float(np.mean(awaiting[read] > 0)) >= policy.often
    return often and float(np.nanmax(age, initial=0.0)) >= policy.given_up_after


def _has_answered(peer: PeerView, awaiting: FloatArray) -> bool:
    """Whether it ever did while we looked: what is sent to a peer that never answers may be meant so, and be left open.

    A single reading may fall between a connection's making and its first request.
    """
    return int(np.sum(peer.state("ESTABLISHED") > awaiting)) >= 2


def _all_silent(trace: Trace, peer: PeerView, since: float, policy: UpstreamPolicy) -> Wait | None:
    """Every connection waits, far longer than any did before, or than anybody polls."""
    established, awaiting = (
        total_now(trace, peer.state("ESTABLISHED")),
        total_now(trace, peer.counted("connections_awaiting")),
    )
    if not awaiting or awaiting != established:
        return None
    age = peer.age("connection_awaiting_max_s")
    began = np.nanmax(trace.times) - since
    before = (trace.times < began) & ~np.isnan(peer.count())
    used_to = float(np.nanmax(age[before], initial=0.0)) if before.sum() >= policy.fewest else None
    if awaiting >= 2 and used_to is not None and since >= max(policy.longest_poll, 10 * used_to):
        why = f"answers on none of its {int(awaiting)} connections; it used to within {format_duration(used_to)}"
        return Wait(peer=peer, since_s=since, why=why, basis=Basis.INFERRED)
    if awaiting >= policy.fewest and since >= policy.longest_silence:
        why = f"answers on none of its {int(awaiting)} connections"
        return Wait(peer=peer, since_s=since, why=why, basis=Basis.INFERRED)
    return None


def _finding(trace: Trace, wait: Wait, callers: Callers) -> Finding:
    peer = wait.peer
    reading, used_to = total_now(trace, peer.counted("threads_reading")), _used_to_s(trace, wait)
    evidence: dict[str, Json] = peer.evidence()
    evidence |= {
        "awaiting": total_now(trace, peer.counted("connections_awaiting")),
        "awaiting_max_s": largest_now(trace, peer.age("connection_awaiting_max_s")),
        "syn_sent": total_now(trace, peer.state("SYN_SENT")),
        "unsent_bytes": total_now(trace, peer.counted("connections_unsent_bytes")),
        "threads_reading": reading,
        "answered_within_s": used_to,
        "lasts_s": wait.since_s,
        "callers": callers.evidence(),
    }
    return Finding(
        detector=NAME,
        metric="connections",
        decision=Decision.UNRESPONSIVE,
        reason=f"{peer.title} {wait.why}; for {format_duration(wait.since_s)} now",
        basis=wait.basis,
        evidence=evidence,
        advice=(*_breaker(peer, used_to), *advice_for(NAME, peer.kind)),
    )


def _used_to_s(trace: Trace, wait: Wait) -> float | None:
    """Return the longest that a request was seen to wait for this peer before it fell silent; null where none was.

    Where that is not far from how long it is silent now, it may have been so before.
    """
    before = trace.times < np.nanmax(trace.times) - wait.since_s
    ages = wait.peer.age("connection_awaiting_max_s")[before]
    longest = float(np.nanmax(ages)) if np.isfinite(ages).any() else None
    return longest if longest is not None and _ROOM * longest <= wait.since_s else None


def _breaker(peer: PeerView, used_to_s: float | None) -> Iterator[str]:
    """A threshold for a circuit breaker, from what was measured before the peer fell silent."""
    if used_to_s is None or used_to_s <= 0:
        return
    yield (
        f"measured: before it fell silent no request to {peer.title} was seen to wait for longer than "
        f"{format_duration(used_to_s)}: a timeout and a circuit breaker at {format_duration(_ROOM * used_to_s)} "
        "leave room"
    )
