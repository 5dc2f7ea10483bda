"""The memory playbook on another service with another driver: payments on PostgreSQL."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from leakdoc import demo
from leakdoc.demo.deployment import Deployment
from leakdoc.demo.lifeline import FLAG
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.demo.settings import DSN_VARIABLE
from leakdoc.errors import LeakdocError
from tests.integration.test_playbook_incidents import PROGRAMS, SUPERVISOR, Incident, needs_root, outcomes
from tests.program import Program


class Payments(Deployment):
    """The demo's deployment under a name of its own, which a control socket rolls out."""

    def __init__(self, dsn: str, name: str, directory: Path) -> None:
        super().__init__(dsn, build="leaky", declined_each=20)  # slowly: staging has to find free connections too
        self.name, self.directory, self.deploys = name, directory, list[str]()
        directory.mkdir()

    def __enter__(self) -> Self:
        super().__enter__()
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(str(self.directory / "control"))
        self.control.listen()
        self.obeying = threading.Thread(target=self._obey, daemon=True)
        self.obeying.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.control.shutdown(socket.SHUT_RDWR)
        self.control.close()
        self.obeying.join(60)
        super().__exit__(kind, error, trace)

    def _start_service(self, build: str) -> subprocess.Popen[str]:
        assert self._listener is not None
        inherited = self._listener.fileno()
        module = ["leakdoc.demo.payments", FLAG, "--build", build, "--listen-fd", str(inherited)]
        service = Program(
            [sys.executable, str(PROGRAMS / "named.py"), self.name, *module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=(inherited,), start_new_session=True,
            env={**os.environ, DSN_VARIABLE: self._dsn},
        )  # fmt: skip
        if not service.line():
            raise LeakdocError(f"the {build} build does not start")
        return service

    def _obey(self) -> None:
        while True:
            try:
                asker, _ = self.control.accept()
            except OSError:
                return
            with asker, asker.makefile("rw") as lines:
                word, _, build = lines.readline().strip().partition(" ")
                if word == "deploy":
                    self.deploys.append(build)
                    self.roll_out(build)
                print(self.build, file=lines, flush=True)


@pytest.mark.soak
@needs_root
def test_payments_on_postgresql_are_led_to_the_proof(tmp_path: Path) -> None:
    place = str(tmp_path / "production")
    shell = f'exec {sys.executable} {SUPERVISOR[1]} "$@" "$LEAKDOC_REVISION"'
    staging = [sys.executable, str(PROGRAMS / "staged_payments.py")]
    hooks = {
        "ROLL_OUT": ["sh", "-c", shell, "sh", "deploy", place],
        "ROLL_OUT_PROBE": ["sh", "-c", shell, "sh", "runs", place],
        "RECORD_ROLLBACK_POINT": [*SUPERVISOR, "current", place],
        "VALIDATE_IN_STAGING_BEFORE": [*staging, "leaky"],
        "VALIDATE_IN_STAGING_AFTER": [*staging, "fixed"],
    }
    environment = {f"LEAKDOC_HOOK_{name}": json.dumps(words) for name, words in hooks.items()}
    name = f"pay{os.getpid() % 10_000}"
    with EmbeddedPostgres() as postgres, Payments(postgres.dsn, name, tmp_path / "production") as production:
        incident = Incident(tmp_path, {**environment, "PAYMENTS_DSN": postgres.dsn, DSN_VARIABLE: postgres.dsn})
        given = {"target": f"name:{name}", "look": "50s", "interval": "500ms", "db_dsn": "env:PAYMENTS_DSN"}
        given |= {"source": str(Path(demo.__file__).parent), "started_at": "03:12Z"}
        waiting = incident.run("memory-leak", service="payments", revision="fixed", **given)
        assert waiting["outcome"] == "waiting", waiting["reason"]
        assert outcomes(waiting)["growth"] == outcomes(waiting)["staging"] == "passed"
        steps = {each["id"]: each for each in waiting["steps"]}
        assert steps["heap"]["outcome"] == "passed", steps["heap"]["reason"]  # nobody has put an agent into payments
        assert steps["locate"]["outputs"]["places"][0]["path"] in ("orders.py", "charges_leaky.py")
        document = incident.approve(waiting)
    assert document["outcome"] == "passed", document["reason"]
    assert production.deploys == ["fixed"] and outcomes(document)["verify"] == "passed"
    assert production.counts is not None and production.counts.failed == 0 < production.counts.sent
    assert postgres.dsn not in incident.journal.read_text()
