"""A TCP socket as the kernel tells it, whichever way it was asked."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple, Protocol

# include/net/tcp_states.h
STATES: Final = {
    1: "ESTABLISHED",
    2: "SYN_SENT",
    3: "SYN_RECV",
    4: "FIN_WAIT1",
    5: "FIN_WAIT2",
    6: "TIME_WAIT",
    7: "CLOSE",
    8: "CLOSE_WAIT",
    9: "LAST_ACK",
    10: "LISTEN",
    11: "CLOSING",
}
LISTEN: Final = 10


KEY_ENDS: Final = struct.Struct(">HH16s16s")
_IDLE: Final = struct.Struct("=III")


class Endpoint(NamedTuple):
    """One end of a connection: 4 or 16 bytes of address, and a port."""

    address: bytes
    port: int


class TcpSocket(NamedTuple):
    """A TCP socket as the kernel tells it; what is seldom asked for is kept as it came, and read when it is.

    Args:
        key: tells this socket from any other of the same table, earlier and later ones too; begins with `KEY_ENDS`:
            the local and the remote port and address (struct inet_diag_sockid).
        width: of its addresses, in bytes.
        inode: by which a descriptor names it; 0 when nobody holds it yet, or any more.
        state: a key of `STATES`.
        unanswered: how often in a row the peer has let a transmission or a probe go without an answer.
        waiting: of a listening socket, the connections that wait to be accepted; else bytes that wait to be read.
        last_data: three fields of struct tcp_info: milliseconds since data was last sent, an acknowledgement was, and
            data last came; empty where the kernel does not tell.
    """

    key: bytes
    width: int
    inode: int
    state: int
    unanswered: int
    waiting: int
    last_data: bytes = b""

    @property
    def local_port(self) -> int:
        """The port on the target's side."""
        return self.key[0] << 8 | self.key[1]

    @property
    def local(self) -> Endpoint:
        """The end on the target's side."""
        port, _, address, _ = KEY_ENDS.unpack_from(self.key)
        return Endpoint(address[: self.width], port)

    @property
    def remote(self) -> Endpoint:
        """The other end."""
        _, port, _, address = KEY_ENDS.unpack_from(self.key)
        return Endpoint(address[: self.width], port)

    @property
    def idle_s(self) -> float | None:
        """Seconds since data last went either way, or since the connection was made when none ever did."""
        if not self.last_data:
            return None
        sent, _, received = _IDLE.unpack(self.last_data)
        return float(min(sent, received)) / 1_000.0


class SocketTable(Protocol):
    """The TCP sockets of one network namespace."""

    def read(self) -> list[TcpSocket]:
        """Return every TCP socket, listening ones included; those in TIME_WAIT and SYN_RECV may be left out.

        Raises:
            OSError: the table cannot be read.
            UnexpectedText: it does not read as its format says.
        """
