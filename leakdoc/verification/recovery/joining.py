"""A baseline and an incident that were recorded apart, as one trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakdoc.errors import UsageError
from leakdoc.model.trace import Trace


def joined(first: Trace, then: Trace) -> Trace:
    """Put two traces one after the other; columns that only one of them has are missing in the other.

    Raises:
        UsageError: the first does not end before the other begins, so that lives could not be told in order.
    """
    if not len(first) or not len(then) or first.times.max() >= then.times.min():
        raise UsageError("the baseline does not end before the incident begins", help="Give samples from before it.")
    columns = {
        column: np.concatenate([_column(each, column) for each in (first, then)])
        for column in {**first.columns, **then.columns}
    }
    shift = len(first)
    lives = [replace(life, first=life.first + shift, stop=life.stop + shift) for life in then.lives]
    return replace(then, times=np.concatenate([first.times, then.times]), lives=(*first.lives, *lives), columns=columns)


def _column(trace: Trace, column: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = trace.columns.get(column)  # type: ignore[call-overload]
    return np.full(len(trace), np.nan) if found is None else found
