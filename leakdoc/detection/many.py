"""Many traces diagnosed together: the growth of all their columns is judged in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import series_of
from leakdoc.detection.detectors.memory import judged_memory
from leakdoc.detection.detectors.together import judged_together
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.policies import Policies
from leakdoc.errors import LeakdocError
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.metrics import HEAP_LIMIT, MEMORY, metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.redact import inert

_BESIDE: Final = frozenset({"limit_bytes", HEAP_LIMIT, *MEMORY} - {"heap_bytes"})


def diagnose_many(traces: Sequence[Trace], policies: Policies) -> list[Diagnosis | str]:
    """Diagnose traces.

    Returns:
        For each trace what `diagnose` returns, or, where judging it failed, the reason.
    """
    series = [series_of(trace, column) for trace in traces for column in _judged(trace)]
    try:
        with judged_together(series, policies.growth):
            return [_one(trace, policies) for trace in traces]
    except Exception:  # one odd series among thousands takes no verdict away from the others
        return [_one(trace, policies) for trace in traces]


def _one(trace: Trace, policies: Policies) -> Diagnosis | str:
    try:
        return diagnose(trace, policies=policies)
    except LeakdocError as error:
        return error.message
    except Exception as error:  # told as this one's; the others have their verdicts
        return inert(f"internal error, a defect of leakdoc: {type(error).__name__}: {error}")


def _judged(trace: Trace) -> Iterator[Column]:
    """The columns that detectors will ask for: every gauge without labels, and of memory the one that counts."""
    memory = judged_memory(trace)
    for column, values in trace.columns.items():
        known = metric(column.metric)
        if column.labels or known.is_counter or (column.metric in _BESIDE and column.metric != memory):
            continue
        if np.isfinite(values).any():
            yield column
