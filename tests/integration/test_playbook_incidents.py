"""The built-in playbooks on real deployments: processes behind a proxying supervisor, under load, old build and new."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.testing.slack import FakeSlack
from tests.program import Program

PROGRAMS = Path(__file__).parents[1] / "programs"
SUPERVISOR = [sys.executable, str(PROGRAMS / "supervisor.py")]
PATIENCE_S = 400.0


class Deployment:
    """A service behind a public port, and steady callers that count what they get."""

    def __init__(self, name: str, directory: Path, build: str, settings: dict[str, Any], *, per_second: float) -> None:
        directory.mkdir()
        (directory / "settings.json").write_text(json.dumps(settings))
        self.directory = directory
        self.process = Program([*SUPERVISOR, "run", name, str(directory), build], stdout=subprocess.PIPE)
        assert self.process.line() == b"ready\n"
        self.port = int((directory / "port").read_text())
        self.stopped = threading.Event()
        self.sent = self.answered = 0
        self.took: list[tuple[float, float]] = []
        self.counting = threading.Lock()
        self.loads = [threading.Thread(target=self._load, args=(per_second,), daemon=True)]
        self.loads[0].start()

    def _load(self, per_second: float) -> None:
        callers = []
        while not self.stopped.wait(1.0 / per_second):
            caller = threading.Thread(target=self._call, daemon=True)
            caller.start()
            callers.append(caller)
        for caller in callers:
            caller.join(60)

    def _call(self) -> None:
        with self.counting:
            self.sent += 1
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            said = b""
            while chunk := connection.recv(4096):
                said += chunk
        with self.counting:
            self.answered += said[9:11] == b"20"
            self.took.append((began, time.monotonic() - began))

    def ask(self, *words: str) -> str:
        line = [*SUPERVISOR, words[0], str(self.directory), *words[1:]]
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    def stop(self) -> None:
        self.stopped.set()
        for load in self.loads:
            load.join(120)
        self.process.stop()

    @property
    def deploys(self) -> list[str]:
        log = self.directory / "deploys.log"
        return log.read_text().split() if log.exists() else []


def hooks(deployment: Deployment, staged: str = "fixed") -> dict[str, str]:
    """The user's environment: how this deployment is rolled out, and what staging runs as the new build."""
    place = str(deployment.directory)
    shell = f'exec {sys.executable} {SUPERVISOR[1]} "$@" "$LEAKDOC_REVISION"'
    staging = [sys.executable, str(PROGRAMS / "staged.py")]
    given = {
        "ROLL_OUT": ["sh", "-c", shell, "sh", "deploy", place],
        "ROLL_OUT_PROBE": ["sh", "-c", shell, "sh", "runs", place],
        "RECORD_ROLLBACK_POINT": [*SUPERVISOR, "current", place],
        "VALIDATE_IN_STAGING_BEFORE": [*staging, "leaky"],
        "VALIDATE_IN_STAGING_AFTER": [*staging, staged],
    }
    return {f"LEAKDOC_HOOK_{name}": json.dumps(words) for name, words in given.items()}


class Incident:
    """A playbook's run on the command line."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self.journal = directory / "incident.journal.jsonl"
        self.environment = {**os.environ, **environment}

    def run(self, playbook: str, **given: str) -> dict[str, Any]:
        words = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
        return self._leakdoc("run", playbook, *words, "--journal", str(self.journal))

    def approve(self, document: dict[str, Any]) -> dict[str, Any]:
        """Sign what is waited for, as the incident commander, and resume."""
        key = self.directory / "commander"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=60)
        signers = self.directory / "signers"
        signers.write_text(f"{document['waiting']['role']} {key.with_suffix('.pub').read_text()}")
        signers.chmod(0o444)
        line = ["ssh-keygen", "-q", "-Y", "sign", "-n", "leakdoc-approval", "-f", str(key)]
        digest = document["waiting"]["digest"].encode()
        signature = subprocess.run(line, input=digest, capture_output=True, check=True, timeout=60).stdout
        (self.directory / "grant.sig").write_bytes(signature)
        return self._leakdoc(
            "resume", str(self.journal), "--grant", str(self.directory / "grant.sig"), "--allowed-signers", str(signers)
        )

    def _leakdoc(self, *words: str) -> dict[str, Any]:
        line = [sys.executable, "-m", "leakdoc", "playbook", *words, "--json"]
        done = subprocess.run(
            line, cwd=self.directory, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
        print(done.stderr)
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        print(json.dumps({**document, "steps": [{**each, "outputs": "…"} for each in document["steps"]]}, indent=1))
        return document


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["outcome"] for each in document["steps"]}


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of signers that counts")


@pytest.mark.soak
@needs_root
@pytest.mark.parametrize(("revision", "outcome"), [("fixed", "passed"), ("worse", "rolled_back")])
def test_a_memory_leak_is_led_from_the_page_to_the_proof(
    revision: str, outcome: str, tmp_path: Path, slack: FakeSlack
) -> None:
    """The fix works, or it makes things worse in a way that staging did not show: then it is taken back."""
    name = f"leak{os.getpid() % 10_000}{revision[0]}"
    production = Deployment(name, tmp_path / "production", "leaky", {}, per_second=40)
    incident = Incident(tmp_path, {**hooks(production), "SLACK_TOKEN": slack.token})
    given = {"service": "shop", "target": f"name:{name}", "look": "40s", "interval": "250ms"}
    try:
        waiting = incident.run(
            "memory-leak",
            revision=revision,
            slack="env:SLACK_TOKEN",
            slack_api=slack.api,
            source=str(PROGRAMS),
            **given,
        )
        assert waiting["outcome"] == "waiting", waiting["reason"]
        assert outcomes(waiting)["staging"] == "passed" and production.deploys == []
        places = next(each for each in waiting["steps"] if each["id"] == "locate")["outputs"]["places"]
        assert places[0]["path"] == "shop.py" and places[0]["text"].startswith("KEPT.append")
        document = incident.approve(waiting)
    finally:
        production.stop()
    assert document["outcome"] == outcome, document["reason"]
    assert production.deploys == (["fixed"] if revision == "fixed" else ["worse", "leaky"])
    assert production.answered == production.sent > 0, "the rollout loses no request"
    assert len(slack.messages) == 1
    if revision == "fixed":
        verify = next(each for each in document["steps"] if each["id"] == "verify")
        assert verify["outputs"]["decision"] == "normalized"


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """What a shop asks: the file that says how it answers, and its port."""
    file = tmp_path / "upstream.json"
    file.write_text("{}")
    line = [sys.executable, str(PROGRAMS / "upstream.py"), str(file)]
    with Program(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield file, int(process.line())
        process.kill()


def settings_hook(name: str, deployment: Deployment, wanted: dict[str, Any], before: dict[str, Any]) -> dict[str, str]:
    """A hook that changes the service's settings, says whether they hold, and puts them back."""
    file = str(deployment.directory / "settings.json")
    holds = f"import json, sys; now = json.load(open({file!r})); sys.exit(not {wanted!r}.items() <= now.items())"
    given = {
        name: [*SUPERVISOR, "set", str(deployment.directory), json.dumps(wanted)],
        f"{name}_PROBE": [sys.executable, "-c", holds],
        f"{name}_UNDO": [*SUPERVISOR, "set", str(deployment.directory), json.dumps(before)],
    }
    return {f"LEAKDOC_HOOK_{key}": json.dumps(words) for key, words in given.items()}


def sampled(name: str, file: Path, for_s: str = "30s") -> Path:
    """Samples from before the incident."""
    line = [sys.executable, "-m", "leakdoc", "step", "run", "sample_memory", "-p", f"target=name:{name}", "-p",
            f"for={for_s}", "-p", "interval=250ms", "-p", f"record={file}", "--quiet"]  # fmt: skip
    subprocess.run(line, capture_output=True, check=True, timeout=PATIENCE_S)
    return file


def median_of_the_last(deployment: Deployment, seconds: float) -> float:
    since = time.monotonic() - seconds
    took = sorted(each for began, each in deployment.took if began >= since)
    return took[len(took) // 2] if took else float("inf")


RULES = """\
groups:
  - name: shop
    rules:
      - {alert: CallersWaitForThePool, expr: shop_wait_seconds > 1, for: 1m}
"""


def alerts_fired(rules: Path, wait_s: float) -> bool:
    """Whether the rules fire on a service whose callers wait so long; Prometheus's own tool decides."""
    test = rules.with_name("rules.test.yaml")
    case = {
        "interval": "1m",
        "input_series": [{"series": "shop_wait_seconds", "values": f"{wait_s}x10"}],
        "alert_rule_test": [{"eval_time": "5m", "alertname": "CallersWaitForThePool", "exp_alerts": [{}]}],
    }
    test.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case]}))
    try:
        done = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.fail("there is no promtool: apt-get install prometheus")
    assert done.returncode == 0 or "exp:" in done.stdout + done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.soak
@needs_root
def test_an_exhausted_pool_is_tuned_and_nobody_waits_any_more(tmp_path: Path, upstream: tuple[Path, int]) -> None:
    file, port = upstream
    file.write_text(json.dumps({"takes": 0.2}))
    name = f"pool{os.getpid() % 10_000}"
    production = Deployment(name, tmp_path / "production", "fixed", {"database": port, "pool": 8}, per_second=15)
    incident = Incident(tmp_path, settings_hook("TUNE_POOL", production, {"pool": 8}, {"pool": 2}))
    rules = tmp_path / "rules.yaml"
    try:
        normal = sampled(name, tmp_path / "normal.leakdoc")
        production.ask("set", json.dumps({"pool": 2}))
        given = {"service": "shop", "target": f"name:{name}", "look": "30s", "interval": "250ms", "normal": str(normal)}
        waiting = incident.run(
            "connection-pool-exhaustion", settings="size=8", rules=RULES, rules_file=str(rules), **given
        )
        assert waiting["outcome"] == "waiting", waiting["reason"]
        waited = median_of_the_last(production, 30)
        document = incident.approve(waiting)
        waits = median_of_the_last(production, 10)
    finally:
        production.stop()
    assert json.loads((production.directory / "settings.json").read_text())["pool"] == 8
    assert document["outcome"] == "passed", document["reason"]
    assert waits < waited / 2, "the wait for a connection falls"
    assert alerts_fired(rules, waited), "the alert fires on what callers waited before"
    assert not alerts_fired(rules, waits), "and is silent on what they wait now"
    assert production.answered == production.sent > 0


@pytest.mark.soak
@needs_root
def test_cascading_timeouts_are_broken_and_the_upstream_recovers(tmp_path: Path, upstream: tuple[Path, int]) -> None:
    file, port = upstream
    crowd = {"takes": 0.02, "crowd": 10, "slow": 15}
    file.write_text(json.dumps(crowd))
    name = f"casc{os.getpid() % 10_000}"
    production = Deployment(name, tmp_path / "production", "fixed", {"upstream": port}, per_second=10)
    incident = Incident(
        tmp_path, settings_hook("APPLY_CIRCUIT_BREAKER", production, {"breaker": True}, {"breaker": False})
    )
    try:
        normal = sampled(name, tmp_path / "normal.leakdoc")
        file.write_text(json.dumps({**crowd, "stalled": True}))
        given = {"service": "shop", "target": f"name:{name}", "look": "30s", "interval": "250ms", "normal": str(normal)}
        threading.Timer(5.0, lambda: file.write_text(json.dumps(crowd))).start()
        waiting = incident.run("cascading-timeouts", **given)
        assert waiting["outcome"] == "waiting", waiting["reason"]
        found = next(each for each in waiting["steps"] if each["id"] == "upstream")
        assert found["outputs"]["upstream"] == f"127.0.0.1:{port}"
        document = incident.approve(waiting)
        answers = median_of_the_last(production, 5)
    finally:
        production.stop()
    assert document["outcome"] == "passed", document["reason"]
    assert answers < 1.0, "the upstream answers again"
    verify = next(each for each in document["steps"] if each["id"] == "verify")
    assert json.loads(Path(verify["outputs"]["proof"]).read_text())["schema"] == "leakdoc.proof/1"
