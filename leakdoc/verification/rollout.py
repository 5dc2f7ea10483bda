"""One trace split where a rollout happened: at an instant that is told, or where a new build or a restart shows it."""

from __future__ import annotations

from typing import Final

import numpy as np

from leakdoc.errors import UsageError
from leakdoc.model.trace import Life, Trace
from leakdoc.units import format_time
from leakdoc.verification.windows import keep

TOGETHER: Final = 0.02  # of the recording: processes that begin so soon after each other began in one rollout


class NoRollout(UsageError):
    """Nothing shows when a rollout was, or there are no samples on one side of it."""


def split(trace: Trace, at: float | None = None) -> tuple[Trace, Trace]:
    """Split a trace into before and after a rollout.

    Args:
        at: seconds since the epoch; null to find it: the first sample of the last build, or the only restart.

    Returns:
        What was seen before, and, of what came after, the processes that started then. Where no process started
        after (the source does not tell processes apart), everything that came after.

    Raises:
        NoRollout: there is no one such instant, or a side would be empty.
    """
    instant = _found(trace) if at is None else at
    before, after = keep(trace, trace.times < instant), _since(trace, instant)
    if not len(before) or not len(after):
        raise NoRollout(
            f"there are no samples {'after' if len(before) else 'before'} {format_time(instant)}",
            help=f"The recording goes {_span(trace)}.",
        )
    return before, after


def _since(trace: Trace, at: float) -> Trace:
    new = np.zeros(len(trace), dtype=bool)
    for life in trace.lives:
        new[life.rows] = _began(trace, life) >= at
    return keep(trace, new if np.any(new) else trace.times >= at)


def _began(trace: Trace, life: Life) -> float:
    """When a process began, as far as the samples can tell: never later than its first sample."""
    return float(trace.times[life.first])


def _found(trace: Trace) -> float:
    versions = [life.version for life in trace.lives]
    if len(set(versions)) > 1:
        return min(_began(trace, life) for life in trace.lives if life.version == versions[-1])
    starts = _generations(trace)[1:]
    if len(starts) == 1:
        return starts[0]
    seen = "no restart" if not starts else f"{len(starts)} restarts, the last at {format_time(starts[-1])}"
    raise NoRollout(
        f"where the rollout was cannot be told: the recording shows {seen}",
        help="Say it with --rollout-at TIME, or give a file from before and one from after.",
    )


def _generations(trace: Trace) -> list[float]:
    """When each generation of processes began: workers that start together are one rollout, not many restarts."""
    began = sorted(_began(trace, life) for life in trace.lives)
    together_s = TOGETHER * float(np.ptp(trace.times)) if len(trace) else 0.0
    return [at for place, at in enumerate(began) if place == 0 or at - began[place - 1] > together_s]


def _span(trace: Trace) -> str:
    if not len(trace):
        return "nowhere: it is empty"
    return f"from {format_time(float(np.min(trace.times)))} to {format_time(float(np.max(trace.times)))}"
