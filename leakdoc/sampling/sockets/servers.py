"""What listens on a port of this machine that is not a well-known one, told by the name of the process behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.ownership import socket_inode

KIND_OF_SERVER: Final = {
    "envoy": "proxy",
    "haproxy": "proxy",
    "mariadbd": "mysql",
    "keydb-server": "redis",
    "memcached": "memcached",
    "mongod": "mongodb",
    "mysqld": "mysql",
    "nginx": "http",
    "pgbouncer": "pgbouncer",
    "postgres": "postgres",
    "redis-server": "redis",
    "valkey-server": "redis",
}


class LocalServers:
    """The kinds of servers that listen on this machine, by the inode of the listening socket."""

    def __init__(self) -> None:
        self._kinds: dict[int, str | None] = {}

    def kind(self, inode: int) -> str | None:
        """Return the kind of server that holds the listening socket; null when it is none that we know.

        An inode that is asked for the first time costs a walk over the names of all processes.
        """
        if inode not in self._kinds:
            self._kinds.update(_kinds_by_inode())
            self._kinds.setdefault(inode, None)
        return self._kinds[inode]


def _kinds_by_inode() -> dict[int, str | None]:
    kinds: dict[int, str | None] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            kind = _kind_of_process(int(entry.name))
            if kind is not None:
                kinds.update(dict.fromkeys(_sockets_of(int(entry.name)), kind))
    return kinds


def _kind_of_process(pid: int) -> str | None:
    try:
        name = Path(f"/proc/{pid}/comm").read_bytes()
    except OSError:
        return None
    return KIND_OF_SERVER.get(name.decode("utf-8", "replace").rstrip("\n"))


def _sockets_of(pid: int) -> list[int]:
    try:
        directory = ProcessDirectory(pid)
        return [socket_inode(directory.link(f"fd/{name}")) for name in directory.names("fd")]
    except OSError:
        return []  # it has ended, or belongs to another user
