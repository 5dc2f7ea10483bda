"""From a series to the few points that are fitted: cleaned, cut into lives, taken at the floor of a sawtooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins, bin_rows
from leakdoc.detection.stats.envelope import cycle_minima
from leakdoc.detection.stats.lives import split_at_drops
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Series
from leakdoc.detection.stats.tidying import Rows, tidy, without_spikes

_DOUBTFUL_LIVES: Final = 4
_FEWEST: Final = 2  # differences and medians need two readings, whatever the policy allows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What is left of a series.

    Args:
        raw: every finite reading.
        whole: the same without spikes.
        rows: what was binned: `whole` cut at unrecorded restarts, or only the floors of a sawtooth.
        bins: null where there are too few readings.
        inferred: how many restarts nobody recorded.
        floors: whether `rows` are floors.
    """

    raw: Rows
    whole: Rows
    rows: Rows
    bins: Bins | None
    inferred: int = 0
    floors: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether so many restarts were inferred that they may well be collections."""
        return self.inferred >= _DOUBTFUL_LIVES


def prepare(series: Series, policy: GrowthPolicy) -> Prepared:
    """Clean, cut and bin a series."""
    raw = tidy(series)
    if len(raw) < max(policy.min_samples, _FEWEST):
        return Prepared(raw=raw, whole=raw, rows=raw, bins=None)
    whole = without_spikes(raw, policy)
    floors = cycle_minima(whole, policy) if whole.lives == 1 else None
    if floors is not None:
        rows = whole.keep(np.isin(np.arange(len(whole)), floors))
        return Prepared(raw=raw, whole=whole, rows=rows, bins=bin_rows(rows, policy, raw=True), floors=True)
    rows = whole if series.starts_known else split_at_drops(whole, policy)
    return Prepared(raw=raw, whole=whole, rows=rows, bins=bin_rows(rows, policy), inferred=rows.lives - whole.lives)
