"""The sampler that suits a target: of one process, or of all that belong to a subject."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from leakdoc.model.sample import Sample
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.process import Target
from leakdoc.sampling.sampler import Sampler

if TYPE_CHECKING:
    from leakdoc.model.facts import Ending, Facts


class Samples(Protocol):
    """What a watch goes by: samples of one subject at each tick, and what is known beside them."""

    @property
    def target(self) -> Target: ...

    @property
    def clock(self) -> Clock: ...

    def iter_ticks(
        self, interval_s: float, stop: threading.Event, *, for_s: float | None = None
    ) -> Iterator[Sequence[Sample]]:
        """Yield what each tick has read, until `stop` is set or time is up."""

    def facts(self) -> Facts:
        """Return what is known beside the samples, so far."""

    def ending(self) -> Ending | None:
        """Return how the subject ended; null while it lives."""


def sampler_of(target: Target, clock: Clock | None = None) -> Samples:
    """Return what samples a target.

    Raises:
        TargetGone, AccessDenied: it has ended, or is not shown to us.
    """
    if target.crew is None:
        return Sampler(target, clock=clock)
    from leakdoc.sampling.crew.sampler import CrewSampler

    return CrewSampler(target, target.crew.belonging, clock, waits_empty_s=target.crew.waits_empty_s)
