"""The kernel's own table of TCP sockets, asked over netlink: states, queues and idle ages in one dump.

Needs no privilege, and touches no process. Layouts: include/uapi/linux/{netlink,sock_diag,inet_diag,tcp}.h, and
sock_diag(7).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import Final

from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.tcp import TcpSocket

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_REQUEST_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_INET_DIAG_INFO: Final = 2
# TIME_WAIT and SYN_RECV are held by no process, and there may be many of them.
_STATES: Final = sum(1 << state for state in (1, 2, 4, 5, 7, 8, 9, 10, 11))

_HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_REQUEST: Final = struct.Struct("=BBBxI48x")  # struct inet_diag_req_v2, with an empty socket id
# struct inet_diag_msg: family, state, timer, retrans, socket id, expires, rqueue, wqueue, uid, inode.
_MESSAGE: Final = struct.Struct("=BBxB48s4xI8xI")
_ATTRIBUTE: Final = struct.Struct("=HH")  # struct nlattr

_MESSAGE_AT: Final = _HEADER.size
_ATTRIBUTES_AT: Final = _MESSAGE_AT + _MESSAGE.size
_LAST_DATA_AT: Final = _ATTRIBUTE.size + 44  # tcpi_last_data_sent in the attribute that holds struct tcp_info
_LAST_DATA_END: Final = _LAST_DATA_AT + 12
_BUFFER: Final = 1 << 16
_PATIENCE_S: Final = 2.0  # the kernel answers in milliseconds; a sandbox may not answer at all


class NetlinkTable:
    """The TCP sockets of the network namespace in which it is made.

    Raises:
        OSError: this system has no netlink for sockets.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG)
        self._socket.settimeout(_PATIENCE_S)
        self._sequence = 0

    def __del__(self) -> None:
        if hasattr(self, "_socket"):
            self._socket.close()

    def read(self) -> list[TcpSocket]:
        """Return every TCP socket that a process can hold, IPv4 and IPv6."""
        return [each for family in (socket.AF_INET, socket.AF_INET6) for each in self._dump(family)]

    def _dump(self, family: int) -> Iterator[TcpSocket]:
        self._sequence += 1
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (_INET_DIAG_INFO - 1), _STATES)
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, self._sequence, 0)
        self._socket.send(header + body)
        while True:
            sockets, is_last = parse_part(self._socket.recv(_BUFFER), self._sequence)
            yield from sockets
            if is_last:
                return


def parse_part(part: bytes, sequence: int) -> tuple[list[TcpSocket], bool]:
    """Read one part of a dump; answers to another request are passed over.

    Returns:
        The sockets in it, and whether the dump ends with it.

    Raises:
        OSError: the kernel refused.
        UnexpectedText: it does not read as netlink messages.
    """
    sockets: list[TcpSocket] = []
    info = _InfoFinder(part)
    for at, end, kind in _messages(part, sequence):
        if kind == _SOCK_DIAG_BY_FAMILY:
            sockets.append(_socket(part, at, end, info))
        elif kind == _NLMSG_DONE:
            return sockets, True
        elif kind == _NLMSG_ERROR:
            raise _refusal(part[at + _HEADER.size : end])
    return sockets, False


def _messages(part: bytes, sequence: int) -> Iterator[tuple[int, int, int]]:
    """Yield the start, the end and the type of each message that answers the request."""
    if len(part) < _HEADER.size:
        raise UnexpectedText("a netlink message is cut short")
    at = 0
    while at + _HEADER.size <= len(part):
        length, kind, _, answers, _ = _HEADER.unpack_from(part, at)
        end = at + length
        if length < _HEADER.size or end > len(part):
            raise UnexpectedText("a netlink message is cut short")
        if answers == sequence:
            yield at, end, kind
        at += (length + 3) & ~3


def _socket(part: bytes, at: int, end: int, info: _InfoFinder) -> TcpSocket:
    if end - at < _ATTRIBUTES_AT:
        raise UnexpectedText("a socket's message is too short")
    family, state, unanswered, key, waiting, inode = _MESSAGE.unpack_from(part, at + _MESSAGE_AT)
    width = 4 if family == socket.AF_INET else 16
    return TcpSocket(key, width, inode, state, unanswered, waiting, info.last_data(at + _ATTRIBUTES_AT, end))


class _InfoFinder:
    """Finds the attribute INET_DIAG_INFO, struct tcp_info, in messages that are mostly laid out alike."""

    def __init__(self, part: bytes) -> None:
        self._part = part
        self._offset = 0
        self._header = b""

    def last_data(self, at: int, end: int) -> bytes:
        """Return the fields of `TcpSocket.last_data` from the attributes between `at` and `end`; empty without them."""
        found = at + self._offset
        if not self._header or self._part[found : found + _ATTRIBUTE.size] != self._header or found >= end:
            found = self._search(at, end)
            if found < 0:
                return b""
        return self._part[found + _LAST_DATA_AT : found + _LAST_DATA_END]

    def _search(self, first: int, end: int) -> int:
        at = first
        while at + _ATTRIBUTE.size <= end:
            length, kind = _ATTRIBUTE.unpack_from(self._part, at)
            if length < _ATTRIBUTE.size or at + length > end:
                return -1
            if kind == _INET_DIAG_INFO:
                return self._remember(at, at - first) if length >= _LAST_DATA_END else -1
            at += (length + 3) & ~3
        return -1

    def _remember(self, found: int, offset: int) -> int:
        self._offset, self._header = offset, self._part[found : found + _ATTRIBUTE.size]
        return found


def _refusal(body: bytes) -> OSError:
    number = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    return OSError(number, os.strerror(number) if number > 0 else "netlink refused")
