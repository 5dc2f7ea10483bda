"""What the target's threads wait for: the system call that each is in, and, of a blocking read, which peer.

`/proc/PID/task/TID/syscall` tells the call and its arguments, and stops nothing; it needs the right to trace. A socket
that has a timeout is waited for by poll, whose peer is not told. Numbers: arch/x86/entry/syscalls/syscall_64.tbl,
include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Final

from leakdoc.model.sample import Column, Reason
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.ownership import socket_inode
from leakdoc.sampling.sockets.peers import Group

METRICS: Final = ("threads_parked",)
STILL_S: Final = 5.0  # in one place for so long; one that works is seen in another sooner, as a rule
RUNNING: Final = "nothing"
_READS: Final = "read"

# What a thread is in, by machine: x86-64, and the numbers that all newer machines share.
_X86: Final = {
    0: _READS, 45: _READS, 47: _READS, 19: _READS, 1: "write", 44: "write", 46: "write", 20: "write",
    7: "poll", 271: "poll", 23: "poll", 270: "poll", 232: "epoll", 281: "epoll", 441: "epoll",
    202: "lock", 449: "lock", 42: "connect", 43: "accept", 288: "accept", 35: "sleep", 230: "sleep",
    61: "child", 247: "child", 72: "file lock", 73: "file lock", 74: "disk", 75: "disk",
}  # fmt: skip
_GENERIC: Final = {
    63: _READS, 207: _READS, 212: _READS, 65: _READS, 64: "write", 206: "write", 211: "write", 66: "write",
    73: "poll", 72: "poll", 22: "epoll", 441: "epoll", 98: "lock", 449: "lock", 203: "connect", 202: "accept",
    242: "accept", 101: "sleep", 115: "sleep", 260: "child", 95: "child", 25: "file lock", 32: "file lock",
    82: "disk", 83: "disk",
}  # fmt: skip
_CALLS: Final = _X86 if os.uname().machine in ("x86_64", "AMD64") else _GENERIC


class ParkedProbe:
    """What threads are parked on.

    Args:
        peer_of: tells whom a socket of the target is with, by its inode.
    """

    def __init__(self, directory: ProcessDirectory, peer_of: Callable[[int], Group | None] = lambda _: None) -> None:
        self._directory = directory
        self._peer_of = peer_of
        self._seen: set[str] = set()
        self._peers: set[Group] = set()
        self._places: dict[str, tuple[str, float]] = {}

    def read(self, reading: Reading) -> None:
        """Put ``threads_parked{on}``, ``threads_reading{…}`` by the peer whose answer they wait for, and
        ``threads_still``: those that were in the same call, at the same place, at every reading for so long.
        """
        parked: Counter[str] = Counter()
        peers: Counter[Group] = Counter()
        denied = 0
        before, self._places = self._places, {}
        for thread in self._directory.names("task"):
            try:
                line = self._directory.text(f"task/{thread}/syscall").strip()
            except (FileNotFoundError, ProcessLookupError):
                continue  # this thread ended since its name was listed
            except PermissionError:
                denied += 1
                continue
            place, since_s = before.get(thread, ("", 0.0))
            self._places[thread] = line, since_s if place == line and on_call(line) else reading.monotonic_s
            on, peer = self._of(line.split())
            parked[on] += 1
            if peer is not None:
                peers[peer] += 1
        if denied and not parked:
            reading.unavailable["threads_parked"] = Reason.DENIED
            return
        self._put(reading, parked, peers)
        still = sum(reading.monotonic_s - since_s >= STILL_S for _, since_s in self._places.values())
        reading.values[Column("threads_still")] = float(still)

    def _put(self, reading: Reading, parked: Counter[str], peers: Counter[Group]) -> None:
        self._seen |= parked.keys()
        self._peers |= peers.keys()
        for on in self._seen:
            reading.values[Column.of("threads_parked", on=on)] = float(parked[on])
        for group in self._peers:
            reading.values[Column.of("threads_reading", **group.labels)] = float(peers[group])

    def _of(self, words: list[str]) -> tuple[str, Group | None]:
        on = parked_on(words)
        if on != _READS or len(words) < 2:
            return on, None
        try:
            inode = socket_inode(self._directory.link(f"fd/{int(words[1], 16)}"))
        except (OSError, ValueError):
            return on, None
        return on, self._peer_of(inode)


def on_call(line: str) -> bool:
    """Say whether a thread is in a system call."""
    return parked_on(line.split()) != RUNNING


def parked_on(words: list[str]) -> str:
    """Return what the words of ``syscall`` say: ``running``, or a number and the arguments of a call."""
    if not words or words[0] in ("running", "-1") or not words[0].isdigit():
        return RUNNING
    return _CALLS.get(int(words[0]), "another call")
