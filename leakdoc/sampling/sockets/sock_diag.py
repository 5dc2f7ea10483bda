"""The kernel's own table of TCP sockets, asked over netlink: states, queues and idle ages in one dump.

Needs no privilege, and touches no process. Layouts: include/uapi/linux/{netlink,sock_diag,inet_diag,tcp}.h, and
sock_diag(7).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sockets.tcp import TIME_WAIT, TcpSocket

T = TypeVar("T")

_NETLINK_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20  # SOCK_DIAG_BY_FAMILY
# TCPDIAG_GETSOCK, the older request: all families in one walk through the kernel's table, where the newer takes two.
_EVERY_FAMILY: Final = 18
SOCKET_KINDS: Final = (_BY_FAMILY, _EVERY_FAMILY)  # an answer is of the kind of its request
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_REQUEST_ONE: Final = 0x1  # NLM_F_REQUEST
_REQUEST_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_INET_DIAG_INFO: Final = 2
_INFO: Final = 1 << (_INET_DIAG_INFO - 1)
# TIME_WAIT and SYN_RECV are held by no process, and there may be many of them.
_ALL: Final = 0xFFFF_FFFF
_HELD: Final = sum(1 << state for state in (1, 2, 4, 5, 7, 8, 9, 10, 11))

_HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_REQUEST: Final = struct.Struct("=BBBxI48s")  # struct inet_diag_req_v2; the socket's id is last
_ANY: Final = bytes(48)
_OLD_REQUEST: Final = struct.Struct("=3xB48xI4x")  # struct inet_diag_req, the same
# struct nlmsghdr, and behind it struct inet_diag_msg: family, state, timer, retrans, socket id, expires, rqueue,
# wqueue, uid, inode. Both are unpacked in one go: there may be tens of thousands.
_MESSAGE: Final = struct.Struct("=IHHII BBBB48s4xII4xI")
SOCKET_SIZE: Final = _MESSAGE.size
_ATTRIBUTE: Final = struct.Struct("=HH")  # struct nlattr

_WIDTH: Final = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}  # of an address, in bytes
_LAST_DATA_AT: Final = _ATTRIBUTE.size + 44  # tcpi_last_data_sent in the attribute that holds struct tcp_info
_LAST_DATA_END: Final = _LAST_DATA_AT + 16
_SEGMENTS_END: Final = _ATTRIBUTE.size + 160  # behind tcpi_data_segs_out, which old kernels lack
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
        self._is_at_once = True

    def __del__(self) -> None:
        if hasattr(self, "_socket"):
            self._socket.close()

    def read(self) -> list[TcpSocket]:
        """Return every TCP socket that a process can hold, IPv4 and IPv6."""
        return self._read(_HELD, _INFO)

    def read_time_wait(self) -> list[TcpSocket]:
        """Return what is left of connections that this side closed first: nobody holds it, and it keeps a port."""
        return self._read(1 << TIME_WAIT, 0)

    def read_state(self, state: int) -> list[TcpSocket]:
        """Return the sockets in one state; the kernel passes over all others."""
        return self._read(1 << state, _INFO)

    def read_unparsed(self) -> list[Dump]:
        """Return what `read` reads, as it came."""
        return self._asked(_HELD, _INFO, self._unparsed)

    def still_held(self, sockets: Sequence[TcpSocket]) -> frozenset[bytes]:
        """Return the keys of those that are there still, and that a process holds: each is asked for by itself."""
        return frozenset(each.key for each in sockets if self._is_held(each))

    def _is_held(self, each: TcpSocket) -> bool:
        family = socket.AF_INET if each.width == 4 else socket.AF_INET6
        self._ask(_BY_FAMILY, _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _ALL, each.key), _REQUEST_ONE)
        try:
            found, _ = parse_part(self._socket.recv(_BUFFER), self._sequence)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE):  # it is gone, or its ends are another's now
                return False
            raise
        return any(one.key == each.key and one.inode for one in found)

    def _read(self, states: int, extensions: int) -> list[TcpSocket]:
        return [each for sockets in self._asked(states, extensions, self._parsed) for each in sockets]

    def _asked(self, states: int, extensions: int, take: Callable[[], T]) -> list[T]:
        """Ask for all families at once, or, where that is refused, for one after the other."""
        if self._is_at_once:
            try:
                self._ask(_EVERY_FAMILY, _OLD_REQUEST.pack(extensions, states))
                return [take()]
            except OSError:
                self._is_at_once = False
        found = []
        for family in (socket.AF_INET, socket.AF_INET6):
            self._ask(_BY_FAMILY, _REQUEST.pack(family, socket.IPPROTO_TCP, extensions, states, _ANY))
            found.append(take())
        return found

    def _ask(self, kind: int, body: bytes, flags: int = _REQUEST_DUMP) -> None:
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(body), kind, flags, self._sequence, 0)
        self._socket.send(header + body)

    def _parsed(self) -> list[TcpSocket]:
        found: list[TcpSocket] = []
        while True:
            sockets, is_last = parse_part(self._socket.recv(_BUFFER), self._sequence)
            found += sockets
            if is_last:
                return found

    def _unparsed(self) -> Dump:
        """Take parts until the kernel has no more at once, which it has as long as the dump goes on."""
        messages, last = bytearray(), b""
        self._socket.setblocking(False)
        try:
            while True:
                try:
                    last = self._socket.recv(_BUFFER)
                except BlockingIOError:
                    if last and parse_part(last, self._sequence)[1]:
                        return Dump(messages, self._sequence)
                    self._socket.settimeout(_PATIENCE_S)
                    last = self._socket.recv(_BUFFER)
                    self._socket.setblocking(False)
                messages += last
                messages += bytes(-len(messages) % 4)
        finally:
            self._socket.settimeout(_PATIENCE_S)


class Dump(NamedTuple):
    """The messages of a dump, one after the other, and the sequence number of those that belong to it."""

    messages: bytearray
    sequence: int


def parse_part(part: bytes, sequence: int) -> tuple[list[TcpSocket], bool]:
    """Read one part of a dump; answers to another request are passed over.

    Returns:
        The sockets in it, and whether the dump ends with it.

    Raises:
        OSError: the kernel refused.
        UnexpectedText: it does not read as netlink messages.
    """
    sockets: list[TcpSocket] = []
    find = _InfoFinder(part).last_data
    at, end = 0, len(part)
    while at + _MESSAGE.size <= end:
        (
            length, kind, _, answers, _, family, state, timer, unanswered, key, waiting, unsent, inode
        ) = _MESSAGE.unpack_from(part, at)  # fmt: skip
        if kind not in SOCKET_KINDS:
            break
        if length < _MESSAGE.size or at + length > end:
            raise UnexpectedText("a socket's message is cut short")
        if answers == sequence:
            last_data = find(at + _MESSAGE.size, at + length)
            width = _WIDTH.get(family, 16)
            sockets.append(TcpSocket(key, width, inode, state, unanswered, waiting, last_data, unsent, timer))
        at += (length + 3) & ~3
    return sockets, _ends_dump(part, at, sequence)


def _ends_dump(part: bytes, at: int, sequence: int) -> bool:
    """Read what follows the sockets; say whether it is the end of the dump."""
    while at + _HEADER.size <= len(part):
        length, kind, _, answers, _ = _HEADER.unpack_from(part, at)
        if length < _HEADER.size or at + length > len(part):
            raise UnexpectedText("a netlink message is cut short")
        if answers == sequence and kind == _NLMSG_DONE:
            return True
        if answers == sequence and kind == _NLMSG_ERROR:
            raise _refusal(part[at + _HEADER.size : at + length])
        at += (length + 3) & ~3
    if at < len(part) or not part:
        raise UnexpectedText("a netlink message is cut short")
    return False


class _InfoFinder:
    """Finds the attribute INET_DIAG_INFO, struct tcp_info, in messages that are mostly laid out alike."""

    def __init__(self, part: bytes) -> None:
        self._part = part
        self._offset = 0
        self._end = 0
        self._header = b""

    def last_data(self, at: int, end: int) -> bytes:
        """Return the fields of `TcpSocket.last_data` from the attributes between `at` and `end`; empty without them."""
        found = at + self._offset
        if not self._header or self._part[found : found + _ATTRIBUTE.size] != self._header or found >= end:
            found = self._search(at, end)
            if found < 0:
                return b""
        return self._part[found + _LAST_DATA_AT : found + self._end]

    def _search(self, first: int, end: int) -> int:
        info = info_in(self._part, first, end)
        if info is None:
            return -1
        self._offset, self._header = info.at - first, self._part[info.at : info.at + _ATTRIBUTE.size]
        self._end = _LAST_DATA_AT + info.told
        return info.at


class Info(NamedTuple):
    """Where struct tcp_info is: the offset of its attribute; and how many bytes of `TcpSocket.last_data` it has."""

    at: int
    told: int


def info_in(part: bytes | bytearray, first: int, end: int) -> Info | None:
    """Return where the attributes between two offsets hold struct tcp_info; null where they do not, or not enough."""
    at = first
    while at + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(part, at)
        if length < _ATTRIBUTE.size or at + length > end:
            return None
        if kind == _INET_DIAG_INFO:
            if length < _LAST_DATA_END:
                return None
            return Info(at, (_SEGMENTS_END if length >= _SEGMENTS_END else _LAST_DATA_END) - _LAST_DATA_AT)
        at += (length + 3) & ~3
    return None


def _refusal(body: bytes) -> OSError:
    number = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    return OSError(number, os.strerror(number) if number > 0 else "netlink refused")
