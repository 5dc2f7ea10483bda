"""The laboratory's work spread over processes; what comes back is in the order of what went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import Final, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")
_AT_ONCE: Final = 8


def spread(work: Callable[[Item], Found], items: Sequence[Item], jobs: int = 1) -> list[Found]:
    """Do the same to every item.

    Args:
        work: a function of a module, or a `functools.partial` of one, so that another process can find it.
        jobs: how many processes; one is this one.
    """
    if jobs <= 1 or len(items) <= _AT_ONCE:
        return [work(item) for item in items]
    with get_context("spawn").Pool(jobs) as pool:
        return pool.map(work, items, chunksize=_AT_ONCE)
