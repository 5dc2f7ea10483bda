"""`leakdoc serve --prometheus` as Argo Rollouts and Flagger ask it, by the recipes and the rules they document."""

from __future__ import annotations

import json
import re
import shlex
import socketserver
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from leakdoc.cli.http.folder import Folder
from leakdoc.cli.http.server import Server
from leakdoc.cli.http.workloads import Asked, Workloads
from leakdoc.cli.main import main
from leakdoc.errors import SourceError
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.limits import Limits
from tests.docs.commands import blocks
from tests.fleet_samples import HOURS, beside_a_primary, rollouts
from tests.program import serving
from tests.prometheus_server import END, PATIENCE_S, filled, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gate")
    with serving_prometheus(folder, filled(folder, rollouts() | beside_a_primary())) as url:
        yield url


@pytest.fixture(scope="module")
def served(prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with Prometheus(access_of(prometheus, environment={})) as reached:
        workloads = Workloads(prometheus=reached, conventions=built_in(), since_s=HOURS * 3600.0, now=lambda: END)
        server = Server(("127.0.0.1", 0), Folder(folder, workloads), token=None, tell=lambda line: None)
        with serving(server):
            yield f"http://127.0.0.1:{server.server_address[1]}"


def asked(url: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def recipe(document: str, at: int) -> Any:
    found = [each for each in blocks("yaml") if each.document == f"docs/recipes/{document}"]
    return YAML(typ="safe").load(found[at].text)


def phase(result: str, metric: dict[str, Any]) -> str:
    """What Argo Rollouts makes of a measurement: failure first, then success, else inconclusive."""
    said = {"result": result}
    failed, succeeded = (
        eval(metric[name].replace("||", "or"), {"__builtins__": {}}, said)
        for name in ("failureCondition", "successCondition")
    )
    return "Failed" if failed else "Successful" if succeeded else "Inconclusive"


@pytest.mark.parametrize(
    ("workload", "expected"),
    [("deploy/fixed/web", "Successful"), ("deploy/unfixed/web", "Failed"), ("deploy/canary/web", "Successful")],
)
def test_the_analysis_of_argo_rollouts(workload: str, expected: str, served: str) -> None:
    (metric,) = recipe("argo-rollouts.md", 0)["spec"]["metrics"]
    web = metric["provider"]["web"]
    url = web["url"].replace("http://leakdoc:8787", served).replace("{{args.workload}}", workload)
    status, answer = asked(url)
    assert status == 200
    assert web["jsonPath"] == "{$.decision}"
    assert phase(answer["decision"], metric) == expected
    assert phase("inconclusive", metric) == "Inconclusive"
    assert "job" not in metric["provider"]
    names = {step["analysis"]["templates"][0]["templateName"] for step in recipe("argo-rollouts.md", 1)["steps"][1:2]}
    assert names == {recipe("argo-rollouts.md", 0)["metadata"]["name"]}


@pytest.mark.parametrize(
    ("workload", "expected"),
    [("deploy/fixed/web", "Successful"), ("deploy/unfixed/web", "Successful"), ("deploy/harmed/web", "Failed")],
)
def test_the_analysis_of_every_deploy(workload: str, expected: str, served: str) -> None:
    (metric,) = recipe("argo-rollouts.md", 2)["spec"]["metrics"]
    url = metric["provider"]["web"]["url"].replace("http://leakdoc:8787", served)
    _, answer = asked(url.replace("{{args.workload}}", workload))
    assert phase(answer["decision"], metric) == expected
    assert phase("inconclusive", metric) == "Successful"
    assert metric["count"] > metric["failureLimit"] + 1


@pytest.fixture
def in_a_workflow(prometheus: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of the workflow, at the moment where the samples end."""
    (job,) = recipe("after-a-deploy.md", 0)["jobs"].values()
    for name in job["env"]:
        monkeypatch.setenv(name, prometheus if name.endswith("URL") else "a-token")
    monkeypatch.setattr("leakdoc.cli.prometheus_options.time.time", lambda: END)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("in_a_workflow")
@pytest.mark.parametrize(
    ("workload", "guard", "verify", "scan"),
    [("fixed", 0, 0, 0), ("unfixed", 1, 1, 0), ("harmed", 1, 1, 0)],  # it leaked before, too
)
def test_the_commands_of_the_workflow(
    workload: str, guard: int, verify: int, scan: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (job,) = recipe("after-a-deploy.md", 0)["jobs"].values()
    lines = [job["steps"][-1]["run"].removesuffix(" || test $? -eq 3")]
    lines += [each.text for each in blocks("sh") if each.document == "docs/recipes/after-a-deploy.md"]
    codes = []
    for line in lines:
        told = line.replace("shop/api/web", f"deploy/{workload}/web").replace('"shop"', '"deploy"')
        lasts = "60s" if workload == "harmed" else "2s"  # harm is found by two looks, and ends it then
        told = re.sub("--for [0-9a-z]+", f"--for {lasts}", told.replace("api:1.1", f"{workload}:1.1"))
        codes.append(main(shlex.split(told)[1:]))
        assert "a-token" not in "".join(capsys.readouterr())
    assert codes == [guard, verify, scan]


@pytest.mark.parametrize(
    ("workload", "status"),
    [("deploy/fixed/web", 200), ("deploy/unfixed/web", 409), ("deploy/nobody", 400)],
)
def test_the_gate_of_flagger(workload: str, status: int, served: str) -> None:
    (hook,) = recipe("flagger.md", 0)["webhooks"]
    assert hook["type"] == "confirm-promotion"
    url = hook["url"].replace("http://leakdoc:8787", served)
    told = {"name": "x", "namespace": "y", "phase": "Progressing", "metadata": {"workload": workload}}
    assert asked(url, told)[0] == status
    namespace, _, name = workload.partition("/")
    assert asked(url, {"namespace": namespace, "name": name})[0] == status
    assert asked(f"{url}?workload={workload}")[0] == status


def test_the_gate_compares_a_canary_with_the_primary_that_flagger_runs_beside_it(served: str) -> None:
    hook = {"name": "flagged", "namespace": "deploy", "phase": "WaitingPromotion"}
    status, answer = asked(f"{served}/workload/gate", hook)
    assert (status, answer["decision"]) == (200, "normalized"), answer
    told = f"{served}/workload?workload=deploy/flagged/web"
    assert asked(told)[1]["decision"] == "inconclusive"  # alone it has no past
    assert asked(f"{told}&stable=deploy/flagged-primary/web")[1]["decision"] == "normalized"
    assert asked(f"{told}&stable=deploy/nobody")[0] == 400


def test_a_workload_that_a_release_renamed_is_verified(prometheus: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["verify", "--prometheus", prometheus, "--until", str(END), "--since", f"{HOURS}h", "--json"]
    renamed = ["--workload", "deploy/flagged/web", "--stable", "deploy/flagged-primary"]
    assert main([*words, *renamed]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["decision"], answer["after"]["subject"]["name"]) == ("normalized", "deploy/flagged/web")
    assert main([*words, *renamed[:2]]) == 2
    assert main(["verify", "--stable", "a", "b.csv", "c.csv"]) == 2
    assert main(["guard", "--stable", "a", "4242", "--before", "b.csv"]) == 2


def test_a_workload_without_a_rollout_is_inconclusive_and_no_error(served: str) -> None:
    status, answer = asked(f"{served}/workload?workload=deploy/flagged-primary/web")
    assert (status, answer["decision"]) == (200, "inconclusive")
    assert "where the rollout was cannot be told" in answer["reason"]
    assert asked(f"{served}/workload/gate?workload=deploy/flagged-primary/web")[0] == 409


def test_many_who_ask_at_once_are_answered_alike(served: str, prometheus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []
    trace = Workloads._trace
    monkeypatch.setattr(Workloads, "_trace", lambda self, asked: reached.append(asked) or trace(self, asked))
    del prometheus
    with ThreadPoolExecutor(50) as threads:
        answers = list(
            threads.map(asked, [f"{served}/workload?workload=deploy/unfixed/web&rollout_at={END - 21_000}"] * 50)
        )
        healthy = asked(f"{served}/health")
    assert {status for status, _ in answers} == {200}
    assert {answer["decision"] for _, answer in answers} == {"not_fixed"}
    assert healthy[0] == 200
    assert len(reached) < 5  # what was just reached is not reached anew


def test_a_prometheus_that_is_away_is_no_missing_file(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as free:
        away = f"http://127.0.0.1:{free.server_address[1]}"
    limits = Limits(attempts=1)
    with Prometheus(access_of(away, environment={}), limits) as reached:
        workloads = Workloads(prometheus=reached, conventions=built_in(), since_s=3600.0)
        server = Server(("127.0.0.1", 0), Folder(tmp_path, workloads), token=None, tell=lambda line: None)
        with serving(server):
            for path in ("workload", "workload/gate"):
                status, answer = asked(f"http://127.0.0.1:{server.server_address[1]}/{path}?workload=a/b")
                assert (status, answer["exit_code"]) == (502, 4)
                assert "cannot be reached" in answer["error"]


@pytest.mark.parametrize("body", [{}, {"metadata": 3}, {"name": "x"}])
def test_a_hook_that_names_nothing_is_refused(body: dict[str, Any], served: str) -> None:
    assert asked(f"{served}/workload/gate", body)[0] == 400


def test_nothing_else_is_posted_to(served: str) -> None:
    assert asked(f"{served}/verify", {"metadata": {"workload": "a"}})[0] == 405


def test_a_server_without_a_prometheus_says_so(tmp_path: Path) -> None:
    server = Server(("127.0.0.1", 0), Folder(tmp_path), token=None, tell=lambda line: None)
    with serving(server):
        status, answer = asked(f"http://127.0.0.1:{server.server_address[1]}/workload?workload=a")
    assert status == 400
    assert "no Prometheus" in answer["error"]


def test_names_that_no_workload_has_are_not_kept() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as free:
        away = f"http://127.0.0.1:{free.server_address[1]}"
    with Prometheus(access_of(away, environment={}), Limits(attempts=1)) as reached:
        workloads = Workloads(prometheus=reached, conventions=built_in(), since_s=3600.0)
        for number in range(600):
            with pytest.raises(SourceError):
                workloads.gate(Asked(f"a/{number}"))
        assert len(workloads._reached) <= 256
