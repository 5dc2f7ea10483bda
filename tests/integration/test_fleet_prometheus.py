"""`leakdoc scan --prometheus` on a real Prometheus, on samples that were filled in beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leakdoc.cli.main import main
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.sampling.sources.prometheus import remote_read
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.promql import of_name
from tests.docs.commands import blocks, leakdoc_commands
from tests.fleet_samples import HOURS, Points, fleet, rss
from tests.prometheus_server import END, filled, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus")
WINDOW = ["--until", str(END), "--since", f"{HOURS}h"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with serving_prometheus(folder, filled(folder, fleet())) as address:
        yield address


def scanned(url: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["scan", "--prometheus", url, *WINDOW, "--json", *words])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, answer


def alone(points: Points) -> Any:
    """What `diagnose` says of samples without a Prometheus in between."""
    usable = [(at, value) for at, value in points if np.isfinite(value)]
    times, values = np.array(usable).T
    rows = LooseRows(
        times=times, life=np.zeros(len(times), dtype=np.intp), lives=[LifeName()], columns={Column("rss_bytes"): values}
    )
    from leakdoc.model.trace import Facts

    return diagnose(assemble(Subject(kind=SubjectKind.WORKLOAD, name="x"), rows, Facts()))


def test_every_workload_is_judged_as_its_samples_are(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = scanned(url, capsys)
    assert code == 1
    found = {each["subject"]["name"]: each for each in answer["diagnoses"]}
    assert set(found) == {
        "shop/api/web", "svc/flat:80", "svc/leaks:80", "svc/warms:80", "svc/short:80", "svc/restarts:80",
        "svc/infinite:80",
    }  # fmt: skip
    for name in ("flat", "leaks", "warms", "short", "infinite"):
        (finding,) = found[f"svc/{name}:80"]["findings"]
        expected = alone(fleet()[rss(name)]).findings[0]
        assert finding["decision"] == str(expected.decision)
        assert finding["reason"] == expected.reason
    assert found["svc/leaks:80"]["decision"] == "leaking"
    assert [each["subject"] for each in answer["skipped"]] == ["svc/nothing:80"]


def test_a_leak_that_restarts_hide_is_found(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = scanned(url, capsys, "--match", 'instance="restarts:80"')
    (diagnosis,) = answer["diagnoses"]
    assert diagnosis["decision"] == "leaking"
    assert diagnosis["findings"][0]["slope_per_hour"]["estimate"] == pytest.approx(18 * 2**20, rel=0.1)


def test_pods_are_the_processes_of_their_workload(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = scanned(url, capsys, "--match", 'namespace="shop"')
    (diagnosis,) = answer["diagnoses"]
    assert diagnosis["subject"] == {
        "kind": "workload", "name": "shop/api/web", "pid": None, "started_at": None, "host": None,
    }  # fmt: skip
    assert diagnosis["decision"] == "leaking"
    finding = diagnosis["findings"][0]
    assert finding["metric"] == "working_set_bytes"
    assert finding["evidence"]["limit"] == 2 * 600 * 2**20
    assert finding["slope_per_hour"]["estimate"] == pytest.approx(2 * 12 * 2**20, rel=0.1)
    assert finding["time_to_limit_s"] > 0
    assert any("restarts in the window" in note for note in diagnosis["notes"])


def test_what_is_killed_soonest_comes_first(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = scanned(url, capsys)
    assert [each["decision"] for each in answer["diagnoses"][:3]] == ["leaking"] * 3
    assert answer["diagnoses"][0]["subject"]["name"] == "shop/api/web"


def test_remote_read_gives_what_a_query_gives(url: str) -> None:
    start = END - HOURS * 3600.0
    with Prometheus(access_of(url, environment={})) as prometheus:
        assert remote_read.is_offered(prometheus)
        matchers = [of_name("process_resident_memory_bytes")]
        read = {each.labels["instance"]: each for each in remote_read.read(prometheus, [matchers], start, END)}
        asked = {each.labels["instance"]: each for each in prometheus.raw(matchers, start, END)}
    assert read.keys() == asked.keys()
    for name, series in read.items():
        np.testing.assert_array_equal(series.times, asked[name].times)
        np.testing.assert_array_equal(series.values, asked[name].values)


def test_the_answer_is_the_same_without_remote_read(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, by_read = scanned(url, capsys)
    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fleet.is_offered", lambda prometheus: False)
    _, by_query = scanned(url, capsys)
    assert by_query == by_read


def test_a_metric_of_ones_own(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = scanned(
        url, capsys, "--metric", 'process_start_time_seconds{instance=~"rest.*"}=uptime_like', "--match", 'job="svc"',
        "--match", 'instance="restarts:80"',
    )  # fmt: skip
    (diagnosis,) = answer["diagnoses"]
    assert {each["metric"] for each in diagnosis["findings"]} == {"rss_bytes", "uptime_like"}


def test_nothing_matches(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--prometheus", url, *WINDOW, "--match", 'job="none"']) == 4
    assert "nothing was judged" in capsys.readouterr().out


def test_long_windows_are_asked_for_in_parts(url: str) -> None:
    with Prometheus(access_of(url, environment={})) as prometheus:
        parts = list(prometheus.range("vector(1)", END - 20_000.0, END, 1.0))
        small = prometheus.small_range("vector(1)", END - 20_000.0, END, 1.0)
    for found in (parts, small):
        times = np.concatenate([each.times for each in found])
        np.testing.assert_array_equal(times, np.arange(END - 20_000.0, END + 1.0))


def test_the_commands_of_the_documentation_run(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = [command for document, command in leakdoc_commands() if document == "docs/fleet.md"]
    assert shown
    for command in shown:
        words = [url if word == "http://localhost:9090" else word for word in command[1:]]
        assert main([*words, *WINDOW]) == 1, command
        assert capsys.readouterr().out


def test_the_configuration_of_the_documentation_is_one(tmp_path: Path) -> None:
    (block,) = [each for each in blocks("toml") if each.document == "docs/fleet.md"]
    (tmp_path / "token").write_text("t")
    config = tmp_path / "prometheus.toml"
    config.write_text(block.text.replace("/run/secrets/prometheus-token", str(tmp_path / "token")))
    assert access_of(None, config=str(config), environment={}).org_id == "payments"
