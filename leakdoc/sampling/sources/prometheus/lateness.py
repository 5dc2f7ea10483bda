"""What has not been read lately: a subject that ended, or that nobody scrapes any more; its forecast is of then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.units import format_duration, format_time

_LATE: Final = 5.0  # usual pauses without a sample, after which a process is taken to have ended
_LEAST_S: Final = 600.0  # scrapes that fail for a while are no end
_NAMED: Final = 3


def late_by(trace: Trace, end: float) -> float | None:
    """Return how many seconds before the end of the window a subject was read last; null where it was read lately."""
    late = end - float(np.max(trace.times))
    if late <= _LEAST_S:
        return None
    pauses = np.diff(trace.times)
    usual = float(np.median(pauses[pauses > 0.0])) if np.any(pauses > 0.0) else 0.0
    return late if late > _LATE * usual else None


def late_note(trace: Trace, late: float) -> str:
    """Say so of one subject."""
    last, ago = format_time(round(float(np.max(trace.times)))), format_duration(late)
    return f"its last sample is from {last}, {ago} before the end of the window: it ended, or is scraped no more"


def late_words(late: Mapping[str, float], of: int) -> str:
    """Say so of a fleet.

    Args:
        late: the subjects that were not read lately.
        of: how many there are.
    """
    names = ", ".join(inert(name) for name in sorted(late)[:_NAMED])
    more = f" and {len(late) - _NAMED:,} more" if len(late) > _NAMED else ""
    return f"ended before the window does, or are scraped no more, {len(late):,} of {of:,}: {names}{more}"
