"""What the statistics of growth take in and give back. Nothing here knows of processes, files or traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leakdoc.model.decision import Decision
from leakdoc.model.finding import Interval, Json
from leakdoc.units import Unit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """One metric of one subject, as the growth judge reads it.

    Rows are grouped by life and ascend in time within each; lives may overlap in time (workers).

    Args:
        times_s: shape (n,), seconds on any origin.
        values: shape (n,), in `unit`; NaN is a missing reading.
        life: shape (n,), index of each row's life, not decreasing.
        life_started_s: shape (lives,), each process's start on the axis of `times_s`; NaN when unknown.
        starts_known: whether the source tells process starts, so that a drop is not taken for a restart.
        load: shape (n,), cumulative requests (may reset with each life); NaN is missing; null when there is no load.
        effort: shape (n,), cumulative seconds of processor time, of the process that `values` are of; NaN is missing;
            null where nobody read them.
        limit: what `values` may not pass, in `unit`; null when there is none.
        life_limit: shape (lives,), what each process may not pass alone; NaN is none; null where they share `limit`.
        life_names: what a person calls each life, such as ``pid 42``; empty where nothing tells.
    """

    times_s: FloatArray
    values: FloatArray
    life: IntArray
    life_started_s: FloatArray
    unit: Unit
    starts_known: bool = False
    load: FloatArray | None = None
    effort: FloatArray | None = None
    limit: float | None = None
    life_limit: FloatArray | None = None
    life_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The verdict on one series.

    Rates are in the series' unit per second, durations in seconds.

    Args:
        reason: one sentence without the subject's name, e.g. ``grows 70 MiB/h (66 to 74), linear for 6 h``.
        probability: that the series grows without an end, between 0 and 1; null when too little data to say.
        confidence: that `decision` is right, between 0 and 1; null when too little data to say.
        shape: name of the shape that fits best; null when none was fitted.
        slope_per_s: growth at the end of the series, every confounder taken out; null when not estimable.
        smallest_detectable_per_s: the slowest growth that this data would have shown.
        worst_case_per_s: the fastest growth still compatible with the data (upper end of the interval over all
            shapes that are not ruled out).
        level: the fitted value at the end of the series.
        time_to_limit_s: with its interval; null without a limit or without growth; an open end is null.
        needs_more_s: seconds of further data a decision needs; null when decided, when no amount would help, or when it
            depends on what the process does next.
        look_again_s: seconds after which it is worth looking again where that is so; half are decided by then.
        grew_for_s: how long the growth has lasted; null when there is none.
        evidence: segments, load effect, season, what was excluded and why: ready for JSON, times on the series' axis.
    """

    decision: Decision
    reason: str
    probability: float | None = None
    confidence: float | None = None
    shape: str | None = None
    slope_per_s: Interval | None = None
    smallest_detectable_per_s: float | None = None
    worst_case_per_s: float | None = None
    level: float | None = None
    time_to_limit_s: Interval | None = None
    needs_more_s: float | None = None
    look_again_s: float | None = None
    grew_for_s: float | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)

    @property
    def wait_s(self) -> float | None:
        """How long to wait for the next look, whether or not that will decide."""
        return self.look_again_s if self.needs_more_s is None else self.needs_more_s
