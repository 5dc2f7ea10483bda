"""The target's connections by peer: their states, their ages and how long they have been idle; TCP and Unix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.census import Census, Connection
from leakdoc.sampling.sockets.elsewhere import Elsewhere
from leakdoc.sampling.sockets.looking import Looking, OneByOne, silent_of
from leakdoc.sampling.sockets.ownership import HeldInodes
from leakdoc.sampling.sockets.peers import Group
from leakdoc.sampling.sockets.servers import LocalServers
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tables import table_for, unix_table_for
from leakdoc.sampling.sockets.tally import IDLE_METRICS, Tally, abandoned_columns, waiting_columns
from leakdoc.sampling.sockets.time_wait import TimeWait
from leakdoc.sampling.sockets.unix_census import UnixCensus
from leakdoc.sampling.sockets.unix_diag import UnixSocket

METRICS: Final = ("connections", "connection_oldest_s", *IDLE_METRICS)
# From here on arrays are quicker, by more in a few readings than it takes to load numpy (some 80 ms, once).
MANY: Final = 4_000


class ConnectionsProbe:
    """The tables of sockets, joined to the descriptors that the target holds."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._table, self._why_not_idle = table_for(directory)
        self._unix_table = unix_table_for(directory)
        self._held = HeldInodes(directory)
        self._looking: Looking = OneByOne(self._table, Census(LocalServers()))
        self._group_of_inode: Mapping[int, Group] | None = None
        self._unix_census = UnixCensus()
        self._unix_connections: list[Connection] = []
        self._tally = Tally()
        self._time_wait = TimeWait(self._table, directory)
        self._elsewhere = Elsewhere(self._table)

    def read(self, reading: Reading) -> None:
        """Put the columns of `Tally`, `TimeWait` and `Elsewhere`, and ``connections_waiting{…}`` of each port."""
        now_s = reading.monotonic_s
        unix_sockets = self._unix_sockets(reading)
        unix = frozenset(each.inode for each in unix_sockets)
        self._group_of_inode = None
        self._looking = self._suited()
        seen = self._looking.look(self._held, unix, now_s)
        self._unix_connections = self._unix_census.take(unix_sockets, seen.held & unix, now_s)
        connections = seen.connections + self._unix_connections
        closed = seen.closed + self._unix_census.closed
        reading.values.update(self._tally.columns(connections, closed, seen.peers))
        reading.values.update(waiting_columns(seen.others, seen.held))
        reading.values.update(abandoned_columns(seen.others, self._tally.groups))
        reading.values.update(self._time_wait.columns(self._tally.groups, now_s))
        reading.values.update(self._elsewhere.columns(seen.strangers, self._tally.groups))
        if self._why_not_idle is not None:
            reading.unavailable.update(dict.fromkeys(IDLE_METRICS, self._why_not_idle))

    def peer_of(self, inode: int) -> Group | None:
        """Return whom a socket was with at the last reading; null for none of the target's."""
        if self._group_of_inode is None:
            self._group_of_inode = self._looking.group_of_inode()
        return self._group_of_inode.get(inode) or self._unix_census.group_of_inode.get(inode)

    def peer_of_port(self, port: int) -> Group | None:
        """Return whom the connection that the target opened from a local port was with at the last reading."""
        return self._looking.group_of_port().get(port)

    def silent(self, longer_than_s: float) -> list[Connection]:
        """Return what the target opened, and what has carried nothing for so long, at the last reading."""
        return self._looking.silent(longer_than_s) + silent_of(self._unix_connections, longer_than_s)

    def _suited(self) -> Looking:
        """Return the way to look next; once there have been many sockets, it stays the way for many."""
        one_by_one = self._looking
        if not isinstance(one_by_one, OneByOne) or one_by_one.count < MANY or not isinstance(self._table, NetlinkTable):
            return one_by_one
        from leakdoc.sampling.sockets.all_at_once import AllAtOnce

        return AllAtOnce(self._table, one_by_one.census)

    def _unix_sockets(self, reading: Reading) -> list[UnixSocket]:
        """Return the Unix sockets; where the system has no table of them, that is a blind spot and no zero."""
        try:
            if self._unix_table is not None:
                return self._unix_table.read()
        except (OSError, UnexpectedText):
            self._unix_table = None
        reading.standing.blind_spots["unix sockets"] = "Unix sockets: this system tells nothing of them"
        return []
