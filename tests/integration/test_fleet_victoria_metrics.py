"""The same scan on VictoriaMetrics, which has no remote read: medians settle what is stable, queries give the rest."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.fleet_scan import scan_fleet
from leakdoc.sampling.sources.prometheus import remote_read
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.promql import matchers_of
from tests.fleet_samples import HOURS, TIMES, Points, fleet, many, rollouts
from tests.prometheus_server import END, PATIENCE_S, serving_victoria_metrics

pytestmark = pytest.mark.xdist_group("victoria-metrics")
MANY = 300
WINDOW = ["--until", str(END), "--since", f"{HOURS}h"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_victoria_metrics(tmp_path_factory.mktemp("victoria-metrics")) as address:
        filled(address, fleet() | rollouts() | many(MANY))
        yield address


def filled(address: str, series: dict[str, Points]) -> None:
    """Put samples into a VictoriaMetrics."""
    lines = [
        f"{name} {value} {round(at * 1000)}"
        for name, points in series.items()
        for at, value in points
        if value == value and abs(value) < 1e300
    ]
    body = "\n".join(lines).encode()
    with urllib.request.urlopen(f"{address}/api/v1/import/prometheus", data=body, timeout=PATIENCE_S) as answer:
        assert answer.status in (200, 204)
    with urllib.request.urlopen(f"{address}/internal/force_flush", timeout=PATIENCE_S):
        pass


def test_what_it_will_not_compute_at_once_is_asked_for_in_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = round(2.5 * len(TIMES))  # samples: no more than two series, of the forty that there are
    with serving_victoria_metrics(tmp_path, f"-search.maxSamplesPerQuery={few}") as address:
        filled(address, many(40))
        assert main(["scan", "--prometheus", address, *WINDOW, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (len(answer["diagnoses"]), answer["skipped"]) == (40, [])


def test_a_fleet_is_judged_on_it_too(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Prometheus(access_of(url, environment={})) as prometheus:
        assert not remote_read.is_offered(prometheus)
    assert main(["scan", "--prometheus", url, *WINDOW, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    found = {each["subject"]["name"]: each["decision"] for each in answer["diagnoses"]}
    assert {name: found[f"svc/{name}:80"] for name in ("flat", "leaks", "short", "restarts")} == {
        "flat": "stable", "leaks": "leaking", "short": "inconclusive", "restarts": "leaking",
    }  # fmt: skip
    assert found["shop/api/web"] == found["deploy/unfixed/web"] == "leaking"


def test_a_rollout_is_verified_on_it_too(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--prometheus", url, *WINDOW, "--workload", "deploy/fixed/web"]) == 0
    assert "normalized" in capsys.readouterr().out.lower()


def test_no_verdict_on_medians_is_another_than_that_on_samples(url: str) -> None:
    window = Window(start=END - HOURS * 3600.0, end=END)
    with Prometheus(access_of(url, environment={})) as prometheus:
        fleet = Fleet(prometheus, built_in(), window, match=matchers_of('job="many"'))
        scanned = scan_fleet(fleet)
        samples = {each.name: each.trace for batch in fleet.traces() for each in batch}
    assert len(scanned.diagnoses) == len(samples) == MANY
    settled = [each for each in scanned.diagnoses if any("medians" in note for note in each.notes)]
    assert len(settled) > MANY // 4
    raw = {name: diagnose(trace).decision for name, trace in samples.items()}
    assert {each.subject.name: each.decision for each in scanned.diagnoses} == raw
    assert len(Counter(raw.values())) > 2
