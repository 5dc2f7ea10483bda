"""A playbook that grew out of an incident of one service is run on another, whose driver differs, to a proof."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.demo.settings import DSN_VARIABLE
from tests.integration import pools_carried_over, timeouts_carried_over
from tests.integration.test_playbook_incidents import (
    PATIENCE_S,
    PROGRAMS,
    SUPERVISOR,
    Deployment,
    Incident,
    hooks,
    needs_root,
    outcomes,
)
from tests.integration.test_playbook_postgres import Payments


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """The incidents of both classes, handled and carried over side by side: they wait nearly all the time."""
    with ThreadPoolExecutor(2) as side_by_side:
        pools, timeouts = (tmp_path_factory.mktemp(name) for name in ("pools", "timeouts"))
        yield {
            "pools": side_by_side.submit(pools_carried_over.carried, pools, "asyncpg", "claude"),
            "timeouts": side_by_side.submit(timeouts_carried_over.carried, timeouts, "http", "redis", "atif"),
        }


@pytest.mark.soak
@needs_root
@pytest.mark.parametrize("incident", ["pools", "timeouts"])
def test_what_an_incident_taught_leads_a_service_of_another_driver_to_the_proof(
    incident: str, carried: dict[str, Future[None]]
) -> None:
    """A pool of psycopg that is exhausted, then one of asyncpg; an upstream asked by HTTP that hangs, then a Redis."""
    carried[incident].result(PATIENCE_S)


@pytest.mark.soak
@needs_root
@pytest.mark.parametrize(("driver", "layout"), [("redis", "atif"), ("aiomysql", "devin")])
def test_an_exhausted_pool_of_any_driver_is_led_to_the_proof(driver: str, layout: str, tmp_path: Path) -> None:
    pools_carried_over.carried(tmp_path, driver, layout)


@pytest.mark.soak
@needs_root
def test_an_upstream_that_hangs_is_led_to_the_proof_the_other_way_round(tmp_path: Path) -> None:
    timeouts_carried_over.carried(tmp_path, "redis", "http", "devin")


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
