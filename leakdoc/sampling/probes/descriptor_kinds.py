"""What a process's open descriptors are: sockets, files, pipes and the kernel's own kinds."""

from __future__ import annotations

from collections import Counter
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory

OTHER: Final = "other"
# Descriptors that were closed and opened again as something else leave the number as it was; they are found this often.
LOOK_AGAIN_S: Final = 60.0
_ANONYMOUS: Final = "anon_inode:"
_KIND_OF_ANONYMOUS: Final = {
    "[eventfd]": "eventfd",
    "[eventpoll]": "epoll",
    "[fanotify]": "fanotify",
    "[io_uring]": "io_uring",
    "[perf_event]": "perf_event",
    "[pidfd]": "pidfd",
    "[signalfd]": "signalfd",
    "[timerfd]": "timerfd",
    "[userfaultfd]": "userfaultfd",
    "inotify": "inotify",
}
# What a link of /proc/PID/fd starts with, the first that fits (proc_pid_fd(5)).
_KIND_OF_START: Final = (
    ("socket:[", "socket"),
    ("pipe:[", "pipe"),
    ("pidfd:[", "pidfd"),  # from kernel 6.9 on these have a file system of their own
    ("/memfd:", "memfd"),
    ("/dev/shm/", "file"),
    ("/dev/", "device"),
    ("/", "file"),
)


class DescriptorKindsProbe:
    """Open descriptors by kind, ``open_fds{kind}``.

    Each link costs some 4 µs to read, so that they are read only once their number has changed, and then only of
    descriptors that were not there before; all of them once a minute.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._kind_of: dict[str, str] = {}
        self._told: set[str] = set()
        self._size = -1
        self._looked_s: float | None = None

    def read(self, reading: Reading) -> None:
        """Put the number of each kind that was ever seen, unless nothing has changed."""
        size = self._directory.size("fd")  # zero before kernel 6.2: then every reading is a look
        is_old = self._looked_s is None or reading.monotonic_s - self._looked_s >= LOOK_AGAIN_S
        if size == self._size and size and not is_old:
            return
        self._look({} if is_old else self._kind_of)
        self._size = size
        if is_old:
            self._looked_s = reading.monotonic_s
        counts = Counter(self._kind_of.values())
        self._told.update(counts)
        reading.values.update((Column.of("open_fds", kind=kind), float(counts[kind])) for kind in sorted(self._told))

    def _look(self, before: dict[str, str]) -> None:
        found = {name: before.get(name) or self._read(name) for name in self._directory.names("fd")}
        self._kind_of = {name: kind for name, kind in found.items() if kind}

    def _read(self, name: str) -> str:
        try:
            return kind_of(self._directory.link(f"fd/{name}"))
        except FileNotFoundError:
            return ""  # closed since its name was listed


def kind_of(link: str) -> str:
    """Return what a descriptor is, told by where its link in `/proc/PID/fd` points; nothing foreign is in the word."""
    if link.startswith(_ANONYMOUS):
        return _KIND_OF_ANONYMOUS.get(link[len(_ANONYMOUS) :], OTHER)
    return next((kind for start, kind in _KIND_OF_START if link.startswith(start)), OTHER)
