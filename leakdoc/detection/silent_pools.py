"""Pools that may be empty, and look from outside as if they were not: all silent, or all in use beside idle threads.

Whoever holds a connection and does nothing with it, and a pool that keeps it for the next, look alike to the kernel; so
do threads that wait for a connection, and threads that wait for work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.detection.detectors.callers import callers_of
from leakdoc.detection.detectors.peer_view import OTHER, PeerView, largest_now, peers, total_now
from leakdoc.detection.detectors.pool_exhausted import CLOSED, WAITING_AT, at_ceiling_s
from leakdoc.detection.detectors.pool_numbers import IN_USE
from leakdoc.detection.detectors.upstream_unresponsive import DATABASES
from leakdoc.model.trace import Trace
from leakdoc.units import format_duration

SILENT_S: Final = 10.0  # longer than a pool that is in use rests
FEWEST: Final = 2
MOST: Final = 2  # peers named
FEWEST_PARKED: Final = 4  # threads: fewer belong to the libraries of any program
_ASKED: Final = frozenset({IN_USE, WAITING_AT})  # where these were read, somebody inside was asked


def silent_pools(trace: Trace) -> list[PeerView]:
    """Return the peers whose connections have all carried nothing for so long; none where somebody inside was asked."""
    return [peer for peer in _possible_pools(trace) if _is_silent(peer)]


def crowded_pools(trace: Trace) -> list[PeerView]:
    """Return the peers whose connections stand and are all used, beside as many threads that wait for a lock."""
    parked = _parked(trace)
    found = [peer for peer in _possible_pools(trace) if _are_all_used(peer)]
    return [each for each in found if parked >= max(FEWEST_PARKED, total_now(trace, each.count()) or 0.0)]


def _possible_pools(trace: Trace) -> list[PeerView]:
    if any(column.metric in _ASKED for column in trace.columns):
        return []
    return [peer for peer in peers(trace, "out") if peer.name != OTHER and _may_be_a_pool(peer)]


def what_pools_could_hide(trace: Trace) -> Iterator[str]:
    """Say of which peers it is not known whether callers wait for them, and what would tell."""
    if not any(column.labels for column in trace.columns):
        return  # no peer is known, as of most workloads of a fleet
    waiting = int(callers_of(trace).now())
    for peer in silent_pools(trace)[:MOST]:
        count, silent = int(total_now(trace, peer.count()) or 0), _silent_for_s(peer)
        who = f", while {waiting} requests wait here" if waiting else ""
        yield (
            f"whether the {count} connections to {peer.title}, silent for {format_duration(silent)}, rest in a pool or "
            f"are held by somebody{who}: `leakdoc connections --stacks`, or the agent, tells who waits"
        )
    for peer in crowded_pools(trace)[:MOST]:
        yield (
            f"whether any of the {int(_parked(trace))} threads that wait for a lock wait for one of the "
            f"{int(total_now(trace, peer.count()) or 0)} connections to {peer.title}, which are all used: "
            f"`leakdoc connections --stacks`, or the agent, tells"
        )
    yield from _what_callers_wait_for(trace)


def _what_callers_wait_for(trace: Trace) -> Iterator[str]:
    """Say so where callers pile up, and nothing was found to be why: many calls on one connection hide each other."""
    callers = callers_of(trace)
    if callers.pile_up(float("inf")) and callers.longest_s() >= SILENT_S:
        waits = f"{int(callers.now())} requests that wait here, for up to {format_duration(callers.longest_s())},"
        yield f"what the {waits} are waiting for: `leakdoc connections --stacks`, or the agent, tells"


def _may_be_a_pool(peer: PeerView) -> bool:
    count = total_now(peer.trace, peer.count()) or 0.0
    return count >= FEWEST and (peer.kind in DATABASES or count == (total_now(peer.trace, peer.state("ESTABLISHED"))))


def _is_silent(peer: PeerView) -> bool:
    awaiting = total_now(peer.trace, peer.counted("connections_awaiting"))
    return not awaiting and _silent_for_s(peer) >= SILENT_S


def _are_all_used(peer: PeerView) -> bool:
    """Say whether, for so long, they have stood at their most and none has been left alone."""
    longest = largest_now(peer.trace, peer.age("connection_idle_max_s"))
    stands = at_ceiling_s(peer.trace, peer.count(without=CLOSED)) >= SILENT_S
    return stands and longest is not None and longest < SILENT_S


def _parked(trace: Trace) -> float:
    return total_now(trace, callers_of(trace).parked) or 0.0


def _silent_for_s(peer: PeerView) -> float:
    return largest_now(peer.trace, peer.age("connection_idle_min_s")) or 0.0
