"""Several series of one process: copies are read once, workers are judged side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.decision import Decision
from leakdoc.model.trace import FloatArray, Trace
from leakdoc.sampling.sources.prometheus.conventions import Conventions, built_in, with_metric
from leakdoc.sampling.sources.prometheus.fetching import Fetched, Part
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.traces import trace_of
from leakdoc.sampling.sources.prometheus.workloads import identity_of

MIB = 2.0**20
N = 720
CUSTOM = with_metric(built_in(), "worker_rss=rss_bytes")


def flat(seed: int, *, level: float = 200.0, noise: float = 0.4) -> FloatArray:
    values: FloatArray = (level + np.random.default_rng(seed).normal(0.0, noise, N)) * MIB
    return values


def leaking(seed: int) -> FloatArray:
    values: FloatArray = flat(seed) + np.linspace(0.0, 240.0, N) * MIB
    return values


def trace(conventions: Conventions, *told: tuple[str, FloatArray, dict[str, str]], phase: float = 7.0) -> Trace:
    parts = []
    for at, (name, values, labels) in enumerate(told):
        meaning = next(each for each in conventions.metrics if each.name == name)
        all_: dict[str, str] = {"__name__": name, "job": "svc", "instance": "a:80", **labels}
        series = RawSeries(labels=all_, times=60.0 * np.arange(len(values)) + phase * at, values=values)
        identity = identity_of(all_, conventions)
        assert identity is not None
        parts.append(Part(meaning, series, identity))
    return trace_of(Fetched(Listed(("svc", "a:80")), parts), conventions, "svc/a:80")


@pytest.mark.parametrize("label", ["pid", "worker", "shard"])
@pytest.mark.parametrize("leaks", [0, 1, 3])
def test_a_leak_of_any_worker_is_found(label: str, leaks: int) -> None:
    told = [("worker_rss", leaking(at) if at == leaks else flat(at), {label: str(at)}) for at in range(4)]
    found = trace(CUSTOM, *told)
    assert len(found.lives) == 4
    assert diagnose(found).decision is Decision.LEAKING
    assert found.facts.notes == (
        f"4 series of one process differ by {label}: they are judged as processes side by side",
    )


def test_a_worker_that_began_to_differ_lately_is_one_of_its_own() -> None:
    late = flat(1)
    late[-N // 6 :] += np.linspace(0.0, 90.0, N // 6) * MIB
    found = trace(CUSTOM, ("worker_rss", flat(0), {"pid": "1"}), ("worker_rss", late, {"pid": "2"}))
    assert len(found.lives) == 2


@pytest.mark.parametrize("labels", [{"prometheus": "b"}, {"metrics_path": "/metrics/resource"}, {"monitor": "two"}])
@pytest.mark.parametrize("values", [flat(0), leaking(0), 200.0 * MIB + 40.0 * MIB * (np.arange(N) % 20) / 20.0])
def test_copies_stay_one_process(labels: dict[str, str], values: FloatArray) -> None:
    later: FloatArray = np.interp(np.arange(N) + 0.4, np.arange(N), values)
    found = trace(CUSTOM, ("worker_rss", values, {}), ("worker_rss", later, labels), phase=24.0)
    assert (len(found.lives), found.facts.notes) == (1, ())


def test_one_that_follows_another_is_no_worker_beside_it() -> None:
    before, after = flat(0), flat(1, level=90.0)
    before[N // 2 :] = np.nan
    after[: N // 2 - 3] = np.nan
    found = trace(CUSTOM, ("worker_rss", before, {"pid": "1"}), ("worker_rss", after, {"pid": "2"}), phase=0.0)
    assert found.facts.notes == ()
    assert np.count_nonzero(np.isfinite(found.columns[next(iter(found.columns))])) == N


def test_workers_share_the_limit_of_their_container_and_have_one_start() -> None:
    pod = {"namespace": "shop", "pod": "api-0", "container": "web"}
    told: list[tuple[str, Any, dict[str, str]]] = [
        ("worker_rss", flat(at, level=100.0 + at), {**pod, "pid": str(at)}) for at in range(2)
    ]
    told.append(("container_spec_memory_limit_bytes", np.full(N, 512.0 * MIB), pod))
    told.append(("process_start_time_seconds", np.full(N, -500.0), pod))
    told.append(("http_requests_total", np.arange(float(N)), pod))
    found = trace(CUSTOM, *told, phase=0.0)
    assert found.facts.limit_bytes == 512.0 * MIB
    assert [(life.limit_bytes, life.started_at) for life in found.lives] == [(None, -500.0)] * 2
    assert np.count_nonzero(np.isfinite(found.column("requests_total"))) == N  # type: ignore[arg-type]


def test_a_counter_that_a_person_names_is_added_up_over_its_routes() -> None:
    conventions = with_metric(built_in(), "my_requests=requests_total")
    told = [("my_requests", np.arange(float(N)), {"route": each}) for each in ("/", "/x")]
    found = trace(conventions, ("process_resident_memory_bytes", flat(0), {}), *told, phase=0.0)
    assert found.column("requests_total")[-1] == 2.0 * (N - 1)  # type: ignore[index]
