"""Who is in a crew at this moment: newcomers found among the system's processes, each looked at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from typing import Final

from leakdoc.sampling.crew.belonging import Belonging

# A pid that is given to another process between two listings is not new; everybody is looked at again this often.
LOOK_AGAIN_S: Final = 60.0


def listed_pids() -> Collection[int]:
    """Return the pids of all processes that this system shows us."""
    if sys.platform == "linux":
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - ten times quicker
    import psutil

    return psutil.pids()


class Roster:
    """Finds the newcomers of one crew.

    A listing of all processes costs about half a microsecond each; what a process belongs to is only read of those
    that were not there at the listing before.
    """

    def __init__(self, belonging: Belonging, listing: Callable[[], Collection[int]] = listed_pids) -> None:
        self._belonging = belonging
        self._listing = listing
        self._seen: set[int] = set()
        self._looked_s: float | None = None

    def newcomers(self, members: set[int], now_s: float) -> list[int]:
        """Return who has joined since the last call, in ascending order.

        Args:
            members: who is known to be in it, and lives.
            now_s: on the monotonic clock.
        """
        present = set(self._listing())
        if self._looked_s is None or now_s - self._looked_s >= LOOK_AGAIN_S:
            self._seen, self._looked_s = set(), now_s
        new = present - self._seen - members
        self._seen = present
        return sorted(self._belonging.among(new, members))
