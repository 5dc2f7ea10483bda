"""Which table of sockets suits a target: netlink in its network namespace, else the text that /proc has of it."""

from __future__ import annotations

from pathlib import Path

from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.proc_net import ProcNetTable
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tcp import SocketTable


def table_for(directory: ProcessDirectory) -> tuple[SocketTable, bool]:
    """Return a table of the target's network namespace, and whether it tells idle ages.

    Raises:
        PermissionError: the target is not ours to look at.
    """
    if directory.link("ns/net") == str(Path("/proc/self/ns/net").readlink()):
        try:
            table = NetlinkTable()
            table.read()
            return table, True
        except (OSError, UnexpectedText):
            pass  # no sock_diag in this kernel or sandbox
    return ProcNetTable(directory), False
