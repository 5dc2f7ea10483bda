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

PROGRAMS = Path(__file__).parents[1] / "programs"
SUPERVISOR = [sys.executable, str(PROGRAMS / "supervisor.py")]
PATIENCE_S = 400.0


class Deployment:
    """A service behind a public port, and steady callers that count what they get."""

    def __init__(self, name: str, directory: Path, build: str, settings: dict[str, Any], *, per_second: float) -> None:
        directory.mkdir()
        (directory / "settings.json").write_text(json.dumps(settings))
        self.directory = directory
        self.process = subprocess.Popen([*SUPERVISOR, "run", name, str(directory), build], stdout=subprocess.PIPE)
        assert self.process.stdout is not None and self.process.stdout.readline() == b"ready\n"
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
            self.answered += said.startswith(b"HTTP/1.0 20")
            self.took.append((began, time.monotonic() - began))

    def ask(self, *words: str) -> str:
        line = [*SUPERVISOR, words[0], str(self.directory), *words[1:]]
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    def stop(self) -> None:
        self.stopped.set()
        for load in self.loads:
            load.join(120)
        self.process.terminate()
        self.process.wait(60)

    @property
    def deploys(self) -> list[str]:
        log = self.directory / "deploys.log"
        return log.read_text().split() if log.exists() else []


def hooks(deployment: Deployment) -> dict[str, str]:
    """The user's environment: how this deployment is rolled out, and how it is run in staging."""
    place = str(deployment.directory)
    shell = f'exec {sys.executable} {SUPERVISOR[1]} "$@" "$LEAKDOC_REVISION"'
    staging = [sys.executable, str(PROGRAMS / "staged.py")]
    given = {
        "ROLL_OUT": ["sh", "-c", shell, "sh", "deploy", place],
        "ROLL_OUT_PROBE": ["sh", "-c", shell, "sh", "runs", place],
        "RECORD_ROLLBACK_POINT": [*SUPERVISOR, "current", place],
        "VALIDATE_IN_STAGING_BEFORE": [*staging, "leaky"],
        "VALIDATE_IN_STAGING_AFTER": ["sh", "-c", f'exec {staging[0]} {staging[1]} "$LEAKDOC_REVISION"'],
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
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        signers = self.directory / "signers"
        signers.write_text(f"{document['waiting']['role']} {key.with_suffix('.pub').read_text()}")
        signers.chmod(0o444)
        line = ["ssh-keygen", "-q", "-Y", "sign", "-n", "leakdoc-approval", "-f", str(key)]
        digest = document["waiting"]["digest"].encode()
        signature = subprocess.run(line, input=digest, capture_output=True, check=True).stdout
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
@pytest.mark.parametrize(("revision", "outcome"), [("fixed", "passed"), ("worse", "failed")])
def test_a_memory_leak_is_led_from_the_page_to_the_proof(revision: str, outcome: str, tmp_path: Path) -> None:
    name = f"leak{os.getpid() % 10_000}"
    production = Deployment(name, tmp_path / "production", "leaky", {}, per_second=40)
    incident = Incident(tmp_path, hooks(production))
    try:
        waiting = incident.run(
            "memory-leak", service="shop", target=f"name:{name}", revision=revision, look="30s", interval="250ms"
        )
        if revision == "worse":
            assert outcomes(waiting)["staging"] == "failed", "staging does not let it through"
            assert production.deploys == []
            return
        assert waiting["outcome"] == "waiting"
        assert outcomes(waiting)["growth"] == "passed" and production.deploys == []
        document = incident.approve(waiting)
    finally:
        production.stop()
    assert document["outcome"] == outcome, document["reason"]
    assert production.deploys == [revision]
    assert production.answered == production.sent > 0, "the rollout loses no request"
    verify = next(each for each in document["steps"] if each["id"] == "verify")
    assert verify["outputs"]["decision"] == "normalized"
