"""One target, sampled in a thread of its own for as long as the exporter runs, and found again after it has ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from leakdoc.errors import LeakdocError, TargetError, UsageError
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity
from leakdoc.sampling.samplers import sampler_of
from leakdoc.sampling.target import resolve

LOOK_AGAIN_S: Final = 15.0  # Prometheus' usual scrape interval: a service that comes back is missed once at most


class Follower(threading.Thread):
    """Keeps the latest reading of every column of every process of one target.

    Columns that are read less often than each sample stand until they are read again, or cannot be.
    """

    def __init__(self, text: str, *, children: bool, interval_s: float, stop: threading.Event) -> None:
        super().__init__(name=f"leakdoc-{text}", daemon=True)
        self.text = text
        self.subject = text
        self.was_seen = False
        self.has_looked = threading.Event()
        self.gave_up = False
        self.error: LeakdocError | None = None
        self._children = children
        self._interval_s = interval_s
        self._stop_asked = stop
        self._guard = threading.Lock()
        self._latest: dict[ProcessIdentity, dict[Column, float]] = {}

    def latest(self) -> Mapping[ProcessIdentity, Mapping[Column, float]]:
        """Return what was read last, by process; empty while there is none."""
        with self._guard:
            return {process: dict(values) for process, values in self._latest.items()}

    def run(self) -> None:
        """Sample until told to stop, or until it is certain that there will be nothing more."""
        try:
            self._look_again_and_again()
        finally:
            self.gave_up = True
            self.has_looked.set()

    def _look_again_and_again(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._follow()
            except UsageError as error:  # ambiguous, or no target: waiting mends neither
                self.error = error
                return
            except LeakdocError as error:
                self.error = error
            except OSError as error:  # e.g. too many open files
                self.error = TargetError(f"the system refused: {error.strerror or error}")
            self._take(())
            if self.text.strip().isdigit():
                return
            self.has_looked.set()
            self._stop_asked.wait(LOOK_AGAIN_S)

    def _follow(self) -> None:
        target = resolve(self.text, children=self._children)
        sampler = sampler_of(target)
        self.subject = target.subject.name
        for samples in sampler.iter_ticks(self._interval_s, self._stop_asked):
            self.was_seen = True
            self._take(samples)
            self.has_looked.set()

    def _take(self, samples: Sequence[Sample]) -> None:
        with self._guard:
            before, self._latest = self._latest, {}
            for sample in samples:
                stands = {
                    column: value
                    for column, value in before.get(sample.process, {}).items()
                    if column.metric not in sample.unavailable
                }
                self._latest[sample.process] = stands | dict(sample.values)
