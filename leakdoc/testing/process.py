"""A process that does what a test says: its numbers are functions of its age, and it ends when told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leakdoc.model.sample import Column
from leakdoc.model.subject import ProcessIdentity
from leakdoc.sampling.exit_status import ExitStatus
from leakdoc.sampling.pace import Beat
from leakdoc.sampling.plan import Plan, PlannedProbe
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.process import Target, make_target
from leakdoc.sampling.sampler import Sampler
from leakdoc.testing.clock import FakeClock

Curve = Callable[[float], float | None]


class FakeProcess:
    """A process whose every metric is a function of its age in seconds.

    >>> process = FakeProcess({"rss_bytes": lambda age_s: 50e6 + 1e3 * age_s})
    >>> sampler = process.sampler()
    >>> sampler.sample().values[Column("rss_bytes")]
    50000000.0
    >>> process.clock.advance(60)
    >>> sampler.sample().values[Column("rss_bytes")]
    50060000.0

    Args:
        curves: metric, or column for one with labels, to its value at an age; null where it cannot be read.
        limit_bytes: its memory limit; null for none.
        dies_at_s: the age at which it ends by itself; null for never.
        status: how it ends then.
    """

    def __init__(
        self,
        curves: Mapping[str | Column, Curve],
        *,
        name: str = "fake",
        pid: int = 4242,
        clock: FakeClock | None = None,
        limit_bytes: float | None = None,
        dies_at_s: float | None = None,
        status: ExitStatus | None = None,
    ) -> None:
        self.clock = FakeClock() if clock is None else clock
        self.curves = {Column(key) if isinstance(key, str) else key: curve for key, curve in curves.items()}
        self.limit_bytes = limit_bytes
        self._born_s = self.clock.monotonic()
        self._dies_at_s = dies_at_s
        self._status = status
        self.target: Target = make_target(ProcessIdentity(pid=pid, started_at=self.clock.now()), name)

    @property
    def age_s(self) -> float:
        """Seconds since it was made."""
        return self.clock.monotonic() - self._born_s

    def exit(self, status: ExitStatus | None = None) -> None:
        """End now, in this way."""
        self._dies_at_s, self._status = self.age_s, status

    def sampler(self) -> Sampler:
        """Return a sampler of this process, on its clock."""
        return Sampler(self.target, self.plan(), self.clock, processor_time=lambda: 0.0)

    def plan(self) -> Plan:
        """Return the plan that reads this process."""
        metrics = tuple(sorted({column.metric for column in self.curves}))
        planned = PlannedProbe(name="fake", probe=self, metrics=metrics, beat=Beat(every_s=0.0, budget=1.0))
        return Plan(probes=(planned,), lifeline=self, touched="nothing (a fake)")

    def read(self, reading: Reading) -> None:
        """Put the value of every curve; the probe of its plan."""
        reading.standing.limit_bytes = self.limit_bytes
        for column, curve in self.curves.items():
            value = curve(self.age_s)
            if value is None:
                reading.unavailable[column.metric] = "unsupported"
            else:
                reading.values[column] = value

    @property
    def descriptor(self) -> int | None:
        """Nothing becomes readable when it ends."""
        return None

    def has_ended(self) -> bool:
        """Say whether it has ended."""
        return self._dies_at_s is not None and self.age_s >= self._dies_at_s

    def exit_status(self) -> ExitStatus | None:
        """Return how it ended."""
        return self._status
