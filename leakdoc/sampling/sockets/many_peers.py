"""How thousands of connections stand, as arrays, and what of it is gathered by peer: what `tally.Peer` gathers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from leakdoc.sampling.sockets.many_sockets import Array, Mask
from leakdoc.sampling.sockets.peers import Group
from leakdoc.sampling.sockets.tally import LOST_AFTER, RESTING_S, Peer
from leakdoc.sampling.sockets.tcp import ACKNOWLEDGED_WITHIN_MS, CLOSE_WAIT, ESTABLISHED, NO_TIMER, SYN_SENT

_MS: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Standings:
    """The fields of `census.Connection`, each an array; with a mask where a value may be unknown."""

    state: Array
    age_s: Array
    is_out: Mask
    is_new: Mask
    has_idle: Mask
    idle_s: Array
    has_awaiting: Mask
    awaiting_s: Array
    has_fin: Mask
    since_fin_s: Array
    without_keepalive: Mask
    unanswered: Array
    unsent: Array
    unread: Array
    severed: Mask

    def only(self, which: Array) -> Standings:
        """Return those with these numbers."""
        return Standings(*(getattr(self, each.name)[which] for each in fields(self)))


def standings_of(rows: Array, known_for_s: Array, is_out: Mask, is_new: Mask, severed: Mask) -> Standings:
    """Return how connections stand, by their sockets and what is known of them; as `census.connection_of`."""
    state = rows["state"]
    has_times = rows["has_times"] & (state != SYN_SENT)  # whose times count from the boot of the machine
    idle_s = np.minimum(rows["sent_ms"], rows["received_ms"]) / _MS
    is_established = state == ESTABLISHED
    unanswered, unserved = _unanswered(rows) & (rows["waiting"] == 0), _unserved(rows)
    return Standings(
        state=state,
        age_s=np.where(has_times, np.maximum(known_for_s, idle_s), known_for_s),
        is_out=is_out,
        is_new=is_new,
        has_idle=has_times,
        idle_s=idle_s,
        has_awaiting=has_times & is_established & np.where(is_out, unanswered, unserved),
        awaiting_s=np.where(is_out, rows["sent_ms"], rows["received_ms"]) / _MS,
        has_fin=has_times & (state == CLOSE_WAIT),
        since_fin_s=rows["ack_received_ms"] / _MS,
        without_keepalive=is_established & (rows["timer"] == NO_TIMER),
        unanswered=rows["unanswered"],
        unsent=rows["unsent"],
        unread=rows["waiting"],
        severed=severed,
    )


def _unanswered(rows: Array) -> Mask:
    """Say where `LastData.unanswered_s` is a number, which then is that of `sent_ms`."""
    sent, received, has = rows["sent_ms"], rows["received_ms"], rows["has_segments"]
    later_ms = received - rows["ack_received_ms"]
    has_sent = has & (rows["segments_out"] > 0)
    is_tie = (sent == received) & (later_ms > 0) & (later_ms <= ACKNOWLEDGED_WITHIN_MS)
    nothing_sent = has & (rows["segments_out"] == 0)
    return np.asarray(~nothing_sent & ((sent < received) | (has_sent & (is_tie | (rows["segments_in"] == 0)))), bool)


def _unserved(rows: Array) -> Mask:
    """Say where `LastData.unserved_s` is a number, which then is that of `received_ms`."""
    nothing_sent = rows["has_segments"] & (rows["segments_out"] == 0) & (rows["segments_in"] > 0)
    nothing_came = rows["has_segments"] & (rows["segments_in"] == 0)
    return np.asarray(~nothing_came & (nothing_sent | (rows["received_ms"] < rows["sent_ms"])), bool)


def peers_of(standings: Standings, numbers: Array, places: Array, groups: Sequence[Group]) -> dict[Group, Peer]:
    """Gather by peer, the one that comes first in the dump first.

    Args:
        numbers: of each connection, that of its peer in `groups`.
        places: of each connection, its place in the dump.
    """
    order = np.lexsort((places, numbers))
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    parts = sorted(np.split(order, starts[1:]), key=lambda part: int(places[part[0]])) if len(order) else []
    return {groups[int(numbers[part[0]])]: _peer(standings.only(part)) for part in parts}


def _peer(some: Standings) -> Peer:
    """Gather; ages are sorted here, since lists are sorted more slowly."""
    peer = Peer(
        states=Counter({state: count for state, count in enumerate(np.bincount(some.state).tolist()) if count}),
        opened=int(some.is_new.sum()),
        resting=int((some.has_idle & ~some.has_awaiting & (some.idle_s >= RESTING_S)).sum()),
        without_keepalive=int(some.without_keepalive.sum()),
        ages_s=np.sort(some.age_s).tolist(),
        idle_s=np.sort(some.idle_s[some.has_idle]).tolist(),
        awaiting_s=np.sort(some.awaiting_s[some.has_awaiting]).tolist(),
        since_fin_s=np.sort(some.since_fin_s[some.has_fin]).tolist(),
        new_idle_s=some.idle_s[some.is_new & some.has_idle].tolist(),
    )
    lost = some.severed | ((some.unanswered >= LOST_AFTER) & (some.state == ESTABLISHED))
    peer.counts["unanswered"] = int((some.unanswered > 0).sum())
    peer.counts["lost"] = int(lost.sum())
    peer.counts["severed"] = int(some.severed.sum())
    peer.counts["unsent_bytes"] = int(some.unsent.sum(dtype=np.int64))
    peer.counts["unread_bytes"] = int(some.unread.sum(dtype=np.int64))
    return peer
