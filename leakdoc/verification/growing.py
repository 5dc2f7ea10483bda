"""Traces that still grow: a file that somebody writes, and a live process that is watched meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from leakdoc.errors import DamagedSource, UsageError
from leakdoc.model.trace import Trace
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.sources.load import load_trace

STILL_S: Final = 60.0  # a file that has not changed for a minute ...
STILL_INTERVALS: Final = 20.0  # ... and for twenty of its own intervals has been left by its writer


class Growing(Protocol):
    """What waiting asks of a trace that grows."""

    def trace(self) -> Trace | None:
        """Return what there is now; null where it cannot be read at this moment."""

    def ended(self) -> bool:
        """Whether nothing more will come."""


class GrowingFile:
    """A recording or a table that somebody else writes.

    Args:
        path: the file.
        load: the column that counts requests; null takes ``requests_total``.
        clock: tells how long the file has been still.
    """

    def __init__(self, path: str | os.PathLike[str], *, load: str | None = None, clock: Clock | None = None) -> None:
        self._path, self._load, self._clock = Path(path), load, clock or SystemClock()
        self._seen: tuple[object, ...] = ()
        self._since, self._interval_s, self._has_ended = self._clock.monotonic(), 0.0, False

    def trace(self) -> Trace | None:
        """Read the file anew; a line that is half written is no damage as long as its writer goes on."""
        try:
            trace = load_trace(self._path, load_column=self._load)
        except DamagedSource:
            if self.ended():
                raise
            return None
        self._interval_s = float(np.median(np.diff(trace.times))) if len(trace) > 1 else 0.0
        self._has_ended = trace.facts.ending is not None
        return trace if len(trace) else None

    def ended(self) -> bool:
        """Whether the process has ended, or the file has not changed for long."""
        now, seen = self._clock.monotonic(), tuple(_stamps(self._path))
        if seen != self._seen:
            self._seen, self._since = seen, now
        return self._has_ended or now - self._since >= max(STILL_S, STILL_INTERVALS * self._interval_s)


def _stamps(path: Path) -> Iterator[tuple[int, int] | None]:
    for each in (path, path.with_name(f"{path.name}-wal")):
        try:
            found = each.stat()
        except OSError:
            yield None
        else:
            yield found.st_size, found.st_mtime_ns


class LiveTarget:
    """A process that is watched in a thread of its own; made by `watching`."""

    def __init__(self, trace: Callable[[], Trace], result: Callable[[], object]) -> None:
        self._trace, self._result = trace, result

    def trace(self) -> Trace | None:
        """Return every sample so far."""
        found = self._trace()
        return found if len(found) else None

    def ended(self) -> bool:
        """Whether the process has ended; raises what ended the watch, where that is an error."""
        try:
            self._result()
        except UsageError:
            return False
        return True


@contextmanager
def watching(target: int | str, *, interval_s: float, record: str | os.PathLike[str] | None) -> Iterator[LiveTarget]:
    """Watch a live process as long as the block lasts.

    Raises:
        TargetError, UsageError: as `leakdoc.watch` does.
        RecordingError: the recording cannot be written.
    """
    from leakdoc.detection.watch import Watch

    path = None if record is None else Path(record)
    watch = Watch(target, interval_s=interval_s, for_s=None, record=path, stop_when_decided=False)
    with watch:
        yield LiveTarget(lambda: watch.trace, lambda: watch.result)
