"""Whether what accumulates goes with the clients that come in and stay: as many for each, as a proxy has.

A proxy keeps a connection to its upstream for each client, and a server of threads keeps a thread; both are as silent
as the client is. What is forgotten does not go by the clients: it comes when none has come, or stays when one has gone.
Where clients wait for an answer, threads are none of these: what they wait for may be what does not end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.detectors.peer_view import PeerView, alive, peers, total_now
from leakdoc.model.finding import Json
from leakdoc.model.trace import FloatArray, Life, Trace

CLIENTS: Final = "clients"
FEWEST: Final = 4  # clients that came
MOST_EACH: Final = 2  # connections for one client: a subscription beside a session
OFF: Final = 0.05  # of those that came: a reading sees some between the one and the other
NEARLY_ALWAYS: Final = 0.9  # of the readings
WAITING: Final = 0.5  # of the clients: where more wait, they wait for something
STAYED: Final = 0.5  # of what those that went had: where more is still there, it is forgotten when they go
SETTLED: Final = 5  # readings: what is on its way is gone in one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The clients that something goes with.

    Args:
        each: how many of it there are for each.
        count: those that are there now.
        left: those that were seen to go.
    """

    each: int
    count: int
    left: int

    @property
    def words(self) -> str:
        """How it goes with them, in words."""
        gone = f"and none for {self.left} that went" if self.left else "none of which was seen to go"
        return f"{self.each} for each of {self.count} clients that came in and are still there, {gone}"

    def evidence(self) -> dict[str, Json]:
        """The same in numbers."""
        return {CLIENTS: {"for_each": self.each, "there": self.count, "left": self.left}}


def clients_of_connections(trace: Trace, peer: PeerView, *, without: Iterable[str] = ()) -> Clients | None:
    """Return the clients that the connections to a peer, or to all upstreams together, go with; null where to none."""
    alone = peer.count(without=without)
    every = trace.connections_summed([each.count(without=without) for each in peers(trace, "out")])
    for values in (alone, every):
        found = clients_of(trace, values)
        if found is not None and (total_now(trace, values) or 0.0) <= found.each * found.count * (1 + OFF) + 1:
            return found
    return None


def clients_at_rest(trace: Trace, values: FloatArray, *, most_each: int) -> Clients | None:
    """Return the same, where most of the clients do not wait for an answer."""
    found = clients_of(trace, values, most_each=most_each)
    waiting = [total_now(trace, peer.counted("connections_awaiting")) or 0.0 for peer in peers(trace, "in")]
    return None if found is None or sum(waiting) > WAITING * found.count else found


def clients_of(trace: Trace, values: FloatArray, *, most_each: int = MOST_EACH) -> Clients | None:
    """Return the clients that something goes with, in each process that has more and more of it; null where to none."""
    incoming = list(peers(trace, "in"))
    if not incoming:
        return None
    present = trace.connections_summed([peer.state("ESTABLISHED") for peer in incoming])
    count = total_now(trace, present) or 0.0
    each = {_each(values[life.rows], present[life.rows]) for life in alive(trace) if _rises(values, life)}
    number = each.pop() if len(each) == 1 else None
    if number is None or number > most_each:
        return None
    left, stayed = _left(trace, incoming), _stayed(trace, values - number * present)
    if stayed >= max(FEWEST, STAYED * number * left) and left >= FEWEST:
        return None
    return Clients(each=number, count=int(count), left=left)


def _rises(values: FloatArray, life: Life) -> bool:
    read = values[life.rows][np.isfinite(values[life.rows])]
    return len(read) > 1 and bool(read[-1] - read[0] >= FEWEST)


def _each(values: FloatArray, present: FloatArray) -> int | None:
    """Return how many there are for each client, where that is the same nearly always; else null."""
    read = np.isfinite(values) & np.isfinite(present)
    values, present = values[read], present[read]
    came = present[-1] - present[0] if len(present) else 0.0
    if came < FEWEST:
        return None
    number = round(float((values[-1] - values[0]) / came))
    apart = values - number * present
    is_off = np.abs(apart - np.median(apart)) > max(float(number), OFF * number * came)
    return number if number >= 1 and np.mean(is_off) <= 1 - NEARLY_ALWAYS and not is_off[-1] else None


def _stayed(trace: Trace, apart: FloatArray) -> float:
    """Return how much more there is at the end, beside what the clients have, than there was at first."""
    read = [apart[life.rows][np.isfinite(apart[life.rows])] for life in alive(trace)]
    return sum(max(float(each[-SETTLED:].min() - each[:SETTLED].max()), 0.0) for each in read if len(each))


def _left(trace: Trace, incoming: Iterable[PeerView]) -> int:
    """Return how many clients have gone within the trace."""
    left = 0.0
    for peer in incoming:
        gone = peer.counted("connections_closed_total")
        for life in alive(trace):
            read = gone[life.rows][np.isfinite(gone[life.rows])]
            left += float(read[-1] - read[0]) if len(read) else 0.0
    return int(left)
