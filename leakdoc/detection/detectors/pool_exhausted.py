"""A pool that stands at its size while callers wait for it: told by the pool itself, by stacks, or from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.callers import Callers, callers_of
from leakdoc.detection.detectors.connection_policies import PoolPolicy
from leakdoc.detection.detectors.filling_pools import find_filling_pools
from leakdoc.detection.detectors.peer_view import (
    OTHER,
    PeerView,
    alive,
    flag,
    held_for_s,
    largest_now,
    latest,
    peers,
    places,
    rose,
    total_now,
)
from leakdoc.detection.detectors.pool_numbers import Pool, over_workers, pools
from leakdoc.detection.detectors.upstream_unresponsive import DATABASES
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.units import format_duration

NAME: Final = "pool_exhausted"
HELD_AT: Final = "connections_held_at"
WAITING_AT: Final = "waiting_at"
CLOSED: Final = ("CLOSE_WAIT",)
_CPU: Final = "cpu_seconds_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Why a pool is believed to be exhausted."""

    why: str
    basis: Basis


def find_exhausted(
    trace: Trace, policies: Policies, alpha: float | None, upstream: Finding | None
) -> Iterator[Finding]:
    """Judge what pools say of themselves, and every peer whose connections stand at a ceiling.

    Args:
        upstream: what does not answer, where something does not: whoever holds a connection may be waiting for that,
            and a pool that it has emptied is its victim.
    """
    every = list(pools(trace))
    told = [pool for pool in every if pool.is_exhausted(policies.pool.waiting)]
    for pool in told:
        yield _told(trace, pool)
    yield from find_filling_pools((pool for pool in every if pool not in told), policies, alpha, detector=NAME)
    known = {pool.peer for pool in told}
    others = [peer for peer in peers(trace, "out") if peer.name not in known and peer.name != OTHER]
    for found in _others(trace, others, policies.pool, explained=bool(told)):
        yield found if upstream is None else _victim(found, upstream)


def _others(trace: Trace, others: list[PeerView], policy: PoolPolicy, *, explained: bool) -> Iterator[Finding]:
    """Judge peers whose pools tell nothing.

    Args:
        explained: whether a pool has told that it is waited for: then the threads in a checkout wait for that one.
    """
    standing = [peer for peer in others if _stands(trace, peer) >= policy.standing]
    kept = [] if explained else [peer for peer in standing if _are_kept(trace, peer)]
    waiting = _in_a_checkout(trace) if kept else 0.0
    basis = Basis.MEASURED if len(kept) == 1 else Basis.INFERRED  # of several, a stack does not say for which
    callers = callers_of(trace)
    for peer in standing:
        if waiting and peer in kept:
            sign: Sign | None = Sign(why=f"{waiting:.0f} threads wait in a checkout", basis=basis)
        else:
            sign = None if _busy(trace) > policy.busy else _callers_wait(trace, peer, callers, policy)
        if sign is not None:
            yield _seen(trace, peer, callers, sign)


def _victim(found: Finding, upstream: Finding) -> Finding:
    culprit = f"{upstream.evidence.get('peer_kind') or ''} {upstream.evidence.get('peer')}".strip()
    reason = f"{found.reason}; {culprit} does not answer, and whoever holds them may be waiting for it"
    return replace(found, decision=Decision.INCONCLUSIVE, reason=reason, advice=())


def _told(trace: Trace, pool: Pool) -> Finding:
    peer = next((each for each in peers(trace, "out") if each.name == pool.peer), None)
    holders = places(trace.columns if peer is None else peer.columns, trace, HELD_AT)
    evidence: dict[str, Json] = {} if peer is None else peer.evidence()
    evidence |= pool.evidence() | {"held_at": holders, "waiting_at": places(trace.columns, trace, WAITING_AT)}
    name = peer.title if peer is not None else pool.title
    held = f", one for {format_duration(pool.held_max_s)}" if pool.held_max_s else ""
    first = holders[0] if holders else None
    taken = f", {first['count']} at {first['file']}:{first['line']}" if isinstance(first, dict) else ""
    return Finding(
        detector=NAME,
        metric="connections",
        decision=Decision.EXHAUSTED,
        reason=f"the pool of {name} is exhausted: {pool.in_use:.0f} of {pool.size:.0f} connections are checked out"
        f"{taken}{held}, and {pool.waiting:.0f} callers wait for one, "
        f"for up to {format_duration(pool.wait_max_s or 0.0)}",
        basis=Basis.MEASURED,
        evidence=evidence,
        advice=(*advice_for(NAME, evidence.get("peer_kind")), *pool.arithmetic(_server_max(trace, peer))),
    )


def _in_a_checkout(trace: Trace) -> float:
    """Return how many threads wait in a checkout by their stacks; 0 where these were not read."""
    stacks = [values for column, values in trace.columns.items() if column.metric == WAITING_AT]
    return sum(total_now(trace, values) or 0.0 for values in stacks)


def _are_kept(trace: Trace, peer: PeerView) -> bool:
    """Say whether the connections that stand are the same ones: a pool keeps them, a call of its own does not."""
    opened = rose(trace, peer.counted("connections_opened_total"), _stands(trace, peer))
    return opened < max(latest(trace, peer.count()), default=0.0)


def _callers_wait(trace: Trace, peer: PeerView, callers: Callers, policy: PoolPolicy) -> Sign | None:
    """From outside: more requests wait than there are connections, and none of these is free."""
    size, at_ceiling = total_now(trace, peer.count(without=CLOSED)) or 0.0, _stands(trace, peer)
    unserved, longest = callers.now(), callers.longest_s()
    served_late = unserved > size and longest >= policy.served_late
    if served_late and _in_use(trace, peer) and callers.are_served(at_ceiling):
        return Sign(why=f"all are in use, and {unserved:.0f} requests wait here", basis=Basis.INFERRED)
    taken_ago = largest_now(trace, peer.age("connection_idle_min_s"))
    began_then = taken_ago is not None and 0.7 * taken_ago <= longest <= taken_ago + policy.standing
    came_since = rose(trace, callers.unserved, min(longest, taken_ago or 0.0))
    if served_late and began_then and longest >= policy.standing and came_since >= policy.came_since:
        return Sign(
            why=f"since the last was taken {format_duration(taken_ago or 0.0)} ago no request was answered, "
            f"and {unserved:.0f} wait here",
            basis=Basis.INFERRED,
        )
    parked, grew = total_now(trace, callers.parked) or 0.0, rose(trace, callers.parked, at_ceiling)
    is_pool = size > 1 or peer.kind in DATABASES  # one connection to another is shared by all who use it
    if is_pool and grew >= 4 and parked >= 2 * (parked - grew):
        return Sign(
            why=f"{parked:.0f} threads wait for a lock, {grew:.0f} more than when it was reached", basis=Basis.INFERRED
        )
    return None


def _stands(trace: Trace, peer: PeerView) -> float:
    """Return for how long a peer's connections have stood at the most they ever were."""
    return at_ceiling_s(trace, peer.count(without=CLOSED))


def at_ceiling_s(trace: Trace, count: FloatArray) -> float:
    """Return for how long a number has stood at the most it ever was, in the process where it has longest."""
    most = np.full(len(trace), np.nan)
    for life in trace.lives:
        most[life.rows] = np.nanmax(count[life.rows], initial=0.0)
    return held_for_s(trace, flag(count, (count == most) & (count > 0)))


def _in_use(trace: Trace, peer: PeerView) -> bool:
    """Say whether no connection rests: each carried something in the last seconds, or waits for an answer."""
    resting, idle = peer.counted("connections_resting"), largest_now(trace, peer.age("connection_idle_max_s"))
    return idle is not None and not total_now(trace, resting)


def _busy(trace: Trace) -> float:
    """Return the share of a processor that the subject used, over all its rows."""
    cpu = trace.column(_CPU)
    if cpu is None:
        return 0.0
    shares = []
    for life in trace.lives:
        read = np.flatnonzero(np.isfinite(cpu[life.rows]))
        if len(read) > 1:
            times, used = trace.times[life.rows][read], cpu[life.rows][read]
            shares.append(float((used[-1] - used[0]) / max(times[-1] - times[0], 1e-9)))
    return max(shares, default=0.0)


def _seen(trace: Trace, peer: PeerView, callers: Callers, sign: Sign) -> Finding:
    size = total_now(trace, peer.count()) or 0.0
    evidence = peer.evidence() | {
        "size": max(latest(trace, peer.count()), default=None),
        "callers": callers.evidence(),
        "held_at": places(peer.columns, trace, HELD_AT),
        "waiting_at": places(trace.columns, trace, WAITING_AT),
    }
    words = "; that they are a pool, and that it is waited for, is suspected" if sign.basis is Basis.INFERRED else ""
    return Finding(
        detector=NAME,
        metric="connections",
        decision=Decision.EXHAUSTED,
        reason=f"the {evidence['count']} connections to {peer.title} stand at their most: {sign.why}{words}",
        basis=sign.basis,
        evidence=evidence,
        advice=(*advice_for(NAME, peer.kind), over_workers(len(alive(trace)), size, _server_max(trace, peer))),
    )


def _server_max(trace: Trace, peer: PeerView | None) -> float | None:
    return None if peer is None else largest_now(trace, peer.age("database_max_connections"))
