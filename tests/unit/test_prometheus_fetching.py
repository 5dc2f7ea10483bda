"""Subjects fetched in parts: halved where it is too much, left where a label exploded, given up where all fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pytest

from leakdoc.errors import DamagedSource, SourceError, UnreadableSource
from leakdoc.model.sample import Column
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.fetching import Fetched, Fetching, Part, in_batches
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.lateness import late_words
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.refusals import TookTooLong, TooMuch
from leakdoc.sampling.sources.prometheus.traces import trace_of
from leakdoc.sampling.sources.prometheus.workloads import identity_of

RSS = next(each for each in built_in().metrics if each.name == "process_resident_memory_bytes")
START = next(each for each in built_in().metrics if each.name == "process_start_time_seconds")
REQUESTS = next(each for each in built_in().metrics if each.name == "http_requests_total")


def series(name: str, instance: str, values: Sequence[float], first: float = 0.0, **labels: str) -> RawSeries:
    times = first + 60.0 * np.arange(len(values))
    told = {"__name__": name, "job": "svc", "instance": instance, **labels}
    return RawSeries(labels=told, times=times, values=np.asarray(values, dtype=np.float64))


class Small:
    """A server that answers for a few instances at once, or for none."""

    warnings = ()

    def __init__(self, instances: int, most: int, *, gone: bool = False, refusal: type[TooMuch] = TooMuch) -> None:
        self.instances, self.most, self.gone, self.asked, self.refusal = instances, most, gone, 0, refusal

    def metric_names(self, start: float, end: float) -> set[str]:
        return {RSS.name}

    def label_names(self, start: float, end: float) -> set[str]:
        return {"job", "instance"}

    def label_values(self, label: str, start: float, end: float) -> set[str]:
        return set()

    def series(self, matchers: Any, start: float, end: float) -> list[dict[str, str]]:
        return [{"job": "svc", "instance": f"i{at:03}"} for at in range(self.instances)]

    def raw(self, matchers: Sequence[Matcher], start: float, end: float) -> Iterator[RawSeries]:
        self.asked += 1
        wanted = next(each.value for each in matchers if each.name == "instance").split("|")
        if self.gone:
            raise UnreadableSource("it cannot be reached")
        if len(wanted) > self.most:
            raise self.refusal("too many samples")
        yield from (series(RSS.name, each, [1.0, 2.0]) for each in wanted)


def fleet(server: Small, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fleet.is_offered", lambda prometheus: False)
    return Fleet(cast(Prometheus, server), built_in(), Window(start=0.0, end=100.0))


@pytest.mark.parametrize(("end", "is_late"), [(100.0, False), (600.0, False), (720.0, True)])
def test_what_ended_before_the_window_is_told(end: float, is_late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fleet.is_offered", lambda prometheus: False)
    read = Fleet(cast(Prometheus, Small(2, 1000)), built_in(), Window(start=0.0, end=end))
    traces = [each.trace for batch in read.traces() for each in batch]
    told = {note for trace in traces if trace is not None for note in trace.facts.notes}
    late = {"its last sample is from 1970-01-01T00:01:00+00:00, 11 min before the end of the window: it ended, or is "
            "scraped no more"}  # fmt: skip
    assert told == (late if is_late else set())
    assert read.ended.keys() == ({"svc/i000", "svc/i001"} if is_late else set())
    told_of_all = "ended before the window does, or are scraped no more, 2 of 2: svc/i000, svc/i001"
    assert not is_late or late_words(read.ended, 2) == told_of_all


@pytest.mark.parametrize("arrived", [0, 1])
@pytest.mark.parametrize("error", [UnreadableSource("it did not answer in time"), DamagedSource("a checksum")])
def test_what_remote_read_does_not_give_is_asked_for_by_queries(
    arrived: int, error: SourceError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: object) -> Iterator[RawSeries]:
        asked.append(1)
        yield from (series(RSS.name, f"i{at:03}", [1.0, 2.0]) for at in range(arrived))
        raise error

    asked: list[int] = []
    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fetching.read", breaks_off)
    subjects = [Listed(("svc", f"i{at:03}"), {RSS: {("instance", f"i{at:03}"): 1}}) for at in range(3)]
    fetching = Fetching(cast(Prometheus, Small(3, 1000)), built_in(), 0.0, 100.0, by_read=True)
    for _ in range(2):
        assert [len(each.parts) for each in fetching.fetch(subjects)] == [1, 1, 1]
    assert len(asked) == 1


def test_a_server_that_is_gone_is_told_so_by_remote_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> Iterator[RawSeries]:
        raise UnreadableSource("it cannot be reached")
        yield

    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fetching.read", gone)
    fetching = Fetching(cast(Prometheus, Small(1, 1000, gone=True)), built_in(), 0.0, 100.0, by_read=True)
    with pytest.raises(UnreadableSource, match="cannot be reached"):
        fetching.fetch([Listed(("svc", "i000"), {RSS: {("instance", "i000"): 1}})])


@pytest.mark.parametrize("most", [1, 2, 3, 1000])
def test_what_is_too_much_at_once_is_had_in_parts(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [each for batch in fleet(Small(7, most), monkeypatch).traces() for each in batch]
    assert [each.name for each in found] == [f"svc/i{at:03}" for at in range(7)]
    assert all(each.trace is not None and len(each.trace) == 2 for each in found)


def test_what_is_too_much_alone_is_skipped_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = [each for batch in fleet(Small(1, 0), monkeypatch).traces() for each in batch]
    assert found.trace is None
    assert found.reason == "process_resident_memory_bytes: too many samples"


def test_a_server_that_is_gone_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "leakdoc.sampling.sources.prometheus.fleet.in_batches", lambda all_, _: in_batches(all_, lambda: 1)
    )
    server = Small(50, 1000, gone=True)
    found = [each for batch in fleet(server, monkeypatch).traces() for each in batch]
    assert len(found) == 50
    assert {each.reason for each in found} == {"it cannot be reached"}


def test_a_server_that_is_slow_however_little_it_is_asked_is_not_asked_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Small(1000, 0, refusal=TookTooLong)
    found = [each for batch in fleet(server, monkeypatch).traces() for each in batch]
    assert len(found) == 1000
    assert {each.trace for each in found} == {None}
    assert "nor did parts of it" in (found[-1].reason or "")
    assert server.asked < 20


def test_a_label_that_explodes_is_left_out_and_said() -> None:
    listed = Listed(("svc", "a"), {RSS: {("instance", "a"): 1}, REQUESTS: {("instance", "a"): 100_000}})
    server = Small(1, 1000)
    fetching = Fetching(cast(Prometheus, server), built_in(), 0.0, 100.0, by_read=False)
    (fetched,) = fetching.fetch([listed])
    assert server.asked == 1
    assert "a label exploded" in fetched.unread[REQUESTS.name]
    assert trace_of(fetched, built_in(), "svc/a").facts.unavailable == fetched.unread


def test_batches_hold_whole_subjects() -> None:
    subjects = [Listed((str(at),), {RSS: {("instance", str(at)): size}}) for at, size in enumerate([3, 3, 9, 1, 1])]
    assert [[each.name[0] for each in batch] for batch in in_batches(subjects, lambda: 6)] == [
        ["0", "1"],
        ["2"],
        ["3", "4"],
    ]


def made(*parts: tuple[Any, RawSeries]) -> Any:
    told = []
    for meaning, each in parts:
        identity = identity_of(each.labels, built_in())
        assert identity is not None
        told.append(Part(meaning, each, identity))
    return trace_of(Fetched(Listed(("svc", "a")), told), built_in(), "svc/a")


def test_readings_that_are_no_numbers_are_missing() -> None:
    trace = made((RSS, series(RSS.name, "a", [1.0, float("nan"), float("inf"), 4.0])))
    assert trace.times.tolist() == [0.0, 180.0]
    assert trace.column("rss_bytes").tolist() == [1.0, 4.0]


def test_copies_of_one_series_are_read_once() -> None:
    twice = [series(RSS.name, "a", [1.0, 2.0, 3.0], prometheus_replica=each) for each in ("x", "y")]
    trace = made(*((RSS, each) for each in twice))
    assert trace.column("rss_bytes").tolist() == [1.0, 2.0, 3.0]
    counted = [series(REQUESTS.name, "a", [5.0, 6.0, 7.0], prometheus_replica=each) for each in ("x", "y")]
    trace = made((RSS, twice[0]), *((REQUESTS, each) for each in counted))
    assert trace.column("requests_total").tolist() == [5.0, 6.0, 7.0]


def test_routes_are_added_up() -> None:
    routes = [series(REQUESTS.name, "a", [1.0, 2.0, 3.0], route=each) for each in ("/", "/x")]
    trace = made((RSS, series(RSS.name, "a", [1.0, 1.0, 1.0])), *((REQUESTS, each) for each in routes))
    assert trace.column("requests_total").tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(("starts", "lives"), [([5.0] * 4, 1), ([5.0, 5.4, 5.1, 5.0], 1), ([5.0, 5.0, 99.0, 99.0], 2)])
def test_lives_are_told_by_starts_that_may_wobble(starts: list[float], lives: int) -> None:
    trace = made((RSS, series(RSS.name, "a", [1.0, 2.0, 1.0, 2.0])), (START, series(START.name, "a", starts)))
    assert len(trace.lives) == lives
    assert trace.lives[-1].started_at == pytest.approx(starts[-1], abs=0.5)
    assert [trace.times[life.first] for life in trace.lives][:2] == [0.0, 120.0][:lives]


def test_scrapes_at_different_times_stand_side_by_side() -> None:
    fds = next(each for each in built_in().metrics if each.name == "process_open_fds")
    trace = made((RSS, series(RSS.name, "a", [1.0, 2.0])), (fds, series(fds.name, "a", [7.0, 8.0], first=30.0)))
    assert trace.times.tolist() == [0.0, 30.0, 60.0, 90.0]
    assert np.isnan(trace.columns[Column("open_fds")]).tolist() == [True, False, True, False]


def test_of_a_fact_the_turns_are_kept() -> None:
    nan = float("nan")
    told = series(START.name, "a", [5.0, 5.0, nan, 5.0, 7.0, 7.0, 7.0, 5.0]).turns()
    assert told.values.tolist() == [5.0, 5.0, 7.0, 7.0, 5.0]
    assert told.times.tolist() == [0.0, 180.0, 240.0, 360.0, 420.0]
    assert series(START.name, "a", []).turns().values.tolist() == []


@pytest.mark.parametrize(("samples", "series_at_once"), [(10, 1_000), (4_000, 250), (16_000, 62), (10**6, 20)])
def test_the_longer_a_series_is_the_fewer_are_held_at_once(samples: int, series_at_once: int) -> None:
    class Long:
        def raw(self, matchers: Sequence[Matcher], start: float, end: float) -> Iterator[RawSeries]:
            yield series(RSS.name, "a", np.ones(samples).tolist())

    fetching = Fetching(cast(Prometheus, Long()), built_in(), 0.0, 100.0, by_read=False)
    before = fetching.most_series()
    fetching.fetch([Listed(("svc", "a"), {RSS: {("instance", "a"): 1}})])
    assert (before, fetching.most_series()) == (200, series_at_once)


def test_no_query_lists_more_values_than_a_server_looks_up() -> None:
    class Asked(Small):
        def raw(self, matchers: Sequence[Matcher], start: float, end: float) -> Iterator[RawSeries]:
            listed.append(len(matchers[-1].value.split("|")))
            yield from super().raw(matchers, start, end)

    listed: list[int] = []
    subjects = [Listed(("svc", f"{at:03}"), {RSS: {("instance", f"{at:03}"): 1}}) for at in range(600)]
    fetching = Fetching(cast(Prometheus, Asked(600, 1_000)), built_in(), 0.0, 100.0, by_read=False)
    fetching.fetch(subjects)
    assert listed == [250, 250, 100]
