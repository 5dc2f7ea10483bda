"""One process, sampled: a plan's probes read on absolute deadlines until the process ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from leakdoc.errors import TargetGone
from leakdoc.model.sample import Sample
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.pace import Pace
from leakdoc.sampling.plan import Plan, PlannedProbe
from leakdoc.sampling.plans import plan_for
from leakdoc.sampling.probes.reading import Reading, Standing, reason_of
from leakdoc.sampling.process import Target
from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.ticks import Ticks
from leakdoc.sampling.timeline import Instant, Timeline
from leakdoc.units import format_duration

if TYPE_CHECKING:
    from leakdoc.model.trace import Ending, Facts


class Sampler:
    """Samples one process; a process that is given its pid later is never read.

    Args:
        plan: what is read, and how often; what suits the platform when null.
        processor_time: seconds of processor time of the calling thread, by which probes are kept to their budgets.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: the system does not show it to us.
    """

    def __init__(
        self,
        target: Target,
        plan: Plan | None = None,
        clock: Clock | None = None,
        *,
        processor_time: Callable[[], float] = time.thread_time,
    ) -> None:
        self.target = target
        self._plan = plan_for(target) if plan is None else plan
        self._clock = SystemClock() if clock is None else clock
        self._ticks = Ticks(self._clock)
        self._timeline = Timeline(self._clock)
        self._processor_time = processor_time
        self._paced = [(planned, Pace(planned.beat)) for planned in self._plan.probes]
        self._standing = Standing()
        self._unavailable = dict(self._plan.missing)
        self._ending: Ending | None = None

    @property
    def clock(self) -> Clock:
        """The clock that it goes by."""
        return self._clock

    @property
    def missed_ticks(self) -> int:
        """Samples that were not taken, because the one before was not dealt with in time."""
        return self._ticks.missed

    def sample(self, now: Instant | None = None) -> Sample:
        """Read every probe that is due.

        Args:
            now: the instant that the sample carries; this one when null.

        Raises:
            TargetGone: the process has ended; `ending` tells how.
        """
        at, monotonic_s = now or self._timeline.now()
        reading = Reading(at=at, monotonic_s=monotonic_s, standing=self._standing)
        told: dict[str, str | None] = {}
        for planned, pace in self._paced:
            if pace.is_due(reading.monotonic_s):
                told.update(self._read(planned, pace, reading))
        if self._plan.lifeline.has_ended():
            raise TargetGone(f"process {self.target.pid} ({self.target.name}) has ended")
        self._remember(told)
        return Sample(
            at=reading.at,
            process=self.target.identity,
            values=reading.values,
            unavailable=dict(self._unavailable),
        )

    def iter_ticks(
        self, interval_s: float, stop: threading.Event, *, for_s: float | None = None
    ) -> Iterator[tuple[Sample, ...]]:
        """Yield what each tick has read, which here is one sample; as `iter_samples` does."""
        for _ in self._ticks.run(interval_s, stop, for_s=for_s, readable=self._plan.lifeline.descriptor):
            yield (self.sample(),)

    def iter_samples(self, interval_s: float, stop: threading.Event, *, for_s: float | None = None) -> Iterator[Sample]:
        """Yield a sample now and at each multiple of the interval from now on, until `stop` is set or time is up.

        Args:
            for_s: how long; the last sample is taken when it is up, be that before the next tick. Null for no end.

        Raises:
            TargetGone: the process has ended; noticed at once where the system has pidfds.
        """
        for samples in self.iter_ticks(interval_s, stop, for_s=for_s):
            yield from samples

    def facts(self) -> Facts:
        """Return what is known beside the samples, so far; `target` has the name that it goes by now."""
        from leakdoc.model.facts import Facts

        name = self._plan.name()
        if name is not None and name != self.target.name:
            self.target = self.target.called(name)
        standing = self._standing
        return Facts(
            limit_bytes=standing.limit_bytes,
            open_files_limit=standing.open_files_limit,
            unavailable=dict(self._unavailable),
            blind_spots=tuple(standing.blind_spots.copy().values()),
            notes=self._notes(),
            ending=self.ending(),
            touched=standing.touched or self._plan.touched,
        )

    def ending(self) -> Ending | None:
        """Return how the process ended; null while it lives."""
        from leakdoc.sampling.ending import ending_of

        if self._ending is None and not self._plan.lifeline.has_ended():
            return None
        at = self._clock.now() if self._ending is None else self._ending.at
        if self._ending is None or self._ending.cause == "unknown":
            self._ending = ending_of(at, self._plan.lifeline.exit_status(), oom_killed=self._oom_killed())
        return self._ending

    def _read(self, planned: PlannedProbe, pace: Pace, reading: Reading) -> dict[str, str | None]:
        """Read a probe; return each of its metrics with the reason why it is missing, null where it is not."""
        before = self._processor_time()
        reason = _reason_for_nothing(planned, reading)
        pace.spent(reading.monotonic_s, self._processor_time() - before)
        return {metric: reading.unavailable.get(metric, reason) for metric in planned.metrics}

    def _remember(self, told: dict[str, str | None]) -> None:
        for metric, reason in told.items():
            if reason is None:
                self._unavailable.pop(metric, None)
            else:
                self._unavailable[metric] = reason

    def _oom_killed(self) -> bool:
        before, now = self._standing.oom_kills_before, self._plan.oom_kills()
        return before is not None and now is not None and now > before

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"{planned.name}: read every {format_duration(pace.period_s)}, to stay within "
            f"{pace.beat.budget:.1%} of a core"
            for planned, pace in self._paced
            if pace.is_slowed
        ]
        return (*notes, *self._ticks.notes(), *self._timeline.notes())


def _reason_for_nothing(planned: PlannedProbe, reading: Reading) -> str | None:
    """Read the probe; return why it had nothing to give, or null."""
    try:
        planned.probe.read(reading)
    except (OSError, UnexpectedText) as error:
        return reason_of(error)
    return None
