"""One peer of a subject as the command `connections` tells of it, and its document ``leakdoc.connections/1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.documents import Document, diagnosis_document, plain
from leakdoc.model.finding import Json

CONNECTIONS: Final = "leakdoc.connections/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSummary:
    """The connections to one peer, or by one port, at the end of a look.

    Args:
        direction: ``out`` for what the subject opened, ``in`` for what it accepted.
        awaiting: how many have no answer to what was sent last; null when unknown.
        opened_per_s: how many were seen to come a second; at least so many.
        openers: places that opened what is open now, with counts, where they are known.
        held_at: places that hold what is checked out now, with counts, where they are known.
        decision: the gravest of what was found of this peer; null where nothing was judged.
    """

    peer: str
    peer_kind: str | None
    direction: str
    states: Mapping[str, int]
    count: int
    oldest_s: float | None
    idle_max_s: float | None
    idle_median_s: float | None
    awaiting: int | None
    awaiting_max_s: float | None
    opened_per_s: float | None
    openers: Sequence[Json] = ()
    held_at: Sequence[Json] = ()
    decision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held for longer than was asked.

    Args:
        longer_than_s: what was asked.
        holders: each ``{peer, held_s, pool, file, line, function, thread}``, the longest first.
        known: whether an agent told of checkouts; if not, `holders` are connections that carried nothing for so long.
    """

    longer_than_s: float
    known: bool
    holders: tuple[Mapping[str, Json], ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What keeps connections open, as objects inside tell it.

    Args:
        asked: who was asked, in words; null where nobody could be.
        by: each ``{peer, peer_kind, count, path: [{name, status, reason}]}``, the most connections first.
        reason: why nothing, or not all, is known; null where all was seen.
    """

    asked: str | None
    by: tuple[Mapping[str, Json], ...] = ()
    reason: str | None = None


def connections_document(
    diagnosis: Diagnosis, peers: Sequence[PeerSummary], held: Held | None = None, kept: Kept | None = None
) -> Document:
    """Lay out a diagnosis of connections as ``leakdoc.connections/1``."""
    document = diagnosis_document(diagnosis) | {
        "schema": CONNECTIONS,
        "peers": [plain(asdict(peer)) for peer in peers],
    }
    document |= {} if held is None else {"held": plain(asdict(held))}
    return document | ({} if kept is None else {"kept": plain(asdict(kept))})
