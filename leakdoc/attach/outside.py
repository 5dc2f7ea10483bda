"""Which memory a process has, read from outside: counters that the kernel keeps anyway, so that nothing is touched.

Formats: proc_pid_status(5), proc_pid_statm(5). `smaps` is not read: it walks the target's pages under its lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leakdoc.sampling.procfs import ProcessDirectory, parse_status

_KILO: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """One reading, in bytes; null where this kernel does not tell.

    Args:
        page_tables: what the kernel needs to map it all.
        stacks: an upper bound of what threads' stacks may hold: their number times what one has touched is not told.
    """

    at_s: float
    rss: int
    anon: int | None
    file: int | None
    shared: int | None
    page_tables: int | None
    threads: int | None
    swap: int | None


def read_outside(directory: ProcessDirectory, at_s: float) -> Outside:
    """Read the counters.

    Raises:
        OSError: the process has ended, or is not ours to look at.
    """
    status = parse_status(directory.text("status"))

    def size(name: str) -> int | None:
        kilo = status.get(name)
        return None if kilo is None else kilo * _KILO

    rss = size("VmRSS")
    if rss is None:
        raise ProcessLookupError("it has no memory any more")
    return Outside(
        at_s=at_s,
        rss=rss,
        anon=size("RssAnon"),
        file=size("RssFile"),
        shared=size("RssShmem"),
        page_tables=size("VmPTE"),
        threads=status.get("Threads"),
        swap=size("VmSwap"),
    )
