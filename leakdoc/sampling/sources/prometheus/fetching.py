"""The samples of subjects fetched in parts: as many at once as fit, fewer where the server says that it is too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from leakdoc.errors import SourceError, UnreadableSource
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Meaning
from leakdoc.sampling.sources.prometheus.crowds import MOST_SAMPLES, that_fit
from leakdoc.sampling.sources.prometheus.inventory import BESIDE, FACTS, MOST_SERIES, Listed
from leakdoc.sampling.sources.prometheus.medians import Medians
from leakdoc.sampling.sources.prometheus.promql import one_of
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.refusals import Costly, TooMuch
from leakdoc.sampling.sources.prometheus.remote_read import read
from leakdoc.sampling.sources.prometheus.workloads import Identity, identity_of

SERIES_AT_ONCE: Final = 1_000  # what a server is asked for in one request
_SAMPLES_AT_ONCE: Final = 1_000_000  # what is held of a batch: 16 megabytes, however long the window is
_LEAST_AT_ONCE: Final = 20
_LOOKED_UP: Final = (
    250  # values of a label: Prometheus looks up to 256 of them up, and tries more against all there are
)
_FIRST_AT_ONCE: Final = 200  # until it is known how many samples a series has
_USUAL_PAUSE_S: Final = 30.0  # between samples, until it is known
_MOST_COSTLY: Final = 9  # refusals in a row that took long: so often can a batch be halved


class Part(NamedTuple):
    """One series, what it means, and whose it is."""

    meaning: Meaning
    series: RawSeries
    identity: Identity


@dataclass(slots=True)
class Fetched:
    """The series of one subject.

    Args:
        parts: what each series means, the series, and whose it is.
        unread: metric to the reason why its series are not among them.
    """

    listed: Listed
    parts: list[Part] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all series that are judged are among them."""
        found = Counter(part.meaning for part in self.parts)
        wanted = {meaning: sum(splits.values()) for meaning, splits in self.listed.metrics.items()}
        return not self.unread and all(found[each] >= n for each, n in wanted.items() if each.column not in BESIDE)


def in_batches(
    subjects: Sequence[Listed], most_series: Callable[[], int] = lambda: SERIES_AT_ONCE
) -> Iterator[list[Listed]]:
    """Cut subjects into batches of at most so many series, as is found when one is cut; a subject is never cut."""
    batch: list[Listed] = []
    total = 0
    for each in subjects:
        if batch and total + each.series > most_series():
            yield batch
            batch, total = [], 0
        batch.append(each)
        total += each.series
    if batch:
        yield batch


class Fetching:
    """Fetches samples, the same way for every batch.

    Args:
        by_read: whether the server streams chunks by remote read.
        medians: asks for these in place of samples; null asks for samples.
        match: what labels must be, beside what tells the subjects.
        most_samples: of one subject, from which on only some of its processes are read.
    """

    def __init__(
        self, prometheus: Prometheus, conventions: Conventions, start: float, end: float, *, by_read: bool,
        match: Sequence[Matcher] = (), medians: Medians | None = None, most_samples: int = MOST_SAMPLES,
    ) -> None:  # fmt: skip
        self._prometheus, self._conventions, self._medians = prometheus, conventions, medians
        self._start, self._end, self._by_read, self._match = start, end, by_read, tuple(match)
        self._series_seen = self._samples_seen = self._costly = 0
        self._most_samples = most_samples

    def most_series(self) -> int:
        """How many series to ask for at once, by how many samples those had that came so far."""
        if not self._series_seen:
            return _FIRST_AT_ONCE
        fit = _SAMPLES_AT_ONCE * self._series_seen // max(self._samples_seen, 1)
        return min(max(fit, _LEAST_AT_ONCE), SERIES_AT_ONCE)

    def fetch(self, batch: Sequence[Listed]) -> list[Fetched]:
        """Return the series of every subject of a batch.

        Raises:
            SourceError: the server refuses, also when asked for one subject alone.
        """
        return self._in_parts([self._that_fits(each) for each in batch])

    def _that_fits(self, listed: Listed) -> Listed:
        usual = (self._end - self._start) / _USUAL_PAUSE_S if self._medians is None else float(self._medians.bins)
        if self._series_seen:
            usual = self._samples_seen / self._series_seen
        return that_fit(
            self._prometheus, listed, self._start, self._end, usual=usual, match=self._match, most=self._most_samples
        )

    def _in_parts(self, batch: Sequence[Listed]) -> list[Fetched]:
        try:
            return self._counted(batch)
        except TooMuch:
            if len(batch) == 1:
                return [self._one_by_one(batch[0])]
        except SourceError:
            if not self._by_read:
                raise
            self._by_read = False  # something on the way does not carry chunks well: queries are slower, and text
            return self._in_parts(batch)
        half = len(batch) // 2
        return [*self._in_parts(batch[:half]), *self._in_parts(batch[half:])]

    def _counted(self, batch: Sequence[Listed]) -> list[Fetched]:
        """Ask for a batch; parts of it are not asked for without an end where each refusal takes minutes."""
        try:
            fetched = self._at_once(batch)
        except Costly as error:
            self._costly += 1
            if self._costly < _MOST_COSTLY:
                raise
            raise UnreadableSource(f"{error.message}, nor did parts of it come in time", help=error.help) from error
        self._costly = 0
        return fetched

    def _at_once(self, batch: Sequence[Listed]) -> list[Fetched]:
        found = {each.name: Fetched(each) for each in batch}
        of_pods: dict[tuple[str, ...], list[Fetched]] = {}
        for name, each in found.items():
            of_pods.setdefault(name[:-1], []).append(each)
        queries = _queries(batch, found)
        for meaning, series in self._series([(meaning, [*matchers, *self._match]) for meaning, matchers in queries]):
            identity = identity_of(series.labels, self._conventions, meaning.of, meaning.by)
            if identity is None:
                continue
            self._series_seen += 1
            self._samples_seen += len(series.times)
            if meaning.column in FACTS:
                series = series.turns()
            mine = found.get(identity.subject)
            for each in [mine] if mine is not None else of_pods.get(identity.subject, ()):
                if meaning in each.listed.metrics:
                    each.parts.append(Part(meaning, series, identity))
        return list(found.values())

    def _series(self, queries: Sequence[tuple[Meaning, list[Matcher]]]) -> Iterator[tuple[Meaning, RawSeries]]:
        if self._by_read:
            by_name: dict[str, list[Meaning]] = {}
            for meaning in dict.fromkeys(meaning for meaning, _ in queries):
                by_name.setdefault(meaning.name, []).append(meaning)
            for series in read(self._prometheus, [matchers for _, matchers in queries], self._start, self._end):
                named = by_name.get(series.labels.get("__name__", ""), ())
                yield from ((each, series) for each in named if len(named) == 1 or each.selects(series.labels))
            return
        medians, prometheus = self._medians, self._prometheus
        for meaning, matchers in queries:
            if medians is not None and meaning.left_of_limit:
                continue  # how close its readings lie says nothing of what is used
            if medians is not None:
                found = medians.series(prometheus, meaning, matchers)
            else:
                found = prometheus.raw(matchers, self._start, self._end)
            yield from ((meaning, series) for series in found)

    def _one_by_one(self, listed: Listed) -> Fetched:
        """Return a subject whose metrics are too much together: those that can be had alone."""
        fetched = Fetched(listed)
        for meaning, splits in listed.metrics.items():
            try:
                (alone,) = self._counted([Listed(listed.name, {meaning: splits})])
            except TooMuch as error:
                fetched.unread[meaning.name] = error.message
            else:
                fetched.parts += alone.parts
                fetched.unread |= alone.unread
        return fetched


def _queries(batch: Sequence[Listed], found: dict[tuple[str, ...], Fetched]) -> list[tuple[Meaning, list[Matcher]]]:
    """Queries for a metric and a label by which subjects are told; a metric with too many series is left out."""
    wanted: dict[tuple[Meaning, str], list[str]] = {}
    for listed in batch:
        for meaning, splits in listed.metrics.items():
            if max(splits.values()) > MOST_SERIES:
                told = f"it has {max(splits.values())} series for one process: a label exploded"
                found[listed.name].unread[meaning.name] = told
                continue
            for label, value in splits:
                wanted.setdefault((meaning, label), []).append(value)
    return [
        (meaning, [*meaning.matchers, one_of(label, some)])
        for (meaning, label), values in wanted.items()
        for some in _cut(sorted(set(values)))
    ]


def _cut(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), _LOOKED_UP):
        yield values[first : first + _LOOKED_UP]
