"""One series as a Prometheus gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leakdoc.model.trace import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawSeries:
    """The samples of one series, ascending in time.

    Args:
        labels: with the metric's name under ``__name__``.
        times: shape (n,), seconds since the epoch.
        values: shape (n,); readings that are no numbers, stale markers among them, are left out by `usable`.
        is_finite: whether it is known that all of them are numbers.
    """

    labels: Mapping[str, str]
    times: FloatArray
    values: FloatArray
    is_finite: bool = False

    def usable(self) -> RawSeries:
        """Return the series without readings that are not finite."""
        finite = None if self.is_finite else np.isfinite(self.values)
        if finite is None or finite.all():
            return self
        return RawSeries(labels=self.labels, times=self.times[finite], values=self.values[finite], is_finite=True)

    def positive(self) -> RawSeries:
        """Return the series without readings that are not above zero."""
        above = self.values > 0.0
        if above.all():
            return self
        return RawSeries(
            labels=self.labels, times=self.times[above], values=self.values[above], is_finite=self.is_finite
        )

    def turns(self) -> RawSeries:
        """Return the usable samples at which a value begins or ends: all that a limit, or a start, has to tell."""
        usable = self.usable()
        if len(usable.times) < 3:
            return usable
        differs = np.diff(usable.values) != 0.0
        kept = np.append(True, differs) | np.append(differs, True)
        return RawSeries(labels=self.labels, times=usable.times[kept], values=usable.values[kept], is_finite=True)
