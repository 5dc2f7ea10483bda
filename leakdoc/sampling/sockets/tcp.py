"""A TCP socket as the kernel tells it, whichever way it was asked."""

from __future__ import annotations

import struct
from collections.abc import Sequence
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
ESTABLISHED: Final = 1
SYN_SENT: Final = 2
LEFT_BEHIND: Final = (4, 5)  # FIN_WAIT1 and FIN_WAIT2
TIME_WAIT: Final = 6
CLOSE_WAIT: Final = 8
LISTEN: Final = 10

# What the socket's timer is for (net/ipv4/inet_diag.c, and `tr` of /proc/net/tcp).
NO_TIMER: Final = 0
KEEPALIVE_TIMER: Final = 2


KEY_ENDS: Final = struct.Struct(">HH16s16s")
# Of struct tcp_info, from tcpi_last_data_sent on: four times, and, where the kernel is no older than 4.6, the data
# segments that came and went.
_LAST: Final = struct.Struct("=IIII")
_LONG: Final = struct.Struct("=IIII92xII")
ACKNOWLEDGED_WITHIN_MS: Final = 250  # delayed acknowledgements take 40 to 200 ms; keepalive answers come much later


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
        last_data: the part of struct tcp_info that `LastData` reads; empty where the kernel does not tell.
        unsent: bytes that the peer has not acknowledged, those not yet sent included.
        timer: what its timer waits for; `NO_TIMER` on a connection at rest means that keepalive is off.
    """

    key: bytes
    width: int
    inode: int
    state: int
    unanswered: int
    waiting: int
    last_data: bytes = b""
    unsent: int = 0
    timer: int = NO_TIMER

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
    def last(self) -> LastData | None:
        """When data last went either way; null where the kernel does not tell."""
        if not self.last_data:
            return None
        if len(self.last_data) == _LONG.size:
            return LastData(*_LONG.unpack(self.last_data))
        return LastData(*_LAST.unpack_from(self.last_data))

    @property
    def idle_s(self) -> float | None:
        """Seconds since data last went either way, or since the connection was made when none ever did."""
        last = self.last
        return None if last is None else last.idle_s


class LastData(NamedTuple):
    """Milliseconds since data was last sent, an acknowledgement was, data last came, and an acknowledgement did.

    On a connection that carried nothing yet all count from its making. The kernel counts in ticks of 1 to 10 ms.

    Args:
        segments_in: with data, that came; null where the kernel does not tell.
        segments_out: the same, sent.
    """

    sent_ms: int
    ack_sent_ms: int
    received_ms: int
    ack_received_ms: int
    segments_in: int | None = None
    segments_out: int | None = None

    @property
    def idle_s(self) -> float:
        """Seconds since data last went either way."""
        return min(self.sent_ms, self.received_ms) / 1_000.0

    @property
    def unanswered_s(self) -> float | None:
        """Seconds for which what we sent last has had no answer; null where the last data came from the peer.

        Where both fall into one tick, what we sent was the last if nothing ever came, or if the peer has acknowledged
        it by itself a moment later, as it does when it has no answer to send along.
        """
        if self.segments_out == 0:
            return None  # a connection that carried nothing counts from its making, in ticks that may differ
        if self.sent_ms < self.received_ms:
            return self.sent_ms / 1_000.0
        later_ms = self.received_ms - self.ack_received_ms
        nothing_came = self.segments_in == 0 and bool(self.segments_out)
        is_tie = self.sent_ms == self.received_ms and 0 < later_ms <= ACKNOWLEDGED_WITHIN_MS
        return self.sent_ms / 1_000.0 if nothing_came or (is_tie and self.segments_out) else None

    @property
    def unserved_s(self) -> float | None:
        """Seconds for which what the peer sent last has had no answer of ours; null where we sent the last data."""
        if self.segments_in == 0:
            return None
        nothing_sent = self.segments_out == 0 and bool(self.segments_in)
        return self.received_ms / 1_000.0 if nothing_sent or self.received_ms < self.sent_ms else None

    @property
    def since_fin_s(self) -> float:
        """Seconds since the peer closed: its FIN is the last that came with an acknowledgement."""
        return self.ack_received_ms / 1_000.0


class SocketTable(Protocol):
    """The TCP sockets of one network namespace."""

    def read(self) -> list[TcpSocket]:
        """Return every TCP socket, listening ones included; those in TIME_WAIT and SYN_RECV may be left out.

        Raises:
            OSError: the table cannot be read.
            UnexpectedText: it does not read as its format says.
        """

    def read_time_wait(self) -> list[TcpSocket]:
        """Return the sockets in TIME_WAIT; raises as `read` does."""

    def still_held(self, sockets: Sequence[TcpSocket]) -> frozenset[bytes]:
        """Return the keys of those that are there still, and that a process holds; raises as `read` does."""
