"""Connections that others of the same network namespace open to the target's peers, so that theirs are not its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.peers import OUT, Group, peer_name
from leakdoc.sampling.sockets.tcp import SocketTable, TcpSocket

MOST_ASKED: Final = 64  # sockets asked for once more in one reading, some 10 µs each


class Elsewhere:
    """Counts them as the target's own are counted: those seen to come between two readings.

    A socket that the target closed between the dump and the look at its descriptors is held by nobody that was found,
    and looks like another's. So each is asked for once more, by itself: what is still held then was held all the time,
    and not by the target. What is not is left out, just as it is of the target's own.
    """

    def __init__(self, table: SocketTable) -> None:
        self._table = table
        self._known: frozenset[bytes] | None = None
        self._opened: Counter[Group] = Counter()

    def columns(self, strangers: Iterable[TcpSocket] | None, groups: Iterable[Group]) -> dict[Column, float]:
        """Return ``connections_opened_elsewhere_total{…}`` of each peer that the target connects to.

        Args:
            strangers: the sockets of its network namespace that others seem to hold; null for not known.
        """
        if strangers is None:
            return {}
        peers = {each.peer: each for each in groups if each.direction == OUT and not each.peer.startswith("unix:")}
        others = {each.key: each for each in strangers}
        if self._known is not None:
            self._count([each for key, each in others.items() if key not in self._known], peers)
        self._known = frozenset(others)
        return {
            Column.of("connections_opened_elsewhere_total", **each.labels): float(self._opened[each])
            for each in peers.values()
        }

    def _count(self, new: Sequence[TcpSocket], peers: dict[str, Group]) -> None:
        ports = {peer.rpartition(":")[2] for peer in peers}
        likely = [each for each in new if str(each.remote.port) in ports]
        found = [(each, group) for each in likely if (group := peers.get(peer_name(each.remote))) is not None]
        try:
            still = self._table.still_held([each for each, _ in found[:MOST_ASKED]])
        except (OSError, UnexpectedText):
            return
        self._opened.update(group for each, group in found if each.key in still)
