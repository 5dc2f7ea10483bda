"""One look at the TCP sockets of a target that has thousands of them, by arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from leakdoc.sampling.sockets.census import Census, Connection
from leakdoc.sampling.sockets.looking import Seen
from leakdoc.sampling.sockets.many_census import ManyCensus
from leakdoc.sampling.sockets.many_sockets import Array, Mask, among, read_many
from leakdoc.sampling.sockets.ownership import LOOK_AGAIN_S, HeldInodes
from leakdoc.sampling.sockets.peers import Group
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tcp import LEFT_BEHIND, LISTEN

LATEST_S: Final = 5.0
MOST_STRANGERS: Final = 1_000  # that came between two looks; the rest is as those


class AllAtOnce:
    """Goes on where a `Census` has got to."""

    def __init__(self, table: NetlinkTable, census: Census) -> None:
        self._table = table
        self._census = ManyCensus(census)
        self._holding = _Holding()
        self._before: Array | None = None

    def look(self, held: HeldInodes, unix: frozenset[int], now_s: float) -> Seen:
        """As `Looking.look`."""
        every = read_many(self._table.read_unparsed())
        inodes, state = every.rows["inode"], every.rows["state"]
        self._holding.look(held, inodes, unix, now_s)
        own = self._holding.mask(inodes)
        peers = self._census.take(every, own, now_s)
        strangers = every.pick(self._came(inodes) & ~own & (inodes != 0) & (state != LISTEN))
        others = every.pick((state == LISTEN) | ((inodes == 0) & np.isin(state, LEFT_BEHIND)))
        return Seen(self._holding.held, others, self._census.closed, peers=peers, strangers=strangers)

    def _came(self, inodes: Array) -> Mask:
        """Say which have come since the look before; none at the first."""
        before, self._before = self._before, np.sort(inodes)
        if before is None:
            return np.zeros(len(inodes), bool)
        came = np.flatnonzero(~among(inodes, before))[:MOST_STRANGERS]
        return np.isin(np.arange(len(inodes)), came)

    def group_of_inode(self) -> Mapping[int, Group]:
        """As `Looking.group_of_inode`."""
        return self._census.group_of_inode()

    def group_of_port(self) -> Mapping[int, Group]:
        """As `Looking.group_of_port`."""
        return self._census.group_of_port()

    def silent(self, longer_than_s: float) -> list[Connection]:
        """As `Looking.silent`."""
        return self._census.silent(longer_than_s)


class _Holding:
    """What `HeldInodes` says, asked only where it may say something new: to list thousands of descriptors takes longer
    than all the rest.

    Where sockets came, while as many of the target's and as many descriptors are there as before, they are somebody
    else's; unless a file was closed meanwhile and a socket opened in its place, which shows `LATEST_S` later.
    """

    def __init__(self) -> None:
        self.held: frozenset[int] = frozenset()
        self._sorted = np.zeros(0, "=i8")
        self._seen = np.zeros(0, "=i8")
        self._counts: tuple[int, int] | None = None
        self._asked_s = -np.inf

    def look(self, held: HeldInodes, inodes: Array, unix: frozenset[int], now_s: float) -> None:
        every = np.sort(np.concatenate([inodes, np.fromiter(unix, "=i8", len(unix))]))
        if np.array_equal(every, self._seen) and now_s - self._asked_s < LOOK_AGAIN_S:
            return
        descriptors = held.count()
        counts = (descriptors, int(among(self._sorted, every).sum()))
        if descriptors and counts == self._counts and now_s - self._asked_s < LATEST_S:
            return
        self._asked_s, self._seen = now_s, every
        self.held = held.among(set(every.tolist()) - {0}, now_s)
        self._sorted = np.sort(np.fromiter(self.held, "=i8", len(self.held)))
        self._counts = (descriptors, len(self._sorted))

    def mask(self, inodes: Array) -> Mask:
        return among(inodes, self._sorted)
