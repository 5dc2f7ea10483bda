"""A playbook that grew out of an incident of one service is run on another, whose driver differs, to a proof."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.demo.settings import DSN_VARIABLE
from tests.integration.test_playbook_incidents import (
    PROGRAMS,
    SUPERVISOR,
    Deployment,
    Incident,
    hooks,
    needs_root,
    outcomes,
)
from tests.integration.test_playbook_postgres import Payments


def journal_of_the_shop(folder: Path) -> Path:
    """Handle a leak of the shop, which has no database, and return the journal."""
    name = f"grow{os.getpid() % 10_000}"
    shop = Deployment(name, folder / "shop", "leaky", {}, per_second=40)
    incident = Incident(folder, hooks(shop))
    try:
        given = {"service": "shop", "target": f"name:{name}", "look": "40s", "interval": "250ms"}
        document = incident.approve(incident.run("memory-leak", revision="fixed", **given))
    finally:
        shop.stop()
    assert document["outcome"] == "passed", document["reason"]
    return incident.journal


@pytest.mark.soak
@needs_root
def test_what_one_service_taught_leads_another_to_the_proof(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    playbook = second / "learned.yaml"
    assert main(["playbook", "extract", str(journal_of_the_shop(first)), "-o", str(playbook)]) == 0
    assert main(["playbook", "check", str(playbook)]) == 0
    assert "shop" not in playbook.read_text(encoding="utf-8")
    place = str(second / "production")
    shell = f'exec {sys.executable} {SUPERVISOR[1]} "$@" "$LEAKDOC_REVISION"'
    staging = [sys.executable, str(PROGRAMS / "staged_payments.py")]
    environment = {
        "ROLL_OUT": ["sh", "-c", shell, "sh", "deploy", place],
        "ROLL_OUT_PROBE": ["sh", "-c", shell, "sh", "runs", place],
        "RECORD_ROLLBACK_POINT": [*SUPERVISOR, "current", place],
        "VALIDATE_IN_STAGING_BEFORE": [*staging, "leaky"],
        "VALIDATE_IN_STAGING_AFTER": [*staging, "fixed"],
    }
    name = f"paid{os.getpid() % 10_000}"
    with EmbeddedPostgres() as postgres, Payments(postgres.dsn, name, second / "production") as production:
        told = {f"LEAKDOC_HOOK_{key}": json.dumps(words) for key, words in environment.items()}
        incident = Incident(second, {**told, "PAYMENTS_DSN": postgres.dsn, DSN_VARIABLE: postgres.dsn})
        given = {"target": f"name:{name}", "look": "50s", "interval": "500ms", "db_dsn": "env:PAYMENTS_DSN"}
        waiting = incident.run(str(playbook), service="payments", revision="fixed", **given)
        assert waiting["outcome"] == "waiting", waiting["reason"]
        assert outcomes(waiting)["growth"] == outcomes(waiting)["staging"] == "passed"
        document = incident.approve(waiting)
    assert document["outcome"] == "passed", document["reason"]
    assert production.deploys == ["fixed"] and outcomes(document)["verify"] == "passed"
