"""Local ports that connections to a peer have used up: TIME_WAIT keeps one for a minute, and nobody holds it.

A port is used up for one remote address and port at a time, so what may run out is counted by peer. Sources: RFC 9293,
3.6.1; ip(7), `ip_local_port_range`; include/net/tcp.h, TCP_TIMEWAIT_LEN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.peers import OUT, Group, peer_name
from leakdoc.sampling.sockets.tcp import KEY_ENDS, Endpoint, SocketTable, TcpSocket

LOOK_EVERY_S: Final = 5.0  # they stay for a minute, and there may be tens of thousands
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOCAL_PORT: Final = slice(2)
_LOCAL_ADDRESS: Final = slice(4, 20)
_REMOTE_PORT: Final = slice(2, 4)
_REMOTE_ADDRESS: Final = slice(20, KEY_ENDS.size)


class TimeWait:
    """Counts the sockets in TIME_WAIT, in the target's network namespace, to the peers that it connects to."""

    def __init__(self, table: SocketTable, directory: ProcessDirectory) -> None:
        self._table = table
        self._looked_s: float | None = None
        self._ports = _ports(directory)
        self._known: frozenset[bytes] | None = None
        self._entered: Counter[str] = Counter()

    def columns(self, groups: Iterable[Group], now_s: float) -> dict[Column, float]:
        """Return ``time_wait{…}``, ``time_wait_entered_total{…}`` and ``local_ports{…}`` by peer.

        What entered is counted from the first look on: what stood there then was left before, by whomever. Nothing is
        returned between the times of looking.
        """
        outgoing = [each for each in groups if each.direction == OUT and not each.peer.startswith("unix:")]
        if not outgoing or (self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S):
            return {}
        self._looked_s = now_s
        try:
            found = self._table.read_time_wait()
        except (OSError, UnexpectedText):
            return {}
        counts = _by_peer(found)
        if self._known is not None:
            self._entered.update(_by_peer(each for each in found if each.key not in self._known))
        self._known = frozenset(each.key for each in found)
        values = {Column.of("time_wait", **each.labels): float(counts[each.peer]) for each in outgoing}
        values |= {
            Column.of("time_wait_entered_total", **each.labels): float(self._entered[each.peer]) for each in outgoing
        }
        if self._ports is not None:
            values |= {Column.of("local_ports", **each.labels): float(self._ports) for each in outgoing}
        return values


def _by_peer(found: Iterable[TcpSocket]) -> Counter[str]:
    """Count by the peer's end: the remote one, or, where the peer closed first on this machine, the local one."""
    ends: Counter[tuple[bytes, bytes, int]] = Counter()
    for each in found:
        ends[each.key[_REMOTE_ADDRESS], each.key[_REMOTE_PORT], each.width] += 1
        ends[each.key[_LOCAL_ADDRESS], each.key[_LOCAL_PORT], each.width] += 1
    counts: Counter[str] = Counter()
    for (address, port, width), count in ends.items():
        counts[peer_name(Endpoint(address[:width], int.from_bytes(port, "big")))] += count
    return counts


def _ports(directory: ProcessDirectory) -> int | None:
    """Return how many local ports there are for one peer; null where the target lives in another namespace."""
    try:
        if directory.link("ns/net") != str(Path("/proc/self/ns/net").readlink()):
            return None
        first, last = (int(word) for word in _RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return last - first + 1
