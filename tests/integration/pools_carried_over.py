"""An exhausted pool of one service, handled and kept as a record; its playbook run on another, by another driver."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.main import main
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.demo.postgres_install import programs
from leakdoc.testing.slack import FakeSlack
from tests.integration.crowds import Crowded
from tests.integration.handling import Handling, told
from tests.integration.test_playbook_incidents import (
    PROGRAMS,
    SUPERVISOR,
    Incident,
    hooks,
    median_of_the_last,
    outcomes,
    sampled,
)
from tests.mariadb_server import serving_mariadb
from tests.valkey_server import serving_valkey

PATIENCE_S = 60.0
CALLERS, TAKES_S = 60, 0.5  # of the service that the playbook is run on: at a pool of 2 each waits for ten seconds
SMALL, LARGE = 2, 10
ALERTS = """\
groups:
  - name: orders
    rules:
      - {alert: CallersWaitForThePool, expr: pool_waiting > 5, for: 1m}
"""
DEPLOY = f"""\
#!/bin/sh
# deploy.sh PLACE REVISION puts a revision behind a place's port; deploy.sh current-revision PLACE tells which is there
set -e
if [ "$1" = current-revision ]; then exec {sys.executable} {SUPERVISOR[1]} current "$DEPLOYMENTS/$2"; fi
{sys.executable} {SUPERVISOR[1]} set "$DEPLOYMENTS/$1" "$(git show "$2:config/orders.json")"
{sys.executable} {SUPERVISOR[1]} deploy "$DEPLOYMENTS/$1" "$2"
"""


SERVERS = {"aiomysql": serving_mariadb, "redis": serving_valkey}


def callers_wait(numbers: str) -> bool:
    return "pool_waiting 0" not in numbers


def asked_by(driver: str, pool: int) -> dict[str, Any]:
    return {"program": "pooled.py", "driver": driver, "pool": pool, "takes": TAKES_S}


def carried(folder: Path, driver: str, layout: str) -> None:
    """Handle the incident of orders on psycopg, and run what it taught on another service, by another driver."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres())
        asked = {"POOLED_DSN": postgres.dsn}
        if driver in SERVERS:
            asked["POOLED_PORT"] = str(stack.enter_context(SERVERS[driver]()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in asked.items():
            patch.setenv(name, value)
        other = stack.enter_context(Other(driver, folder))
        other.is_led_to_the_proof(handled(folder / "orders", postgres).record(layout), secret=postgres.dsn)


class Other:
    """Another service, on another driver: well at first, and sampled then; its pool is made too small afterwards."""

    def __init__(self, driver: str, folder: Path) -> None:
        self.driver, self.folder = driver, folder
        self.name = f"{driver[:6]}{os.getpid() % 10_000}"
        self.normal = folder / "normal.leakdoc"

    def __enter__(self) -> Other:
        well = asked_by(self.driver, LARGE)
        self.production = Crowded(self.name, self.folder / "production", "r1", well, per_second=CALLERS)
        told(self.production.port, lambda numbers: "pool_in_use 0" not in numbers and not callers_wait(numbers))
        sampled(self.name, self.normal, "20s")
        return self

    def __exit__(self, *_: object) -> None:
        self.production.stop()

    def environment(self, slack: FakeSlack) -> dict[str, str]:
        """The hooks of its deployment: what is rolled out is a revision, and a pool's size stands in its settings."""
        tuned = [sys.executable, str(PROGRAMS / "settings_hook.py"), str(self.production.directory), "pool"]
        tuned += ["@settings.size", str(SMALL)]
        staged = [sys.executable, str(PROGRAMS / "staged.py")]
        small, large = (json.dumps(asked_by(self.driver, pool)) for pool in (SMALL, LARGE))
        given = {
            **dict.fromkeys(("TUNE_POOL", "TUNE_POOL_PROBE", "TUNE_POOL_UNDO"), tuned),
            "VALIDATE_IN_STAGING_BEFORE": [*staged, "r1", "pooled.py", small, "40"],
            "VALIDATE_IN_STAGING_AFTER": [*staged, "r2", "pooled.py", large, "40"],
        }
        own = {f"LEAKDOC_HOOK_{key}": json.dumps(words) for key, words in given.items()}
        return {**hooks(self.production), **own, "WEBHOOK": slack.webhook}

    def is_led_to_the_proof(self, record: Path, *, secret: str) -> None:
        """Extract the playbook of a record, and run it here."""
        playbook, rules = self.folder / "learned.yaml", self.folder / "alerts.yaml"
        assert main(["playbook", "extract", str(record), "-o", str(playbook)]) == 0
        assert main(["playbook", "check", str(playbook)]) == 0
        learned = playbook.read_text(encoding="utf-8")
        assert "orders" not in learned and secret not in learned and secret.split(":")[2].split("@")[0] not in learned
        self.production.ask("set", json.dumps({"pool": SMALL}))
        self.production.ask("deploy", "r1")
        told(self.production.port, callers_wait)
        given = {"service": self.name, "target": f"name:{self.name}", "normal": str(self.normal), "revision": "r2"}
        given |= {"look": "20s", "interval": "250ms", "alert_rules": ALERTS, "rules_file": str(rules)}
        with FakeSlack() as slack:
            incident = Incident(self.folder, self.environment(slack))
            document = incident.run(str(playbook), webhook="env:WEBHOOK", **given)
            assert document["outcome"] == "waiting", document["reason"]
            assert outcomes(document)["pool"] == outcomes(document)["staging"] == "passed"
            waited = median_of_the_last(self.production, 30)
            for _ in ("the pool's new size", "the rollout"):
                document = incident.approve(document)
        assert document["outcome"] == "passed", document["reason"]
        found = {each["id"]: each for each in document["steps"]}
        assert found["pool"]["outputs"]["decision"] == "exhausted"
        assert self.production.deploys == ["r1", "r2"], "nothing is taken back"
        assert json.loads((self.production.directory / "settings.json").read_text())["pool"] == LARGE
        assert main(["recheck", str(found["recovered"]["outputs"]["proof"])]) == 0
        assert median_of_the_last(self.production, 10) < waited / 2, "the wait for a connection falls"
        assert rules.read_text() == ALERTS and len(slack.messages) == 1
        assert secret not in incident.journal.read_text()


def handled(folder: Path, postgres: EmbeddedPostgres) -> Handling:
    """Orders, on psycopg: root cause, tune the pool, add monitoring."""
    place = repository(folder)
    settings = json.loads((place / "config" / "orders.json").read_text())
    asking = (
        f"PGPASSWORD={postgres.dsn.split(':')[2].partition('@')[0]} psql -h 127.0.0.1 -p {postgres.port} -U postgres"
    )
    counted = "select state, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1"
    with contextlib.ExitStack() as stack:
        slack = stack.enter_context(FakeSlack(channel="#orders"))
        by = {"DEPLOYMENTS": str(folder), "PATH": f"{programs()}:{os.environ['PATH']}", "SLACK": slack.webhook}
        deployed = [Crowded(each, folder / each, "r1", settings, per_second=30) for each in ("production", "staging")]
        for each in deployed:
            stack.callback(each.stop)
        production = f"http://orders.example.net:{deployed[0].port}"
        staging = f"http://orders.staging.example.net:{deployed[1].port}"
        told(deployed[0].port, callers_wait)
        hand = Handling("march", place, by)
        hand.asked(
            f"orders on this host ({production}) answers late since 09:12: its callers wait for a connection. Its "
            "database is PostgreSQL, the code is here. Validate on staging first. Dana approves. Tell #orders."
        )
        hand.ran("What do callers see?", f"curl -s -o /dev/null -w '%{{time_total}}\\n' {production}/")
        waiting = hand.ran("The pool's own numbers.", f"curl -s {production}/metrics | grep '^pool_'")
        assert "pool_in_use 2" in waiting and "pool_waiting 0" not in waiting, waiting
        hand.ran("And as the database sees it.", f'{asking} -d postgres -Atc "{counted}"')
        hand.said("Decision: every connection is checked out, and callers wait for one: the pool is exhausted.")
        hand.ran("Who set it?", "git log -3 --oneline -- config/orders.json")
        hand.said(f"Root cause: a pool of {SMALL} is too small for this load.")
        hand.edited("A larger one.", "config/orders.json", f'"pool": {SMALL}', f'"pool": {LARGE}')
        new = hand.ran("Publish.", "git commit -qam 'A larger pool' && git rev-parse --short HEAD").strip()
        old = hand.ran("What runs now?", "./deploy.sh current-revision production").strip()
        hand.ran("Staging first.", f"./deploy.sh staging {new}")
        hand.ran("Staging under load.", f"curl -s {staging}/metrics | grep '^pool_'")
        hand.said(f"Staging: nobody waits. Rollback plan: ./deploy.sh production {old} if callers wait. Approve?")
        hand.answered("Approved. Dana")
        hand.ran("Deploy.", f"./deploy.sh production {new}")
        well = hand.ran("Verify: is the pool well again?", f"curl -s {production}/metrics | grep '^pool_'")
        assert f"pool_size {LARGE}" in well, well
        hand.ran("Verify: what do callers see?", f"curl -s -o /dev/null -w '%{{time_total}}\\n' {production}/")
        hand.ran("An alert for the next time.", f"cat > alerts/orders-pool.yml <<'Y'\n{ALERTS}Y")
        message = json.dumps({"text": f"orders: a pool of {SMALL} was exhausted, now {LARGE}"})
        hand.ran("Summary.", f"curl -s -X POST -H 'Content-type: application/json' --data '{message}' \"$SLACK\"")
        assert len(slack.messages) == 1
    return hand


def repository(folder: Path) -> Path:
    """The repository of orders, with one commit."""
    place = folder / "repository"
    for name in ("config", "alerts"):
        (place / name).mkdir(parents=True)
    (place / "config" / "orders.json").write_text(json.dumps(asked_by("psycopg", SMALL), indent=1))
    (place / "deploy.sh").write_text(DEPLOY)
    (place / "deploy.sh").chmod(0o755)
    for words in (["init", "-q"], ["config", "user.name", "dana"], ["config", "user.email", "dana@example.com"],
                  ["add", "-A"], ["commit", "-qm", "Settings of orders"]):  # fmt: skip
        subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True, timeout=PATIENCE_S)
    return place
