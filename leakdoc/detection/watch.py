"""Sampler, diagnosis and the stopping rule in one loop: a live process is sampled until the verdict is decisive."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from leakdoc.detection.looks import FIRST_LOOK, LookSchedule
from leakdoc.detection.stopping import Standing, Stopped, reason_to_stop
from leakdoc.detection.watch_parts import (
    FOR_S,
    INTERVAL_S,
    edge_for,
    keeper_for,
    patient,
    samples_of,
    without_advice_to_record,
)
from leakdoc.detection.watched import Progress as Progress
from leakdoc.detection.watched import Watched as Watched
from leakdoc.errors import RecordingError, TargetGone, UsageError
from leakdoc.model.sample import Sample
from leakdoc.sampling.oom_kills import OomKills
from leakdoc.sampling.retention import Retention
from leakdoc.sampling.samplers import Samples
from leakdoc.sampling.target import Target
from leakdoc.sampling.trace_builder import TraceBuilder

if TYPE_CHECKING:
    from leakdoc.detection.detectors.table import Detector
    from leakdoc.detection.policies import Policies
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.trace import Facts, Trace
    from leakdoc.sampling.captures.capture import Captures

SHARE_KNOWN_AFTER_S: Final = 5.0  # what a watch costs is mostly its start before, which says nothing of an hour


class Watch:
    """A watch over one target, run in this thread by `run`, or in one of its own as a context manager.

    >>> with leakdoc.Watch(pid) as watch:        # doctest: +SKIP
    ...     exercise()
    >>> watch.result.diagnosis.decision          # doctest: +SKIP

    Args:
        target: a pid, as a number or as text, or any other form of a target; or a sampler of one's own.
        children: whether everything that the target has started, and will start, is watched with it.
        interval_s: between samples.
        for_s: how long to watch at most; null for no end.
        record: the file that keeps every sample; ``-`` writes them to standard output as JSON Lines; null to keep
            them in memory only.
        retention: how large the file may grow, and how old its samples may become; the defaults when null.
        smallest_per_hour: the growth that `stable` must have been able to show; null for 1 % of the level an hour.
        stop_when_decided: whether a decisive verdict ends the watch before `for_s` does.
        asked: the detectors whose faults are decisive; null for all of them.
        policies: every threshold; the defaults when null.
        captures: what is captured when memory comes close to its limit; null for nothing.
        on_progress: called after each sample, in the sampling thread.
        detectors: what is asked; all there are when null.

    Raises:
        TargetGone, AccessDenied, UsageError: there is no such process, or it is not ours to look at.
        RecordingError: the recording cannot be written.
    """

    def __init__(
        self,
        target: int | str | Target | Samples,
        *,
        children: bool = False,
        interval_s: float = INTERVAL_S,
        for_s: float | None = FOR_S,
        record: str | Path | None = None,
        retention: Retention | None = None,
        smallest_per_hour: float | None = None,
        stop_when_decided: bool = True,
        asked: Collection[str] | None = None,
        policies: Policies | None = None,
        captures: Captures | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        detectors: Sequence[Detector] | None = None,
    ) -> None:
        if not interval_s > 0:
            raise UsageError(f"the interval must be more than 0 seconds, not {interval_s}")
        if for_s is not None and not for_s >= 0:
            raise UsageError(f"a watch cannot last {for_s} seconds", help="Give 0 for one sample, or null for no end.")
        self._sampler = samples_of(target, children=children)
        self.target = self._sampler.target
        self._standing = Standing(
            elapsed_s=0.0,
            for_s=for_s,
            smallest_per_hour=smallest_per_hour,
            diagnosis=None,
            stop_when_decided=stop_when_decided,
            asked=asked,
        )
        self._interval_s = interval_s
        self._patient = partial(patient, policies, for_s, interval_s, stops_early=stop_when_decided)
        self._on_progress = on_progress
        self._detectors = detectors
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._builder = TraceBuilder(self.target.subject)
        self._writer = keeper_for(record, self.target.subject, retention, self._stop)
        self._edge = edge_for(captures, self.target.subject)
        self._oom_kills = OomKills()
        self._taken = 0
        self._thread: threading.Thread | None = None
        self._result: Watched | None = None
        self._error: BaseException | None = None
        self._cpu_at_start = time.process_time()

    def __enter__(self) -> Watch:
        return self.start()

    async def __aenter__(self) -> Watch:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        await self.finished()

    def start(self) -> Watch:
        """Watch in a thread of its own from now on, as in a notebook; `stop` ends it, `result` has the verdict."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run_aside, name="leakdoc-watch", daemon=True)
            self._thread.start()
        return self

    def join(self) -> None:
        """Wait until a watch that was started has ended; a second call returns at once."""
        if self._thread is not None:
            self._thread.join()

    async def finished(self) -> None:
        """Wait for the same without keeping the event loop waiting."""
        import asyncio

        await asyncio.to_thread(self.join)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.join()

    @property
    def trace(self) -> Trace:
        """Everything seen so far."""
        with self._lock:
            self._builder.facts = self._facts()
            self._builder.subject = self._sampler.target.subject
            return self._builder.trace()

    def _facts(self) -> Facts:
        """What is known beside the samples, with what this process has cost so far."""
        facts = self._sampler.facts()
        noted = [*facts.notes, *self._oom_kills.notes(), *([] if self._edge is None else self._edge.captures.notes)]
        facts = replace(facts, notes=tuple(noted))
        if facts.touched is None or self._standing.elapsed_s < SHARE_KNOWN_AFTER_S:
            return facts
        share = (time.process_time() - self._cpu_at_start) / self._standing.elapsed_s
        return replace(facts, touched=f"{facts.touched.removesuffix(')')}, {100 * share:.1f} % CPU)")

    @property
    def result(self) -> Watched:
        """What the watch has seen, once it has ended.

        Raises:
            UsageError: it has not ended.
            LeakdocError: what ended it in its own thread.
        """
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise UsageError("the watch has not ended yet", help="Leave its `with` block, or call run().")
        return self._result

    def stop(self) -> None:
        """End the watch soon; it still gives its verdict. May be called from a signal handler."""
        self._stop.set()

    def run(self) -> Watched:
        """Watch in this thread until there is a reason to stop.

        Returns:
            What was seen, with the verdict so far.

        Raises:
            TargetGone: the target ended before its first sample.
        """
        failure = None
        try:
            stopped = self._sample_until_there_is_a_reason()
        except TargetGone:
            if not len(self._builder):
                raise
            stopped = Stopped.TARGET_ENDED
        except RecordingError as error:
            stopped, failure = Stopped.RECORDING_FAILED, error
        finally:
            path = self._close_recording()
        diagnosis = self._look()
        captured = () if self._edge is None else tuple(self._edge.captures.written)
        self._result = Watched(
            trace=self.trace, diagnosis=diagnosis, stopped=stopped, path=path, failure=failure, captured=captured
        )
        return self._result

    def _run_aside(self) -> None:
        """Run in a thread of its own: what goes wrong there is raised by `result`."""
        try:
            self.run()
        except BaseException as error:  # kept whole for whoever asks for the result
            self._error = error

    def _sample_until_there_is_a_reason(self) -> Stopped:
        started = self._sampler.clock.monotonic()
        for samples in self._sampler.iter_ticks(self._interval_s, self._stop, for_s=self._standing.for_s):
            elapsed = self._sampler.clock.monotonic() - started
            self._standing = replace(self._standing, elapsed_s=elapsed)
            if samples:
                self._take(samples)
            reason = reason_to_stop(self._standing)
            if reason is not None:
                return reason
        return Stopped.INTERRUPTED if self._stop.is_set() else Stopped.TIME_IS_UP

    def _take(self, samples: Sequence[Sample]) -> None:
        self._keep(samples)
        self._taken += 1
        self._oom_kills.look(samples)
        if self._edge is not None:
            self._edge.look(samples, self._sampler.clock.monotonic())
        is_new = self._taken >= FIRST_LOOK and self._plan[1].is_due(self._taken)
        if is_new:
            self._standing = replace(self._standing, diagnosis=self._look())
        self._tell(samples[0], is_new)

    def _keep(self, samples: Sequence[Sample]) -> None:
        with self._lock:
            for sample in samples:
                self._builder.add(sample)
        if self._writer is not None:
            self._writer.append_all(samples)
            if not self._taken:  # a watch that is killed leaves the limits beside its samples
                self._writer.set_facts(self._sampler.facts())

    @cached_property
    def _plan(self) -> tuple[Policies, LookSchedule]:
        """Every threshold, and the looks; loaded at the first, so that the first sample is not kept waiting."""
        return self._patient()

    def _look(self) -> Diagnosis:
        from leakdoc.detection.detectors.table import DETECTORS
        from leakdoc.detection.diagnosis import diagnose
        from leakdoc.detection.stats.forgetting import forget

        policies, looks = self._plan
        diagnosis = diagnose(
            self.trace,
            policies=policies,
            alpha=looks.spend(len(self._builder)),
            detectors=self._detectors or DETECTORS,
        )
        forget()
        return diagnosis if self._writer is None else without_advice_to_record(diagnosis)

    def _tell(self, sample: Sample, is_new: bool) -> None:
        if self._on_progress is not None:
            standing = self._standing
            self._on_progress(
                Progress(
                    sample=sample,
                    elapsed_s=standing.elapsed_s,
                    for_s=standing.for_s,
                    diagnosis=standing.diagnosis,
                    is_new=is_new,
                )
            )

    def _close_recording(self) -> Path | None:
        if self._writer is None:
            return None
        with contextlib.closing(self._writer) as writer, contextlib.suppress(RecordingError):
            writer.set_facts(self._facts())
            if self._sampler.target.subject != self.target.subject:  # it has executed another program
                writer.set_subject(self._sampler.target.subject)
        return self._writer.path
