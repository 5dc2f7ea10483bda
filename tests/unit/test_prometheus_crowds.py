"""Workloads of more processes than fit into memory: which of them are read, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import pytest

from leakdoc.errors import UnreadableSource
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.crowds import that_fit
from leakdoc.sampling.sources.prometheus.fetching import Fetching
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.traces import trace_of

RSS = next(each for each in built_in().metrics if each.name == "container_memory_working_set_bytes")
PODS = [f"api-5f6585d649-{at:05}".translate(str.maketrans("0123456789", "bcdfghjklm")) for at in range(600)]


class Crowded:
    """A server with one workload of many pods, each with so many samples; the last pod rises most."""

    def __init__(self, samples: int, *, tells: bool = True) -> None:
        self.samples, self.tells, self.read = samples, tells, 0

    def range(self, promql: str, start: float, end: float, step: float) -> Iterator[RawSeries]:
        if not self.tells:
            raise UnreadableSource("it will not compute that")
        for at, pod in enumerate(PODS):
            value = float(self.samples) if promql.startswith("count_over_time(") else float(at)
            yield RawSeries(labels={"pod": pod}, times=np.array([end]), values=np.array([value]))

    def raw(self, matchers: Sequence[Matcher], start: float, end: float) -> Iterator[RawSeries]:
        for pod in matchers[-1].value.split("|"):
            self.read += 1
            labels = {"__name__": RSS.name, "namespace": "shop", "pod": pod.replace("\\", ""), "container": "web"}
            times = np.arange(float(self.samples))
            yield RawSeries(labels=labels, times=times, values=np.ones(self.samples))


def listed() -> Listed:
    return Listed(("shop", "api", "web"), {RSS: {("pod", pod): 1 for pod in PODS}})


@pytest.mark.parametrize("tells", [True, False])
def test_as_many_as_fit_are_read_and_the_others_are_told(tells: bool) -> None:
    server = Crowded(1_000, tells=tells)
    prometheus = cast(Prometheus, server)
    fetching = Fetching(prometheus, built_in(), 0.0, 30_000.0, by_read=False, most_samples=100_000)
    (fetched,) = fetching.fetch([listed()])
    assert server.read == 100
    trace = trace_of(fetched, built_in(), "shop/api/web")
    assert len(trace.lives) == 100
    assert trace.facts.blind_spots[0].startswith("500 of 600 processes: all of them would not fit into memory")


def test_those_that_rose_most_are_among_them_and_the_others_are_spread_evenly() -> None:
    kept = that_fit(cast(Prometheus, Crowded(1_000)), listed(), 0.0, 1.0, usual=1_000.0, most=100_000)
    read = [PODS.index(pod) for _, pod in kept.metrics[RSS]]
    assert set(range(584, 600)) <= set(read)
    others = sorted(set(read) - set(range(584, 600)))
    assert len(others) == 84 and max(np.diff(others)) <= 7


def test_many_that_lived_for_a_moment_each_all_fit() -> None:
    class OneAfterTheOther(Crowded):
        def range(self, promql: str, start: float, end: float, step: float) -> Iterator[RawSeries]:
            for at, each in enumerate(super().range(promql, start, end, step)):
                yield RawSeries(labels=each.labels, times=each.times, values=np.array([1_000.0 if at == 0 else 10.0]))

    whole = listed()
    server = cast(Prometheus, OneAfterTheOther(10))
    assert that_fit(server, whole, 0.0, 1.0, usual=1_000.0, most=100_000) is whole


def test_no_more_are_read_than_can_be_judged_together() -> None:
    kept = that_fit(cast(Prometheus, Crowded(10)), listed(), 0.0, 1.0, usual=10.0, most=500_000)
    assert (len(kept.metrics[RSS]), kept.left_out) == (100, 500)
