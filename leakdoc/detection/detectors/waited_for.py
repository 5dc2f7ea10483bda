"""Whether what accumulates is requests without an answer, each with somebody who waits for it.

Then it is the peer that does not answer, which is for a detector of its own to say; once it does, they go.
"""

from __future__ import annotations

from typing import Final

from leakdoc.detection.detectors.peer_view import PeerView, peers, rose, total_now
from leakdoc.model.trace import Trace

MOSTLY: Final = 0.8  # of the connections: the rest is between two requests
HALF: Final = 0.5  # of the rise: others wait for something else
FEWEST: Final = 4


def is_waited_for(trace: Trace, peer: PeerView) -> bool:
    """Say whether connections to this peer grow in number with the threads, tasks or callers that wait for it."""
    rise = rose(trace, peer.count(), float("inf"))
    awaiting, count = total_now(trace, peer.counted("connections_awaiting")), total_now(trace, peer.count())
    if not awaiting or not count or rise < FEWEST or awaiting < MOSTLY * count:
        return False
    waits = [values for name in ("threads", "tasks") if (values := trace.column(name)) is not None]
    waits += [each.counted("connections_awaiting") for each in peers(trace, "in")]
    return any(rose(trace, values, float("inf")) >= HALF * rise for values in waits)


def waited_for(trace: Trace) -> PeerView | None:
    """Return the peer that is waited for so; null where there is none."""
    return next((peer for peer in peers(trace, "out") if is_waited_for(trace, peer)), None)
