"""A subject's peers as a table for a terminal, with the places that opened their connections below each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from leakdoc.model.finding import Json
from leakdoc.model.peer import PeerSummary
from leakdoc.redact import inert
from leakdoc.units import format_duration

MOST: Final = 24
HEADERS: Final = ("PEER", "COUNT", "STATES", "OLDEST", "IDLE", "WAITING", "NEW/S", "VERDICT")
_NUMBERS: Final = (1, 3, 4, 6)
LONGEST_PEER: Final = 44


def peer_table(peers: Sequence[PeerSummary]) -> Iterator[str]:
    """Yield the lines of the table; one line that says so where there is no connection."""
    if not peers:
        yield "no connection was seen"
        return
    shown = peers[:MOST]
    rows = [HEADERS, *(_row(peer) for peer in shown)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADERS))]
    yield _line(HEADERS, widths)
    for peer, row in zip(shown, rows[1:], strict=True):
        yield _line(row, widths)
        yield from _places("opened at", peer.openers)
        yield from _places("held at", peer.held_at)
    if len(peers) > MOST:
        yield f"and {len(peers) - MOST} more peers: --json lists them"


def _row(peer: PeerSummary) -> tuple[str, ...]:
    arrow = "to" if peer.direction == "out" else "from"
    name = inert(f"{arrow} {peer.peer_kind or ''} {peer.peer}".replace("  ", " "), longest=LONGEST_PEER)
    states = " ".join(f"{count} {state}" for state, count in peer.states.items()) if len(peer.states) != 1 else ""
    waiting = "" if not peer.awaiting else f"{peer.awaiting} for {_age(peer.awaiting_max_s)}"
    opened = "" if peer.opened_per_s is None else f"{peer.opened_per_s:.2g}"
    return (
        name,
        f"{peer.count:,}",
        states or next(iter(peer.states), "none"),
        _age(peer.oldest_s),
        _age(peer.idle_max_s),
        waiting,
        opened,
        (peer.decision or "").replace("_", " "),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if place in _NUMBERS else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _places(what: str, places: Sequence[Json]) -> Iterator[str]:
    for place in places:
        if isinstance(place, dict):
            held = place.get("held_max_s")
            since = f", for {format_duration(held)}" if isinstance(held, int | float) else ""
            where = inert(f"{place.get('file')}:{place.get('line')} in {place.get('function')}")
            yield f"    {place.get('count')} {what} {where}{since}"


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else format_duration(seconds)
