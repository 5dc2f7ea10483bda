"""The checks, in the order in which they are made. A new one is one function and one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leakdoc.model.proof import Check
from leakdoc.verification.checks import beside, faults, growth, health, load, restarts, sameness
from leakdoc.verification.comparison import Comparison

CHECKS: Final[tuple[Callable[[Comparison], Check], ...]] = (
    sameness.before_leaked,
    sameness.same_metrics,
    sameness.same_subject,
    sameness.order,
    growth.warm_up,
    load.load,
    growth.exposure,
    growth.pauses,
    growth.slope,
    growth.plain,
    beside.beside,
    growth.level,
    growth.each_process,
    growth.other_channels,
    growth.no_new_leak,
    faults.no_other_fault,
    growth.swap,
    health.under_limit,
    health.no_oom_kill,
    restarts.no_extra_restarts,
    restarts.no_unrecorded_restarts,
)
