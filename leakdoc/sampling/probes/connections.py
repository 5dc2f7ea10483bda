"""The target's TCP connections by peer: their states, their ages and how long they have been idle."""

from __future__ import annotations

from typing import Final

from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.census import Census
from leakdoc.sampling.sockets.ownership import HeldInodes
from leakdoc.sampling.sockets.servers import LocalServers
from leakdoc.sampling.sockets.tables import table_for
from leakdoc.sampling.sockets.tally import IDLE_METRICS, Tally, waiting_columns

METRICS: Final = ("connections", "connection_oldest_s", *IDLE_METRICS)


class ConnectionsProbe:
    """The table of sockets, joined to the descriptors that the target holds."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._table, self._why_not_idle = table_for(directory)
        self._held = HeldInodes(directory)
        self._census = Census(LocalServers())
        self._tally = Tally()

    def read(self, reading: Reading) -> None:
        """Put the columns of `Tally`, and ``connections_waiting{…}`` of each port that the target listens on."""
        now_s = reading.monotonic_s
        sockets = self._table.read()
        held = self._held.among({each.inode for each in sockets if each.inode}, now_s)
        connections = self._census.take(sockets, held, now_s)
        reading.values.update(self._tally.columns(connections))
        reading.values.update(waiting_columns(sockets, held))
        if self._why_not_idle is not None:
            reading.unavailable.update(dict.fromkeys(IDLE_METRICS, self._why_not_idle))
