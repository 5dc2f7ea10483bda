"""`leakdoc scan --prometheus` on a real Prometheus, on samples that were filled in beforehand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leakdoc.cli.main import main
from leakdoc.detection.diagnosis import diagnose
from leakdoc.errors import UnreadableSource, UsageError
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.sampling.sources.prometheus import remote_read
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.ownership import owner_of
from leakdoc.sampling.sources.prometheus.promql import of_name
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.workload import trace_of_workload, workload_trace
from leakdoc.units import format_time
from tests.docs.commands import blocks, leakdoc_commands
from tests.fleet_samples import HOURS, TIMES, Points, clusters, fleet, killed, rollouts, rss
from tests.prometheus_server import END, filled, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus")
WINDOW = ["--until", str(END), "--since", f"{HOURS}h"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with serving_prometheus(folder, filled(folder, fleet() | rollouts() | killed() | clusters())) as address:
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
    code, answer = scanned(url, capsys, "--match", 'namespace!~"deploy|dead|twins"')
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
    _, answer = scanned(url, capsys, "--match", 'namespace!~"deploy|dead"')
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
    read, asked = ({each["subject"]["name"]: each for each in told["diagnoses"]} for told in (by_read, by_query))
    assert {name: each["decision"] for name, each in asked.items()} == {n: each["decision"] for n, each in read.items()}
    settled = {name for name, each in asked.items() if any("medians" in note for note in each["notes"])}
    assert "svc/flat:80" in settled
    others = asked.keys() - settled
    assert {name: asked[name]["reason"] for name in others} == {name: read[name]["reason"] for name in others}
    assert by_query["skipped"] == by_read["skipped"]


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


@pytest.mark.usefixtures("at_the_end")
def test_the_commands_of_the_documentation_run(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stands_for = {"http://localhost:9090": url, "shop/api/web": "deploy/fixed/web"}
    shown = [command for document, command in leakdoc_commands() if document == "docs/fleet.md"]
    assert shown
    for command in [each for each in shown if "--prometheus" in each]:
        words = [stands_for.get(each, each) for each in command[1:]]
        shorter = ["--since", f"{HOURS}h", "--for", "1s"] if words[0] == "guard" else WINDOW
        if "--at" in words:
            words[words.index("--at") + 1], shorter = str(END), ["--since", f"{HOURS}h"]
        assert main([*words, *shorter]) == (1 if words[0] == "scan" else 0), command
        assert capsys.readouterr().out


def test_the_configuration_of_the_documentation_is_one(tmp_path: Path) -> None:
    (block,) = [each for each in blocks("toml") if each.document == "docs/fleet.md"]
    (tmp_path / "token").write_text("t")
    config = tmp_path / "prometheus.toml"
    config.write_text(block.text.replace("/run/secrets/prometheus-token", str(tmp_path / "token")))
    assert access_of(None, config=str(config), environment={}).org_id == "payments"


def verified(url: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = main(["verify", "--prometheus", url, *WINDOW, "--json", *words])
    told = capsys.readouterr()
    return code, json.loads(told.out), told.err


@pytest.mark.parametrize(
    ("workload", "decision", "code"),
    [("deploy/fixed/web", "normalized", 0), ("unfixed/web", "not_fixed", 1), ("deploy/canary", "normalized", 0)],
)
def test_a_rollout_is_found_and_verified(
    workload: str, decision: str, code: int, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, proof, told = verified(url, capsys, "--workload", workload)
    assert (proof["decision"], exit_code) == (decision, code), proof["reason"]
    name = workload.split("/")[-1 if workload.endswith("canary") else -2]
    assert f"Rollout of {name}:1.1 over {name}:1.0 at {format_time(TIMES[len(TIMES) // 2])}" in told
    assert ("side by side" in told) == (name == "canary")


def test_the_proof_of_a_workload_is_rechecked(url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    verified(url, capsys, "--workload", "deploy/fixed/web", "--proof", str(proof))
    assert main(["recheck", str(proof)]) == 0
    assert "normalized" in capsys.readouterr().out.lower()


def test_where_the_rollout_was_can_be_told(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, proof, told = verified(url, capsys, "--workload", "svc/leaks:80", "--rollout-at", str(TIMES[400]))
    assert proof["decision"] == "not_fixed"
    assert format_time(TIMES[400]) in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workload", "svc/leaks:80"], "where the rollout was cannot be told"),
        (["--workload", "shop/nobody"], "no workload is called"),
        (["--workload", "web"], "8 workloads are called"),
        ([], "which workload"),
        (["--workload", "svc/leaks:80", "a.csv"], "files and a workload"),
    ],
)
def test_what_cannot_be_verified_is_said(
    words: list[str], said: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--prometheus", url, *WINDOW, *words]) == 2
    assert said in capsys.readouterr().err


def test_who_owns_a_workload_is_known(url: str) -> None:
    with Prometheus(access_of(url, environment={})) as prometheus:
        owner = owner_of(prometheus, "deploy/canary/web", END - 60.0)
        assert owner is not None and owner.controller == "Argo CD" and "git revert" in owner.revert
        assert owner_of(prometheus, "deploy/fixed/web", END - 60.0) is None


def test_a_job_is_a_workload_of_its_instances(url: str) -> None:
    conventions, window = built_in(), Window(start=END - HOURS * 3600.0, end=END)
    with Prometheus(access_of(url, environment={})) as prometheus:
        trace = workload_trace(Fleet(prometheus, conventions, window), "svc")
    assert trace.subject.name == "svc"
    assert len(trace.lives) == 5 + 4  # of seven instances one has no readings, one was restarted three times


@pytest.mark.parametrize("name", ["deploy/fixed/web", "deploy/fixed", "svc/leaks:80", "fixed/web", "svc"])
def test_a_fleet_is_not_listed_for_one_workload(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []

    def series(self: Prometheus, matchers: list[Matcher], start: float, end: float) -> list[dict[str, str]]:
        asked.append({each.name for each in matchers})
        return listed(self, matchers, start, end)

    listed = Prometheus.series
    monkeypatch.setattr(Prometheus, "series", series)
    window = Window(start=END - HOURS * 3600.0, end=END)
    with Prometheus(access_of(url, environment={})) as prometheus:
        narrowed = trace_of_workload(prometheus, built_in(), window, name)
        narrow = bool(asked) and all(each & {"namespace", "job"} for each in asked)
        whole = workload_trace(Fleet(prometheus, built_in(), window), name)
    assert narrow == (name in ("deploy/fixed/web", "deploy/fixed", "svc/leaks:80"))
    assert narrowed.subject == whole.subject
    assert narrowed.lives == whole.lives
    assert narrowed.facts == whole.facts
    assert narrowed.columns.keys() == whole.columns.keys()
    assert np.array_equal(narrowed.times, whole.times)


@pytest.fixture
def at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let now be where the samples end: a guard looks until now."""
    monkeypatch.setattr("leakdoc.cli.prometheus_options.time.time", lambda: END)


def guarded(url: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = main(["guard", "--prometheus", url, "--since", f"{HOURS}h", "--json", *words])
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else {}, told.err


@pytest.mark.usefixtures("at_the_end")
def test_a_workload_is_guarded(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer, _ = guarded(url, capsys, "--workload", "deploy/fixed/web", "--for", "1s")
    assert (code, answer["decision"], answer["harm"]) == (0, "normalized", None)
    assert answer["subject"]["name"] == "deploy/fixed/web"


@pytest.mark.usefixtures("at_the_end")
def test_a_workload_that_is_harmed_is_rolled_back_once(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    rollback = f"{sys.executable} -c \"open({str(ran)!r}, 'a').write('x')\""
    serving = f'{sys.executable} -c ""'
    words = ["--workload", "deploy/harmed/web", "--for", "1h", "--rollback", rollback, "--serving", serving]
    code, answer, told = guarded(url, capsys, *words)
    assert (code, answer["decision"], answer["harm"]) == (1, "worse", "worse"), told
    assert ran.read_text() == "x"
    assert answer["rollback"]["verified"] is True


@pytest.mark.usefixtures("at_the_end")
def test_what_a_controller_owns_is_not_rolled_back_by_hand(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--workload", "deploy/canary/web", "--for", "1s"]
    code, _, told = guarded(url, capsys, *words, "--rollback", "true")
    assert code == 2
    assert "belongs to Argo CD" in told and "git revert" in told
    code, answer, _ = guarded(url, capsys, *words)
    assert (code, answer["decision"]) == (0, "normalized")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--workload", "a", "4242"],
        ["--workload", "a", "--before", "b.csv"],
        ["--workload", "a", "--until", "2026-01-01"],
    ],
)
def test_what_cannot_be_guarded_is_said(words: list[str], url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(url, capsys, *words)[0] == 2


KILLED_AT = TIMES[len(TIMES) * 3 // 4]


@pytest.mark.parametrize(
    ("name", "cause", "basis", "since"),
    [("oomed", "oom_killed", "measured", None), ("evicted", "evicted", "measured", None),
     ("gone", "unknown", "inferred", None)],
)  # fmt: skip
def test_a_postmortem_says_what_is_known(
    name: str, cause: str, basis: str, since: str | None, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["postmortem", "--prometheus", url, "--since", f"{HOURS}h", "--workload", f"dead/{name}/web"]
    assert main([*words, "--at", str(KILLED_AT), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["death"]["cause"], answer["death"]["basis"]) == (cause, basis), answer["death"]
    assert answer["since"] == since
    assert answer["lives"][0]["killed"]
    assert answer["limit_bytes"] == 430 * 2**20
    assert any("spike" in each for each in answer["cannot_be_known"])
    assert answer["lives"][0]["decision"] == ("leaking" if name == "oomed" else "stable")
    assert main([*words, "--at", str(KILLED_AT)]) == 0
    told = capsys.readouterr().out
    assert "Cannot be known: a spike" in told
    assert {"oomed": "killed after", "evicted": "evicted after", "gone": "gone:1.1 began then, as in a rollout"}[
        name
    ] in told


def test_a_record_that_was_not_given_is_told(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> dict[str, float]:
        raise UnreadableSource("Prometheus cannot answer now (503)")

    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.ends.reasons_of_ends", refuses)
    words = ["postmortem", "--prometheus", url, "--since", f"{HOURS}h", "--workload", "dead/oomed/web", "--json"]
    assert main([*words, "--at", str(KILLED_AT)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["death"]["basis"] == "inferred"
    assert answer["cannot_be_known"][0].endswith("Prometheus cannot answer now (503)")


def test_since_which_build_it_leaks(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["postmortem", "--prometheus", url, "--since", f"{HOURS}h", "--at", str(END - 60.0), "--json"]
    assert main([*words, "--workload", "shop/api/web"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["since"] == "api:1.1"
    assert "api:1.0 before it was stable" in answer["since_reason"]
    assert answer["death"]["cause"] == "unknown"
    assert "no process ended" in answer["death"]["reason"]


def test_a_postmortem_of_before_the_samples_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["postmortem", "--prometheus", url, "--until", str(END), "--since", f"{HOURS}h", "--at", str(TIMES[0] - 60)]
    assert main([*words, "--workload", "dead/oomed/web"]) == 2
    assert "no sample before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("release", "names", "code"),
    [("1.1", {"shop/api/web"}, 1), ("api:1.1", {"shop/api/web"}, 1), ("fixed:1.1", set(), 0)],
)
def test_what_leaks_since_a_release(
    release: str, names: set[str], code: int, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, answer = scanned(url, capsys, "--new-since", release, "--match", 'namespace=~"shop|deploy"')
    assert {each["subject"]["name"] for each in answer["diagnoses"]} == names
    assert exit_code == code
    assert answer["left_out"] == 5 - len(names)


def test_a_release_that_nothing_runs_is_no_good_news(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = scanned(url, capsys, "--new-since", "9.9", "--match", 'namespace=~"shop|deploy"')
    assert (code, answer["left_out"]) == (4, 0)
    assert any("no workload has samples of 9.9" in note for note in answer["notes"])


def test_a_page_of_a_fleet(url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "fleet.html"
    for _ in range(2):  # our own page is written over
        assert main(["scan", "--prometheus", url, *WINDOW, "--html", str(page)]) == 1
    text = page.read_text()
    assert text.startswith("<!doctype html>") and "shop/api/web" in text and "Leaking" in text
    assert f"the Prometheus at {url}, from {format_time(END - HOURS * 3_600.0)} to {format_time(END)}" in text
    page.write_text("somebody else's")
    assert main(["scan", "--prometheus", url, *WINDOW, "--html", str(page)]) == 2
    assert page.read_text() == "somebody else's"


def test_what_is_called_alike_in_two_clusters_is_judged_apart(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = scanned(url, capsys, "--match", 'namespace="twins"')
    told = {each["subject"]["name"]: each["decision"] for each in answer["diagnoses"]}
    assert told == {"us/twins/db/db": "leaking", "eu/twins/db/db": "stable"}
    with Prometheus(access_of(url, environment={})) as prometheus:
        window = Window(start=TIMES[0], end=END)
        found = trace_of_workload(prometheus, built_in(), window, "us/twins/db/db")
        assert found.subject.name == "us/twins/db/db"
        with pytest.raises(UsageError, match="2 workloads are called"):
            trace_of_workload(prometheus, built_in(), window, "twins/db/db")
