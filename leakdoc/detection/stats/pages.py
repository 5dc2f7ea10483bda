"""Pages kept between arrays: giving each back to the kernel, and faulting it in anew, costs a fleet a quarter more.

The GNU C library gives back what lies free at the end of the heap once it is twice the largest mapping that was freed
so far, and at least 128 KiB (mallopt(3), M_TRIM_THRESHOLD and the dynamic M_MMAP_THRESHOLD). Arrays of a megabyte that
come and go thus cost a page fault for every 4 KiB. Other C libraries are left as they are.
"""

from __future__ import annotations

from typing import Final

import numpy as np

_LARGEST_BYTES: Final = 16 * 2**20  # twice as much may stay with the process; the library ignores more than 32 MiB


def keep_pages() -> None:
    """Map and unmap a large piece, of which nothing is touched, so that smaller ones are kept when they are freed."""
    np.empty(_LARGEST_BYTES, dtype=np.uint8)
