"""Verdicts on the growth of many traces reached together, for detectors to find instead of reaching each alone.

A verdict depends on nothing but its series and the policy, so that a fleet judged together gets the verdicts that its
members get alone; it only gets them sooner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth, Series

Key = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reached:
    """Verdicts by the arrays that they were reached on, which are kept so that no other array takes their place."""

    policy: GrowthPolicy
    series: Sequence[Series]
    verdicts: Mapping[Key, Growth]


_REACHED: ContextVar[Reached | None] = ContextVar("leakdoc_verdicts_reached_together", default=None)


@contextmanager
def judged_together(series: Sequence[Series], policy: GrowthPolicy) -> Iterator[None]:
    """Judge series together; within the block `verdict_on` finds what came of it."""
    from leakdoc.detection.stats.batch import judge_many

    verdicts = judge_many(series, policy)
    found = {_key(each): verdict for each, verdict in zip(series, verdicts, strict=True)}
    token = _REACHED.set(Reached(policy=policy, series=series, verdicts=found))
    try:
        yield
    finally:
        _REACHED.reset(token)


def verdict_on(series: Series, policy: GrowthPolicy, *, alpha: float | None = None) -> Growth:
    """Return the verdict on a series: the one that was reached together with others, or one of its own."""
    reached = _REACHED.get()
    if reached is not None and alpha is None and policy is reached.policy:
        known = reached.verdicts.get(_key(series))
        if known is not None:
            return known
    return judge(series, policy, alpha=alpha)


def _key(series: Series) -> Key:
    return id(series.times_s), id(series.values)
