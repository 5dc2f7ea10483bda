"""Parts of a trace: without the start of every life, up to an instant, from an instant on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from leakdoc.model.trace import Life, Trace

Rows = npt.NDArray[np.bool_]


def keep(trace: Trace, rows: Rows) -> Trace:
    """Return only some rows; lives that lose all of theirs are dropped."""
    counts = [int(np.count_nonzero(rows[life.rows])) for life in trace.lives]
    lives: list[Life] = []
    for life, count in zip(trace.lives, counts, strict=True):
        if count:
            first = lives[-1].stop if lives else 0
            lives.append(replace(life, first=first, stop=first + count))
    columns = {column: values[rows] for column, values in trace.columns.items()}
    return replace(trace, times=trace.times[rows], lives=tuple(lives), columns=columns)


def without_start(trace: Trace, share: float) -> Trace:
    """Cut a share of the time of every life off its start."""
    if share <= 0.0:
        return trace
    rows = np.ones(len(trace), dtype=bool)
    for life in trace.lives:
        times = trace.times[life.rows]
        rows[life.rows] = times >= times[0] + share * (times[-1] - times[0])
    return keep(trace, rows)


def latest_version(trace: Trace) -> Trace:
    """Return only the lives of the build that came last; the whole trace where builds are not known."""
    versions = [life.version for life in trace.lives]
    if len(set(versions)) < 2:
        return trace
    rows = np.zeros(len(trace), dtype=bool)
    for life in trace.lives:
        rows[life.rows] = life.version == versions[-1]
    return keep(trace, rows)


def longest_life_s(trace: Trace) -> float:
    """Seconds of the longest life."""
    return max((_lasted(trace, life) for life in trace.lives), default=0.0)


def youngest_s(trace: Trace) -> float | None:
    """Seconds of age at which the youngest process was first sampled; null where starts are not known."""
    ages = [float(trace.times[life.first]) - life.started_at for life in trace.lives if life.started_at is not None]
    return min(ages, default=None)


def oldest_s(trace: Trace) -> float | None:
    """Seconds of age up to which the oldest process was sampled; null where starts are not known."""
    ages = [float(trace.times[life.stop - 1]) - life.started_at for life in trace.lives if life.started_at is not None]
    return max(ages, default=None)


def lived_s(trace: Trace) -> float:
    """Seconds of all lives together."""
    return sum(_lasted(trace, life) for life in trace.lives)


def _lasted(trace: Trace, life: Life) -> float:
    return float(trace.times[life.stop - 1] - trace.times[life.first])


def restarts(trace: Trace) -> int:
    """How often a process took the place of another: lives beyond the most that were there at once."""
    if not trace.lives:
        return 0
    opens = np.asarray([trace.times[life.first] for life in trace.lives])
    closes = np.asarray([trace.times[life.stop - 1] for life in trace.lives])
    at_once = max(int(np.count_nonzero((opens <= at) & (closes >= at))) for at in opens)
    return len(trace.lives) - at_once
