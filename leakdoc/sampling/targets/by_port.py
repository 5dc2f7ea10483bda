"""Processes found by the TCP port that they listen on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.ownership import socket_inode
from leakdoc.sampling.sockets.tcp import LISTEN, TcpSocket
from leakdoc.sampling.targets.running import Running


def listening_on(port: int, everyone: Mapping[int, Running]) -> tuple[list[Running], bool]:
    """Return the processes that hold a socket listening on a port, and whether anybody at all listens on it.

    Our own network namespace comes first; those of other containers only when nobody listens in ours.
    """
    if sys.platform != "linux":
        found = list(_by_psutil(port, everyone.values()))
        return found, bool(found)
    spaces = _spaces(everyone)
    own = spaces.pop(_own_space(), [])
    for pids in (own, *spaces.values()):
        inodes = _listening_inodes(port, pids)
        if inodes:
            return [everyone[pid] for pid in pids if _holds(pid, inodes)], True
    return [], False


def _spaces(everyone: Iterable[int]) -> dict[str, list[int]]:
    """Return the pids by their network namespace; those that are not ours to look at are taken to be in our own."""
    spaces: dict[str, list[int]] = {}
    for pid in everyone:
        try:
            space = ProcessDirectory(pid).link("ns/net")
        except OSError:
            space = _own_space()
        spaces.setdefault(space, []).append(pid)
    return spaces


def _own_space() -> str:
    import os

    return os.readlink("/proc/self/ns/net")  # noqa: PTH115 - a link that leads nowhere


def _listening_inodes(port: int, pids: Iterable[int]) -> set[int]:
    """Return the inodes of the sockets that listen on a port in the namespace of these processes."""
    for pid in pids:
        try:
            sockets = _sockets_seen_by(ProcessDirectory(pid))
        except (OSError, UnexpectedText):
            continue  # it has ended, or is not ours to look at
        return {each.inode for each in sockets if each.state == LISTEN and each.local_port == port}
    return set()


def _sockets_seen_by(directory: ProcessDirectory) -> list[TcpSocket]:
    from leakdoc.sampling.sockets.proc_net import ProcNetTable

    return list(ProcNetTable(directory).read())


def _holds(pid: int, inodes: set[int]) -> bool:
    try:
        directory = ProcessDirectory(pid)
        names = directory.names("fd")
    except OSError:
        return False
    return any(_inode(directory, name) in inodes for name in names)


def _inode(directory: ProcessDirectory, name: str) -> int:
    try:
        return socket_inode(directory.link(f"fd/{name}"))
    except OSError:
        return 0


def _by_psutil(port: int, everyone: Iterable[Running]) -> Iterator[Running]:
    import psutil

    for each in everyone:
        try:
            found = psutil.Process(each.pid).net_connections("tcp")
        except psutil.Error:
            continue
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found):
            yield each
