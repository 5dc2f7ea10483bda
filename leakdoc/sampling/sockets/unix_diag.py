"""The kernel's own table of Unix sockets, asked over netlink: which end is joined to which, and under what name.

Needs no privilege. Layouts: include/uapi/linux/unix_diag.h; sock_diag(7).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from leakdoc.sampling.procfs import UnexpectedText

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_REQUEST_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_SHOW: Final = 0x01 | 0x04 | 0x10  # name, peer, queues; how it was shut down comes unasked
_NAME, _PEER, _QUEUES, _SHUTDOWN = 0, 2, 4, 6
_EVERY: Final = 0xFFFF_FFFF  # state; and no cookie
_HEADER: Final = struct.Struct("=IHHII")
_REQUEST: Final = struct.Struct("=BBHIIIII")  # struct unix_diag_req
_MESSAGE: Final = struct.Struct("=BBBBI8x")  # struct unix_diag_msg: family, type, state, pad, inode, cookie
_ATTRIBUTE: Final = struct.Struct("=HH")
_WORD: Final = struct.Struct("=I")
_BUFFER: Final = 1 << 16
_PATIENCE_S: Final = 2.0
_RECEIVE: Final = 1  # RCV_SHUTDOWN: the peer will send no more


class UnixSocket(NamedTuple):
    """A Unix socket.

    Args:
        kind: `SOCK_STREAM` and so on.
        state: as of TCP: 1 established, 10 listening, 7 neither.
        name: its path, ``@name`` for an abstract one; empty for none. Foreign text.
        peer: the inode of the other end; 0 for none, or for one that is closed.
        waiting: bytes, or connections of a listening socket, that wait.
        is_ended: whether the peer has closed.
    """

    inode: int
    kind: int
    state: int
    name: str = ""
    peer: int = 0
    waiting: int = 0
    is_ended: bool = False


class UnixTable:
    """The Unix sockets of the network namespace in which it is made.

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

    def read(self) -> list[UnixSocket]:
        """Return every Unix socket.

        Raises:
            OSError: the kernel refuses.
            UnexpectedText: it does not answer as its format says.
        """
        self._sequence += 1
        body = _REQUEST.pack(socket.AF_UNIX, 0, 0, _EVERY, 0, _SHOW, _EVERY, _EVERY)
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, self._sequence, 0)
        self._socket.send(header + body)
        found: list[UnixSocket] = []
        while True:
            sockets, is_last = parse_unix_part(self._socket.recv(_BUFFER), self._sequence)
            found += sockets
            if is_last:
                return found


def parse_unix_part(part: bytes, sequence: int) -> tuple[list[UnixSocket], bool]:
    """Read one part of a dump; answers to another request are passed over.

    Returns:
        The sockets in it, and whether the dump ends with it.

    Raises:
        OSError: the kernel refused.
        UnexpectedText: it does not read as netlink messages.
    """
    found: list[UnixSocket] = []
    at = 0
    while at + _HEADER.size <= len(part):
        length, kind, _, answers, _ = _HEADER.unpack_from(part, at)
        if length < _HEADER.size or at + length > len(part):
            raise UnexpectedText("a netlink message is cut short")
        body = part[at + _HEADER.size : at + length]
        at += (length + 3) & ~3
        if answers != sequence:
            continue
        if kind == _NLMSG_DONE:
            return found, True
        if kind == _NLMSG_ERROR:
            number = -int(struct.unpack_from("=i", body)[0]) if len(body) >= 4 else 0
            raise OSError(number, os.strerror(number) if number > 0 else "netlink refused")
        if kind == _SOCK_DIAG_BY_FAMILY:
            found.append(_socket(body))
    if at < len(part) or not part:
        raise UnexpectedText("a netlink message is cut short")
    return found, False


def _socket(body: bytes) -> UnixSocket:
    if len(body) < _MESSAGE.size:
        raise UnexpectedText("a socket's message is cut short")
    _, kind, state, _, inode = _MESSAGE.unpack_from(body)
    told = dict(_attributes(body))
    return UnixSocket(
        inode=inode,
        kind=kind,
        state=state,
        name=_name(told.get(_NAME, b"")),
        peer=_word(told.get(_PEER, b"")),
        waiting=_word(told.get(_QUEUES, b"")),
        is_ended=bool(told.get(_SHUTDOWN, b"\0")[0] & _RECEIVE),
    )


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = _MESSAGE.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size or at + length > len(body):
            return
        yield kind, body[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _name(raw: bytes) -> str:
    """Return a path, without the NUL that ends it; an abstract name begins with a NUL and has no end."""
    text = raw.decode("utf-8", "replace")
    return f"@{text[1:]}" if text.startswith("\0") else text.rstrip("\0")


def _word(raw: bytes) -> int:
    return int(_WORD.unpack_from(raw)[0]) if len(raw) >= _WORD.size else 0
