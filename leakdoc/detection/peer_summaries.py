"""What stands with each peer at the end of a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leakdoc.detection.detectors.peer_view import PeerView, largest_now, peers, places, rose, total_now
from leakdoc.detection.detectors.pool_exhausted import HELD_AT
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding
from leakdoc.model.peer import PeerSummary
from leakdoc.model.trace import FloatArray, Trace


def peer_summaries(trace: Trace, findings: Sequence[Finding] = ()) -> tuple[PeerSummary, ...]:
    """Return what stands with each peer at the end of a trace; those with a fault first, then those with most."""
    found = [_summary(trace, peer, findings) for direction in ("out", "in") for peer in peers(trace, direction)]
    order = [str(decision) for decision in Decision]

    def rank(each: PeerSummary) -> tuple[int, int, str, str]:
        gravity = order.index(each.decision) if each.decision is not None else len(order)
        is_fault = each.decision is not None and Decision(each.decision).is_fault
        return gravity if is_fault else len(order), -each.count, each.direction, each.peer

    return tuple(sorted(found, key=rank))


def _summary(trace: Trace, peer: PeerView, findings: Sequence[Finding]) -> PeerSummary:
    states = {state: int(total_now(trace, values) or 0) for state, values in peer.states().items()}
    span = float(trace.times.max() - trace.times.min()) if len(trace) else 0.0
    opened = rose(trace, peer.counted("connections_opened_total"), float("inf"))
    evidence = peer.evidence()
    return PeerSummary(
        peer=str(evidence["peer"]),
        peer_kind=peer.kind,
        direction=peer.direction,
        states={state: count for state, count in states.items() if count},
        count=sum(states.values()),
        oldest_s=_at_end(peer, "connection_oldest_s"),
        idle_max_s=_at_end(peer, "connection_idle_max_s"),
        idle_median_s=_at_end(peer, "connection_idle_median_s"),
        awaiting=_whole(total_now(trace, peer.counted("connections_awaiting"))) if _tells_idle(peer) else None,
        awaiting_max_s=_at_end(peer, "connection_awaiting_max_s"),
        opened_per_s=opened / span if span > 0 else None,
        openers=tuple(peer.opened_at()),
        held_at=tuple(places(peer.columns, trace, HELD_AT)),
        decision=_gravest(peer, str(evidence["peer"]), findings),
    )


def _at_end(peer: PeerView, metric: str) -> float | None:
    """Return an age at the last row in which sockets were read; null where no connection had one there."""
    values: FloatArray = peer.age(metric)
    return largest_now(peer.trace, _last_row_only(peer, values))


def _last_row_only(peer: PeerView, values: FloatArray) -> FloatArray:
    import numpy as np

    kept = np.full(len(values), np.nan)
    counts = peer.count()
    for life in peer.trace.lives:
        read = np.flatnonzero(np.isfinite(counts[life.rows]))
        if len(read):
            kept[life.first + read[-1]] = values[life.first + read[-1]]
    return kept


def _tells_idle(peer: PeerView) -> bool:
    return peer.was_read("connections_awaiting")


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _gravest(peer: PeerView, name: str, findings: Sequence[Finding]) -> str | None:
    order = list(Decision)
    found = list(_about(peer, name, findings))
    return str(min(found, key=order.index)) if found else None


def _about(peer: PeerView, name: str, findings: Sequence[Finding]) -> Iterator[Decision]:
    for finding in findings:
        if finding.evidence.get("peer") == name and finding.evidence.get("direction", "out") == peer.direction:
            yield finding.decision
