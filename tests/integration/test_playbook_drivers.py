"""The memory playbook on services that ask Redis, or another service by HTTP, and forget to close what they opened."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_playbook_incidents import PROGRAMS, Deployment, Incident, hooks, needs_root, outcomes
from tests.program import Program
from tests.valkey_server import serving_valkey


@contextlib.contextmanager
def asked(driver: str) -> Iterator[int]:
    """What the service asks, a real server, by its port."""
    if driver == "redis":
        with serving_valkey() as port:
            yield port
        return
    line = [sys.executable, str(PROGRAMS / "answering.py")]
    with Program(line, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.line())
        process.kill()


@pytest.mark.soak
@needs_root
@pytest.mark.parametrize("driver", ["redis", "http"])
def test_what_opens_by_another_driver_is_led_to_the_proof(driver: str, tmp_path: Path) -> None:
    name = f"{driver}{os.getpid() % 10_000}"
    with asked(driver) as port:
        settings = {"program": "sessions.py", driver: port}
        production = Deployment(name, tmp_path / "production", "leaky", settings, per_second=40)
        environment = hooks(production)
        for build, when in (("leaky", "BEFORE"), ("fixed", "AFTER")):
            staged = [sys.executable, str(PROGRAMS / "staged.py"), build, "sessions.py", json.dumps(settings)]
            environment[f"LEAKDOC_HOOK_VALIDATE_IN_STAGING_{when}"] = json.dumps(staged)
        incident = Incident(tmp_path, environment)
        given = {"target": f"name:{name}", "look": "40s", "interval": "250ms", "source": str(PROGRAMS)}
        try:
            waiting = incident.run(
                "memory-leak",
                service="sessions",
                revision="fixed",
                started_at="03:12Z",
                test=str(tmp_path / "test_sessions.py"),
                **given,
            )
            assert waiting["outcome"] == "waiting", waiting["reason"]
            steps = {each["id"]: each for each in waiting["steps"]}
            assert steps["connections"]["outputs"]["decision"] == "leaking", steps["connections"]["reason"]
            assert steps["locate"]["outputs"]["places"][0]["path"] == "sessions.py"
            assert "sessions.py" in (tmp_path / "test_sessions.py").read_text()
            document = incident.approve(waiting)
        finally:
            production.stop()
    assert document["outcome"] == "passed", document["reason"]
    assert outcomes(document)["verify"] == "passed" and production.deploys == ["fixed"]
    assert production.answered == production.sent > 0, "the rollout loses no request"
