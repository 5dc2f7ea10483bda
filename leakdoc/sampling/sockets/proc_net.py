"""TCP sockets from `/proc/PID/net/tcp` and `tcp6`: for another network namespace, or where netlink is closed to us.

It tells no idle ages. Format: proc_pid_net(5); addresses are words in the byte order of the machine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.tcp import KEY_ENDS, TIME_WAIT, Endpoint, TcpSocket


class ProcNetTable:
    """The TCP sockets of the network namespace that a process lives in."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory

    def read(self) -> list[TcpSocket]:
        """Return every TCP socket, IPv4 and, where the system has it, IPv6."""
        sockets = list(parse_table(self._directory.text("net/tcp")))
        try:
            sockets += parse_table(self._directory.text("net/tcp6"))
        except FileNotFoundError:
            return sockets  # booted with ipv6.disable=1
        return sockets

    def read_time_wait(self) -> list[TcpSocket]:
        """Return what is left of connections that this side closed first."""
        return [each for each in self.read() if each.state == TIME_WAIT]

    def still_held(self, sockets: Sequence[TcpSocket]) -> frozenset[bytes]:
        """Return the keys of those that are there still; their inode is in it, so that they are held."""
        return frozenset(each.key for each in sockets) & {each.key for each in self.read()} if sockets else frozenset()


def parse_table(text: str) -> Iterator[TcpSocket]:
    """Read a table.

    Raises:
        UnexpectedText: a line is not of that format.
    """
    for line in text.splitlines()[1:]:
        fields = line.split()
        try:
            yield _socket(fields)
        except (IndexError, ValueError, OverflowError, struct.error):
            raise UnexpectedText("a line of /proc/PID/net/tcp does not read as a socket") from None


def _socket(fields: list[str]) -> TcpSocket:
    local, remote, inode = parse_endpoint(fields[1]), parse_endpoint(fields[2]), int(fields[9])
    unsent, _, waiting = fields[4].partition(":")
    ends = KEY_ENDS.pack(local.port, remote.port, local.address, remote.address)
    return TcpSocket(
        key=ends + inode.to_bytes(8, "little"),
        width=len(local.address),
        inode=inode,
        state=int(fields[3], 16),
        unanswered=int(fields[6], 16),
        waiting=int(waiting, 16),
        unsent=int(unsent, 16),
        timer=int(fields[5].partition(":")[0], 16),
    )


def parse_endpoint(text: str) -> Endpoint:
    """Read ``0100007F:1F90``.

    Raises:
        ValueError, struct.error: it is not of that format.
    """
    address, _, port = text.partition(":")
    words = struct.unpack(f">{len(address) // 8}I", bytes.fromhex(address))
    if len(words) not in (1, 4):
        raise ValueError(text)
    return Endpoint(struct.pack(f"={len(words)}I", *words), int(port, 16))
