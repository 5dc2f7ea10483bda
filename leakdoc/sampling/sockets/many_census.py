"""What `Census` and `Tally` do connection by connection, done with arrays, for a target that has thousands.

What it finds is the same, to the last bit.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np

from leakdoc.sampling.sockets.census import Census, Connection, connection_of
from leakdoc.sampling.sockets.many_peers import Standings, peers_of, standings_of
from leakdoc.sampling.sockets.many_sockets import Array, ManySockets, Mask, among, keys_of
from leakdoc.sampling.sockets.meeting import Acquaintance
from leakdoc.sampling.sockets.peers import OUT, Group
from leakdoc.sampling.sockets.tally import Peer
from leakdoc.sampling.sockets.tcp import ESTABLISHED, LISTEN

_COOKIE: Final = 5  # the word of a key by which the kernel tells a socket from all others, earlier ones too
_NEVER: Final = -1
_KNOWN: Final = np.dtype(
    [
        ("key", "=u8", (6,)),
        ("group", "=i8"),
        ("first_seen_s", "=f8"),
        ("is_local", "?"),
        ("is_loopback", "?"),
        ("other_end", "i1"),
    ]
)


class ManyCensus:
    """Remembers the target's connections between readings; takes over from a `Census`."""

    def __init__(self, census: Census) -> None:
        self._meeting = census.meeting
        self._groups: list[Group] = []
        self._number: dict[Group, int] = {}
        self._known = None if census.known is None else self._taken_over(census.known)
        self._now_s = 0.0
        self._own: ManySockets | None = None
        self._standings: Standings | None = None
        self.closed: Counter[Group] = Counter()

    def take(self, every: ManySockets, is_held: Mask, now_s: float) -> dict[Group, Peer]:
        """Return what is gathered of the target's connections, by peer.

        Args:
            every: all sockets of its network namespace.
            is_held: which of them are its own.
            now_s: on the monotonic clock.
        """
        is_listening = every.rows["state"] == LISTEN
        listening = {each.local_port: each.inode for each in every.pick(is_listening)}
        places = np.flatnonzero(is_held & ~is_listening)
        places = places[np.argsort(every.rows["key"][places, _COOKIE], kind="stable")]
        own = ManySockets(every.rows[places], every.dumps)
        known, is_new = self._met(own, places, listening, now_s)
        is_severed = _severed(own.rows, every.rows, known)
        is_first, self._known = self._known is None, known
        self._own, self._now_s = own, now_s
        directions = np.array([each.direction == OUT for each in self._groups], dtype=bool)
        is_out = directions[known["group"]] if len(known) else np.zeros(0, bool)
        ages = now_s - known["first_seen_s"]
        self._standings = standings_of(own.rows, ages, is_out, is_new & (not is_first), is_severed)
        return peers_of(self._standings, known["group"], places, self._groups)

    def group_of_inode(self) -> dict[int, Group]:
        """Return whom each socket is with."""
        if self._own is None or self._known is None:
            return {}
        groups = [self._groups[number] for number in self._known["group"].tolist()]
        return dict(zip(self._own.rows["inode"].tolist(), groups, strict=True))

    def group_of_port(self) -> dict[int, Group]:
        """Return whom each connection that the target opened is with, by its local port."""
        if self._own is None or self._known is None:
            return {}
        ports = self._own.rows["key"][:, 0].copy().view(">u2").reshape(-1, 4)[:, 0].tolist()
        groups = [self._groups[number] for number in self._known["group"].tolist()]
        return {port: group for port, group in zip(ports, groups, strict=True) if group.direction == OUT}

    def silent(self, longer_than_s: float) -> list[Connection]:
        """Return what the target opened, and what has carried nothing for so long."""
        stand, known, own = self._standings, self._known, self._own
        if stand is None or known is None or own is None:
            return []
        which = np.flatnonzero(stand.is_out & stand.has_idle & (stand.idle_s >= longer_than_s))
        return [
            connection_of(
                each, self._acquaintance(known[at]), self._now_s, bool(stand.is_new[at]), bool(stand.severed[at])
            )
            for at, each in zip(which.tolist(), own.pick(which), strict=True)
        ]

    def _met(self, own: ManySockets, places: Array, listening: dict[int, int], now_s: float) -> tuple[Array, Mask]:
        """Return what is known of each connection, and which are new."""
        before = np.zeros(0, _KNOWN) if self._known is None else self._known
        keys = own.rows["key"]
        if np.array_equal(before["key"], keys):
            self.closed = Counter()
            self._are_present(before, now_s)
            return before, np.zeros(len(before), bool)
        at = np.minimum(np.searchsorted(before["key"][:, _COOKIE], keys[:, _COOKIE]), max(len(before) - 1, 0))
        if not len(before):
            known, is_known = np.zeros(len(keys), _KNOWN), np.zeros(len(keys), bool)
        else:
            known, is_known = before[at], (before["key"][at] == keys).all(axis=1)
        is_gone = np.ones(len(before), bool)
        is_gone[at[is_known]] = False
        self.closed = self._counted(before["group"][is_gone])
        self._are_present(known[is_known], now_s)
        new = np.flatnonzero(~is_known)
        new = new[np.argsort(places[new], kind="stable")]  # in the order of the dump
        for number, each in zip(new.tolist(), own.pick(new), strict=True):
            known[number] = self._row(each.key, self._meeting.meet(each, listening, now_s))
        return known, ~is_known

    def _are_present(self, known: Array, now_s: float) -> None:
        self._meeting.are_present(self._counted(known["group"]), now_s)

    def _counted(self, numbers: Array) -> Counter[Group]:
        counts = np.bincount(numbers, minlength=0).tolist()
        return Counter({self._groups[number]: count for number, count in enumerate(counts) if count})

    def _row(self, key: bytes, each: Acquaintance) -> tuple[Any, ...]:
        if each.group not in self._number:
            self._number[each.group] = len(self._groups)
            self._groups.append(each.group)
        other_end = _NEVER if each.other_end is None else int(each.other_end)
        words = keys_of([key])[0]
        return (words, self._number[each.group], each.first_seen_s, each.is_local, each.is_loopback, other_end)

    def _acquaintance(self, row: Any) -> Acquaintance:
        other_end = None if row["other_end"] == _NEVER else bool(row["other_end"])
        group = self._groups[int(row["group"])]
        return Acquaintance(
            group, float(row["first_seen_s"]), bool(row["is_local"]), bool(row["is_loopback"]), other_end
        )

    def _taken_over(self, known: dict[bytes, Acquaintance]) -> Array:
        rows = np.array([self._row(key, each) for key, each in known.items()], _KNOWN)
        return rows[np.argsort(rows["key"][:, _COOKIE], kind="stable")]


def _severed(own: Array, every: Array, known: Array) -> Mask:
    """Say which are severed, as `census._severed` has it; remember how the other ends were seen."""
    severed = np.zeros(len(own), bool)
    local = np.flatnonzero((own["state"] == ESTABLISHED) & known["is_local"])
    if not len(local):
        return severed
    ends, queueing = _ports(every), _ports(every[(every["state"] == LISTEN) & (every["waiting"] > 0)])
    ours = _ports(own[local])
    is_there = among(_pair(np.roll(ours, 1, axis=1)), np.sort(_pair(ends)))
    is_there |= among(ours[:, 1], np.sort(queueing[:, 0]))
    seen = known["other_end"][local]
    severed[local] = ~is_there & (seen == 0)
    remembers = is_there | known["is_loopback"][local] | (seen != _NEVER)
    known["other_end"][local[remembers]] = is_there[remembers]
    return severed


def _ports(rows: Array) -> Array:
    """Return the local and the remote port of each, as they stand in its key."""
    return np.ascontiguousarray(rows["key"][:, 0]).view("=u2").reshape(-1, 4)[:, :2].copy()


def _pair(ports: Array) -> Array:
    return np.ascontiguousarray(ports).view("=u4").reshape(-1)
