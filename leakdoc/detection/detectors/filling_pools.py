"""Pools whose connections are not all given back: how fast they fill, and when the last one is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.pool_numbers import IN_USE, Pool
from leakdoc.detection.policies import Policies
from leakdoc.model.finding import Finding
from leakdoc.model.sample import Column


def find_filling_pools(
    pools: Iterable[Pool], policies: Policies, alpha: float | None, *, detector: str
) -> Iterator[Finding]:
    """Judge how many of each pool's connections are checked out, with the pool's size for a limit.

    A pool that is used evenly has no finding here: only one that leaks has.
    """
    for pool in pools:
        column = Column(IN_USE, pool.labels)
        title = f"checked-out connections of {pool.title}"
        size = pool.size or None
        found = find_growth(
            pool.trace, column, policies.growth, detector=detector, title=title, alpha=alpha, limit=size
        )  # fmt: skip
        if found.decision.is_fault:
            yield replace(
                found, metric="connections", evidence={**found.evidence, **pool.evidence()}, advice=advice_for(detector)
            )
