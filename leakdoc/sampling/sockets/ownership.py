"""Which sockets a process holds: the inodes behind its descriptors, remembered between readings."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from leakdoc.sampling.procfs import ProcessDirectory

_SOCKET: Final = "socket:["
# Sockets handed over by, or left with, another process do not show as new; they are found this often.
LOOK_AGAIN_S: Final = 60.0


class HeldInodes:
    """The inodes of the sockets that a process holds.

    Reading every descriptor's link costs 4 µs each, so links are only read again when the system has a socket that was
    not seen before, and then only of descriptors whose socket is gone. A count of descriptors would not do: it misses a
    close that is followed by an open.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._inode_of: dict[str, int] = {}
        self._held: frozenset[int] = frozenset()
        self._seen: AbstractSet[int] = frozenset()
        self._looked_s: float | None = None

    def among(self, inodes: AbstractSet[int], now_s: float) -> frozenset[int]:
        """Return those of the inodes that the process holds.

        Args:
            inodes: of all sockets in its network namespace.
            now_s: on the monotonic clock.

        Raises:
            PermissionError: its descriptors are not ours to see.
            ProcessLookupError: it has ended.
        """
        if self._looked_s is None or now_s - self._looked_s >= LOOK_AGAIN_S:
            self._looked_s, self._inode_of = now_s, {}
            self._look(inodes)
        elif not inodes <= self._seen:
            self._look(inodes)
        self._seen = inodes
        return self._held & inodes

    def count(self) -> int:
        """Return how many descriptors it has open; 0 where the kernel does not tell without listing them.

        Raises:
            ProcessLookupError: it has ended.
        """
        return self._directory.size("fd")

    def _look(self, inodes: AbstractSet[int]) -> None:
        before = self._inode_of
        self._inode_of = {}
        for name in self._directory.names("fd"):
            inode = before.get(name, 0)
            self._inode_of[name] = inode if inode in inodes else self._read(name)
        self._held = frozenset(self._inode_of.values())

    def _read(self, name: str) -> int:
        try:
            return socket_inode(self._directory.link(f"fd/{name}"))
        except FileNotFoundError:
            return 0  # closed since its name was listed


def socket_inode(link: str) -> int:
    """Return the inode in ``socket:[4026]``; 0 for a link to anything else."""
    digits = link[len(_SOCKET) : -1] if link.startswith(_SOCKET) else ""
    return int(digits) if digits.isascii() and digits.isdigit() else 0
