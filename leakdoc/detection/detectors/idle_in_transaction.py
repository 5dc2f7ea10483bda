"""Sessions that a database sees idle in a transaction of ours: they hold locks, rows and a place in the pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.peer_view import PeerView, largest_now, peers, total_now
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.units import format_duration

NAME: Final = "idle_in_transaction"
IDLE: Final = "idle in transaction"  # and "idle in transaction (aborted)", of pg_stat_activity.state


def find_idle_in_transaction(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge, peer by peer, the sessions that the database's own view joins to our sockets.

    Yields:
        One finding for each database that was asked.
    """
    del alpha
    for peer in peers(trace, "out"):
        if peer.was_read("database_sessions"):
            yield _judge(trace, peer, policies.transactions.longest)


def _judge(trace: Trace, peer: PeerView, longest_s: float) -> Finding:
    sessions = _sessions(trace, peer, "database_sessions", total_now)
    ages = _sessions(trace, peer, "database_transaction_max_s", largest_now)
    idle = {state: count for state, count in sessions.items() if state.startswith(IDLE) and count}
    oldest = max((age for state, age in ages.items() if state.startswith(IDLE) and age is not None), default=None)
    evidence: dict[str, Json] = peer.evidence()
    evidence |= {"sessions": dict(sessions), "transaction_max_s": oldest, "applications": list(_applications(peer))}
    evidence |= {
        "server_connections": largest_now(trace, peer.age("database_connections")),
        "server_max_connections": largest_now(trace, peer.age("database_max_connections")),
    }
    count = int(sum(idle.values()))
    if not count or oldest is None or oldest < longest_s:
        return Finding(
            detector=NAME,
            metric="database_sessions",
            decision=Decision.STABLE,
            reason=f"none of our sessions at {peer.title} is idle in a transaction for {format_duration(longest_s)}",
            evidence=evidence,
        )
    return Finding(
        detector=NAME,
        metric="database_sessions",
        decision=Decision.LEAKING,
        reason=f"{count} of our sessions at {peer.title} are idle in a transaction, the oldest for "
        f"{format_duration(oldest)}: they hold its locks and a connection of the pool",
        evidence=evidence,
        advice=advice_for(NAME, peer.kind),
    )


def _sessions(trace: Trace, peer: PeerView, metric: str, now: object) -> dict[str, float]:
    found: dict[str, float] = {}
    for column, values in peer.columns.items():
        if column.metric == metric and callable(now):
            value, state = now(trace, values), inert(column.label("state") or "unknown")
            if value is not None:
                found[state] = found.get(state, 0.0) + value if now is total_now else max(found.get(state, 0.0), value)
    return found


def _applications(peer: PeerView) -> Iterator[str]:
    names = {column.label("application") for column in peer.columns if column.metric == "database_sessions"}
    yield from sorted(inert(name) for name in names if name)
