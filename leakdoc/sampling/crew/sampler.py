"""Many processes as one subject: each a life of its own, read at the same instants, and what they have together."""

from __future__ import annotations

import errno
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from leakdoc.errors import LeakdocError, TargetGone
from leakdoc.model.sample import Sample
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.crew.belonging import Belonging
from leakdoc.sampling.crew.members import FULLY_READ_MOST, SHARE_OF_THE_FIRST, fully_read, lightly_read
from leakdoc.sampling.crew.roster import Roster
from leakdoc.sampling.crew.totals import with_totals
from leakdoc.sampling.pace import Beat, Pace
from leakdoc.sampling.process import Target
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.ticks import Ticks
from leakdoc.sampling.timeline import Instant, Timeline

if TYPE_CHECKING:
    from leakdoc.model.facts import Ending, Facts

# A service manager starts a service again within a minute or has given it up.
EMPTY_FOR_S: Final = 60.0
NEWCOMERS: Final = Beat(every_s=0.0, budget=0.000_5)  # each second on a host of 500 processes
_TOO_MANY_FILES: Final = (errno.EMFILE, errno.ENFILE)


class Member(Protocol):
    """One process of a crew."""

    def sample(self, now: Instant) -> Sample:
        """Read it."""

    def ending(self) -> Ending | None:
        """Return how it ended."""


class CrewSampler:
    """Samples every process that belongs to a subject; who starts later is a new life of it.

    Up to `FULLY_READ_MOST` are read as one process is; of more than that the first, and memory and descriptors of the
    others.

    Args:
        target: the leader, and the subject that all together are.
        belonging: tells who belongs to it.
        waits_empty_s: for how long nobody may be there before the subject has ended.
    """

    def __init__(
        self,
        target: Target,
        belonging: Belonging,
        clock: Clock | None = None,
        *,
        waits_empty_s: float = 0.0,
        processor_time: Callable[[], float] = time.thread_time,
    ) -> None:
        self.target = target
        self.clock = SystemClock() if clock is None else clock
        self._roster = Roster(belonging)
        self._waits_empty_s = waits_empty_s
        self._processor_time = processor_time
        self._ticks, self._timeline = Ticks(self.clock), Timeline(self.clock)
        self._pace = Pace(NEWCOMERS)
        self._members: dict[int, Member] = {}
        self._endings: Counter[str] = Counter()
        self._last_ending: Ending | None = None
        self._unopened: set[int] = set()
        self._limit_bytes: float | None = None
        self._occupied_s: float | None = None
        self._find_newcomers(self._timeline.now())

    @property
    def missed_ticks(self) -> int:
        """Ticks that were missed, because the one before was not dealt with in time."""
        return self._ticks.missed

    def sample_all(self) -> tuple[Sample, ...]:
        """Read every process, all at one instant; the first sample carries the totals.

        Returns:
            Nothing while the subject has no process for a moment.

        Raises:
            TargetGone: there is none any more.
        """
        now = self._timeline.now()
        if self._pace.is_due(now.monotonic_s):
            self._find_newcomers(now)
        samples = with_totals(self._read(now))
        if samples or self._occupied_s is None:
            self._occupied_s = now.monotonic_s
        if not samples and now.monotonic_s - self._occupied_s >= self._waits_empty_s:
            raise TargetGone(f"all processes of {self.target.name} have ended")
        return samples

    def iter_ticks(
        self, interval_s: float, stop: threading.Event, *, for_s: float | None = None
    ) -> Iterator[tuple[Sample, ...]]:
        """Yield what each tick has read, until `stop` is set or time is up, as `Sampler.iter_ticks` does."""
        for _ in self._ticks.run(interval_s, stop, for_s=for_s):
            yield self.sample_all()

    def facts(self) -> Facts:
        """Return what is known beside the samples, so far."""
        from leakdoc.model.facts import Facts

        known = [each.facts() for each in self._samplers()]
        first = known[0] if known else Facts()
        if first.limit_bytes is not None:
            self._limit_bytes = first.limit_bytes
        spots = dict.fromkeys(spot for each in known for spot in each.blind_spots)
        return Facts(
            limit_bytes=self._limit_bytes,
            open_files_limit=first.open_files_limit,
            blind_spots=(*spots, *self._blind_spots()),
            notes=self._notes(),
            ending=self.ending(),
            touched=first.touched or "nothing (read /proc)",
        )

    def ending(self) -> Ending | None:
        """Return how the last process ended; null while there is one."""
        return None if self._members else self._last_ending

    def _find_newcomers(self, now: Instant) -> None:
        before = self._processor_time()
        new = self._roster.newcomers(set(self._members), now.monotonic_s)
        self._pace.spent(now.monotonic_s, self._processor_time() - before)
        size = len(self._members) + len(new)
        many = size > FULLY_READ_MOST
        share = SHARE_OF_THE_FIRST if many else 1.0 / max(size, 1)
        for pid in sorted(new, key=lambda each: each != self.target.pid):
            self._admit(pid, share, fully=not many or not any(True for _ in self._samplers()))

    def _admit(self, pid: int, share: float, *, fully: bool) -> None:
        try:
            member = (
                fully_read(pid, self.clock, share=share, looked_at=self._members.keys) if fully else lightly_read(pid)
            )
        except OSError as error:
            if error.errno in _TOO_MANY_FILES:
                self._unopened.add(pid)
            return  # else it has ended since it was listed
        except LeakdocError:
            return
        self._members[pid] = member

    def _samplers(self) -> Iterator[Sampler]:
        return (each for each in self._members.values() if isinstance(each, Sampler))

    def _read(self, now: Instant) -> list[Sample]:
        samples, ended = [], []
        for pid, member in self._members.items():
            try:
                samples.append(member.sample(now))
            except TargetGone:
                ended.append(pid)
        for pid in ended:
            self._last_ending = self._members.pop(pid).ending()
            self._endings[self._last_ending.cause if self._last_ending else "unknown"] += 1
        return samples

    def _blind_spots(self) -> Iterator[str]:
        lightly = len(self._members) - sum(1 for _ in self._samplers())
        if lightly:
            yield f"all but memory and descriptors of {lightly} of {len(self._members)} processes"
        if self._unopened:
            yield f"{len(self._unopened)} processes: too many open files; raise ulimit -n"

    def _notes(self) -> tuple[str, ...]:
        notes = [*self._ticks.notes(), *self._timeline.notes()]
        if self._endings:
            causes = ", ".join(f"{count} {cause}" for cause, count in sorted(self._endings.items()))
            notes.append(f"processes that ended while they were watched: {causes}")
        return tuple(notes)
