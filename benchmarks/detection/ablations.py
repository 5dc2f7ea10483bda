"""What each part carries: the judge without it, on the same traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.detection.scene import Labelled
from benchmarks.detection.score import Tally
from benchmarks.detection.spreading import spread
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Series
from leakdoc.model.decision import Decision

_USUAL = GrowthPolicy()
POLICIES = {
    "nothing taken away": _USUAL,
    "without the tail's own word": replace(_USUAL, tail_slope=0.0, tail_exposure=0.0),
    "without the staircase": replace(_USUAL, min_rises=1, quiet_pauses=1e9),
    "without doubt in exact shapes": replace(_USUAL, shape_doubt=0.0, load_doubt=0.0),
    "without the season": replace(_USUAL, season_from=1e12),
    "without floors of a sawtooth": replace(_USUAL, min_cycles=10_000),
    "without spikes left out": replace(_USUAL, spike_fraction=0.0),
}


def without_load(series: Series) -> Series:
    return replace(series, load=None)


def without_starts(series: Series) -> Series:
    order = np.argsort(series.times_s, kind="stable")
    return replace(
        series, times_s=series.times_s[order], values=series.values[order], life=np.zeros(len(order), dtype=np.intp),
        life_started_s=np.asarray([np.nan]), starts_known=False,
        load=None if series.load is None else series.load[order],
    )  # fmt: skip


SERIES: dict[str, Callable[[Series], Series]] = {
    "without the load": without_load, "without restart times": without_starts,
}  # fmt: skip


def ablations(traces: Sequence[Labelled], jobs: int = 1) -> dict[str, Tally]:
    """Return the tally of each."""
    found: dict[str, Tally] = {}
    for name in (*POLICIES, *SERIES):
        tally = found[name] = Tally()
        for one, alarm in zip(traces, spread(partial(_alarm, name), traces, jobs), strict=True):
            tally.add(one.leak, alarm)
    return found


def _alarm(name: str, one: Labelled) -> bool:
    series = SERIES[name](one.series) if name in SERIES else one.series
    return judge(series, POLICIES.get(name, _USUAL)).decision is Decision.LEAKING
