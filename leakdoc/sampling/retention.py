"""How large a recording may grow, and what becomes of its oldest samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Two months of one process at one sample a second as rows, years of it in blocks: a forgotten watch fills no disk.
LARGEST_BYTES: Final = 2**30
# Samples of one process at one a second are thinned to one a minute, then to one in ten minutes, then to one an hour.
LEVELS_S: Final = (60.0, 600.0, 3_600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What bounds a recording.

    Args:
        largest_bytes: the size that the file may grow to; the oldest samples are thinned, then dropped, to stay in it.
        keep_s: the age beyond which samples are dropped; null for never.
        whole_s: the age beyond which samples are thinned to a minimum, a mean and a maximum; null for never.
    """

    largest_bytes: int = LARGEST_BYTES
    keep_s: float | None = None
    whole_s: float | None = None

    @property
    def comfortable_bytes(self) -> int:
        """The size from which on room is made: recent rows need some, and so does each change of the file."""
        return self.largest_bytes * 7 // 10


def next_level(every_s: float) -> float | None:
    """Return the seconds a sample that samples of this level are thinned to; null where they are to be dropped."""
    return next((level for level in LEVELS_S if level > every_s), None)
