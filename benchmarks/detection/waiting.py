"""Whether "needs N more" is kept, and when to look again: data is added until the verdict is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from benchmarks.detection.looks import prefixes
from benchmarks.detection.scene import Labelled
from benchmarks.detection.spreading import spread
from leakdoc.detection.stats.growth import judge
from leakdoc.model.decision import Decision

_STEPS: Final = 40
_FIRST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait that was stated after a fifth of a trace.

    Args:
        rule: which rule left the verdict open.
        ratio: the true wait by the stated; infinite where the whole trace decided nothing.
        promised: whether it was said to be needed, and not only when to look again.
    """

    rule: str
    ratio: float
    promised: bool = True

    @property
    def kept(self) -> bool:
        return 0.5 <= self.ratio <= 2.0


def waits(traces: Sequence[Labelled], jobs: int = 1) -> list[Wait]:
    """Return the waits that were stated, and that the rest of the data covers."""
    return [wait for wait in spread(_wait, traces, jobs) if wait is not None]


def _wait(one: Labelled) -> Wait | None:
    parts = list(islice(prefixes(one.series, _STEPS), _STEPS))
    whole = float(np.ptp(one.series.times_s))
    found = judge(parts[_FIRST - 1])
    stated = found.wait_s
    if found.decision is not Decision.INCONCLUSIVE or stated is None or stated > whole * (1.0 - _FIRST / _STEPS):
        return None
    promised = found.needs_more_s is not None
    rule = str(found.evidence["rule"])
    for step in range(_FIRST + 1, _STEPS + 1):
        if judge(parts[step - 1]).decision is not Decision.INCONCLUSIVE:
            return Wait(rule=rule, ratio=whole * (step - _FIRST) / _STEPS / stated, promised=promised)
    return Wait(rule=rule, ratio=float("inf"), promised=promised)
