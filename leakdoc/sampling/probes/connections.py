"""The target's connections by peer: their states, their ages and how long they have been idle; TCP and Unix."""

from __future__ import annotations

from typing import Final

from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.census import Census, Connection
from leakdoc.sampling.sockets.ownership import HeldInodes
from leakdoc.sampling.sockets.peers import OUT, Group
from leakdoc.sampling.sockets.servers import LocalServers
from leakdoc.sampling.sockets.tables import table_for, unix_table_for
from leakdoc.sampling.sockets.tally import IDLE_METRICS, Tally, abandoned_columns, waiting_columns
from leakdoc.sampling.sockets.time_wait import TimeWait
from leakdoc.sampling.sockets.unix_census import UnixCensus
from leakdoc.sampling.sockets.unix_diag import UnixSocket

METRICS: Final = ("connections", "connection_oldest_s", *IDLE_METRICS)


class ConnectionsProbe:
    """The tables of sockets, joined to the descriptors that the target holds."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._table, self._why_not_idle = table_for(directory)
        self._unix_table = unix_table_for(directory)
        self._held = HeldInodes(directory)
        self._census = Census(LocalServers())
        self._unix_census = UnixCensus()
        self._tally = Tally()
        self._time_wait = TimeWait(self._table, directory)
        self._connections: list[Connection] = []

    def read(self, reading: Reading) -> None:
        """Put the columns of `Tally` and `TimeWait`, and ``connections_waiting{…}`` of each port it listens on."""
        now_s = reading.monotonic_s
        sockets, unix_sockets = self._table.read(), self._unix_sockets(reading)
        inodes = {each.inode for each in sockets if each.inode} | {each.inode for each in unix_sockets}
        held = self._held.among(inodes, now_s)
        connections = self._census.take(sockets, held, now_s) + self._unix_census.take(unix_sockets, held, now_s)
        self._connections = connections
        closed = self._census.closed + self._unix_census.closed
        reading.values.update(self._tally.columns(connections, closed))
        reading.values.update(waiting_columns(sockets, held))
        reading.values.update(abandoned_columns(sockets, self._tally.groups))
        reading.values.update(self._time_wait.columns(self._tally.groups, now_s))
        if self._why_not_idle is not None:
            reading.unavailable.update(dict.fromkeys(IDLE_METRICS, self._why_not_idle))

    def peer_of(self, inode: int) -> Group | None:
        """Return whom a socket was with at the last reading; null for none of the target's."""
        return self._census.group_of_inode.get(inode) or self._unix_census.group_of_inode.get(inode)

    def peer_of_port(self, port: int) -> Group | None:
        """Return whom the connection that the target opened from a local port was with at the last reading."""
        return self._census.group_of_port.get(port)

    def silent(self, longer_than_s: float) -> list[Connection]:
        """Return what the target opened, and what has carried nothing for so long, at the last reading."""
        return [
            each
            for each in self._connections
            if each.group.direction == OUT and each.idle_s is not None and each.idle_s >= longer_than_s
        ]

    def _unix_sockets(self, reading: Reading) -> list[UnixSocket]:
        """Return the Unix sockets; where the system has no table of them, that is a blind spot and no zero."""
        try:
            if self._unix_table is not None:
                return self._unix_table.read()
        except (OSError, UnexpectedText):
            self._unix_table = None
        reading.standing.blind_spots["unix sockets"] = "Unix sockets: this system tells nothing of them"
        return []
