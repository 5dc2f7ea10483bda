"""What this process holds itself: what it has let go of goes back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from leakdoc.detection.watch import Progress

_MMAP_THRESHOLD: Final = -3  # M_MMAP_THRESHOLD in malloc.h
_LARGE_BYTES: Final = 32 << 10  # below the outputs that a record's events keep; said aloud, it does not grow by itself


def given_back_after_looks(show: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """Return what shows a watch's progress and, after each look, keeps this process small."""

    def shown(progress: Progress) -> None:
        if show is not None:
            show(progress)
        if progress.is_new:
            give_back()

    return shown


def give_back() -> None:
    """Give back to the system what was freed inside the heap: ``malloc_trim(3)`` of glibc; elsewhere nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def large_pieces_apart() -> None:
    """Give what is large a mapping of its own, which ends when it is freed: ``mallopt(3)`` of glibc; elsewhere nothing.

    Long texts that come and go among short ones that stay would leave holes in the heap that the next one does not fit.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_MMAP_THRESHOLD, _LARGE_BYTES)
