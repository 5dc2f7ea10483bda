"""What came of a rollout in a server's samples, read anew whenever somebody looks."""

from __future__ import annotations

from collections.abc import Callable

from leakdoc.errors import SourceError, UsageError
from leakdoc.model.trace import Trace
from leakdoc.verification.workload import rollout_of


class GrowingWorkload:
    """The processes of the new build of a workload, as they are scraped.

    Args:
        read: returns the workload's trace up to now.
        at: when the rollout was; seconds since the epoch.
        away: told why a server did not answer a look; the next look asks again.
    """

    def __init__(self, read: Callable[[], Trace], at: float, *, away: Callable[[SourceError], None]) -> None:
        self._read, self._at, self._away = read, at, away
        self.trouble: SourceError | None = None  # the last one

    def trace(self) -> Trace | None:
        """Return what there is of the new build; null while none of it has been scraped, or can be asked for."""
        try:
            return rollout_of(self._read(), self._at).after
        except UsageError:
            return None
        except SourceError as error:
            self.trouble = error
            self._away(error)
            return None

    def ended(self) -> bool:
        """A workload is not taken to have ended: its pods are replaced."""
        return False

    def serves(self, old: str | None) -> bool | None:
        """Whether the process that began last is one of the old build; null where builds are not told.

        Raises:
            SourceError: the server does not answer.
        """
        trace = self._read()
        if old is None or any(life.version is None for life in trace.lives):
            return None
        latest = max(trace.lives, key=lambda life: float(trace.times[life.first]))
        return latest.version == old
