"""What this process holds itself: what a look at the samples has let go of goes back to the system at once."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leakdoc.detection.watch import Progress


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
