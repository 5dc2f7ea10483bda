"""Every subject of a Prometheus as a trace, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from leakdoc.errors import SourceError
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Conventions
from leakdoc.sampling.sources.prometheus.fetching import Fetched, Fetching, in_batches
from leakdoc.sampling.sources.prometheus.inventory import Inventory, Listed, take_inventory
from leakdoc.sampling.sources.prometheus.lateness import late_by, late_note
from leakdoc.sampling.sources.prometheus.medians import Medians
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.remote_read import is_offered
from leakdoc.sampling.sources.prometheus.traces import trace_of

_AHEAD: Final = 1  # batches that are fetched while one is judged
_FAILURES: Final = 3  # batches in a row after which a server is taken to be gone


@dataclass(frozen=True, slots=True, eq=False)
class Sourced:
    """One subject: its trace, or why there is none."""

    name: str
    trace: Trace | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What part of a server's history is read; seconds since the epoch, both included."""

    start: float
    end: float


@dataclass(slots=True)
class Fleet:
    """The subjects of a server in one window.

    Args:
        match: what labels must be.
        without: columns that are not needed.
        crowds: how many processes were left out of subjects that have too many, as far as they were read.
        ended: how many seconds before the window's end the last sample of those is that were not read lately.
    """

    prometheus: Prometheus
    conventions: Conventions
    window: Window
    match: Sequence[Matcher] = ()
    without: frozenset[str] = frozenset()
    by_read: bool = field(init=False)
    crowds: dict[str, int] = field(init=False, default_factory=dict)
    ended: dict[str, float] = field(init=False, default_factory=dict)
    inventory: Inventory = field(init=False)

    def __post_init__(self) -> None:
        window = self.window
        self.conventions = replace(self.conventions, clusters_by=self._clusters_by())
        self.inventory = take_inventory(
            self.prometheus, self.conventions, window.start, window.end, match=self.match, without=self.without
        )
        self.by_read = bool(self.inventory.subjects) and is_offered(self.prometheus)

    def _clusters_by(self) -> str | None:
        """The label by which several clusters are told apart; null where there is one."""
        start, end = self.window.start, self.window.end
        there = self.prometheus.label_names(start, end)
        told = (label for label in self.conventions.cluster_labels if label in there)
        return next((label for label in told if len(self.prometheus.label_values(label, start, end)) > 1), None)

    def __len__(self) -> int:
        return len(self.inventory.subjects)

    def traces(
        self, subjects: Sequence[Listed] | None = None, *, medians: Medians | None = None
    ) -> Iterator[list[Sourced]]:
        """Yield subjects in batches, in the order of their names; the next batches are fetched meanwhile.

        What a server refuses is yielded without a trace, with its reason; a server that refuses several batches in a
        row is asked no more.

        Args:
            subjects: which ones; all when null.
            medians: traces are made of these in place of samples; one whose readings are needed is yielded without.
        """
        failures = 0
        reason = ""
        fetching = self._fetching(medians)
        wanted = self.inventory.subjects if subjects is None else subjects
        for batch, fetched in _ahead(fetching.fetch, in_batches(wanted, fetching.most_series), _AHEAD):
            if failures >= _FAILURES:
                yield [Sourced(_name(each), None, reason) for each in batch]
                continue
            try:
                yield [self._sourced(each, whole=medians is not None) for each in fetched()]
                failures = 0
            except SourceError as error:
                failures += 1
                reason = error.message
                yield [Sourced(_name(each), None, reason) for each in batch]

    def fetched(self, subjects: Sequence[Listed]) -> list[Fetched]:
        """Return the series of some subjects.

        Raises:
            SourceError: the server refuses.
        """
        fetching = self._fetching()
        return [each for batch in in_batches(subjects, fetching.most_series) for each in fetching.fetch(batch)]

    def _fetching(self, medians: Medians | None = None) -> Fetching:
        window, by_read = self.window, self.by_read and medians is None
        return Fetching(
            self.prometheus, self.conventions, window.start, window.end, by_read=by_read, match=self.match,
            medians=medians,
        )  # fmt: skip

    def _sourced(self, fetched: Fetched, *, whole: bool) -> Sourced:
        name = _name(fetched.listed)
        if whole and not fetched.is_whole:
            return Sourced(name, None, "its samples are needed")
        trace = trace_of(fetched, self.conventions, name)
        if fetched.listed.left_out:
            self.crowds[name] = fetched.listed.left_out
        if len(trace):
            return Sourced(name, self._dated(name, trace))
        why = "; ".join(f"{metric}: {reason}" for metric, reason in fetched.unread.items())
        return Sourced(name, None, why or "there is no sample that is a number in the window")

    def _dated(self, name: str, trace: Trace) -> Trace:
        """The trace with a note where it ends before the window."""
        late = late_by(trace, self.window.end)
        if late is None:
            return trace
        self.ended[name] = late
        return replace(trace, facts=replace(trace.facts, notes=(*trace.facts.notes, late_note(trace, late))))


def _name(listed: Listed) -> str:
    return inert("/".join(listed.name), longest=300)


def _ahead(
    fetch: Callable[[Sequence[Listed]], list[Fetched]], batches: Iterator[list[Listed]], ahead: int
) -> Iterator[tuple[list[Listed], Callable[[], list[Fetched]]]]:
    """Yield batches with what waits for their samples; no more than a few are fetched before they are asked for."""
    with ThreadPoolExecutor(ahead, thread_name_prefix="leakdoc-fetch") as threads:
        waiting = []
        for batch in batches:
            waiting.append((batch, threads.submit(fetch, batch)))
            if len(waiting) > ahead:
                first, future = waiting.pop(0)
                yield first, future.result
        for batch, future in waiting:
            yield batch, future.result
