"""Where something was done and what it did to the world: a deployment is never a look, staging never production."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.playbooks.layouts import write
from benchmarks.playbooks.measuring import Truth, events_of, figures
from benchmarks.playbooks.source import Written, all_written
from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.generalizing import generalized
from leakdoc.playbook.records.interpreting import LOOKED_AT, STAGING, readings
from leakdoc.playbook.records.origins import Entity
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.records.shell.changing import changes_something
from leakdoc.playbook.records.shell.peeling import peeled
from tests.records_scenes import did, incident_of, leak, name_of, person, playbook_of

CHANGES = [
    "aws ecs update-service --cluster c --service s --deployment-configuration circuitBreaker={enable=true}",
    "aws rds modify-db-instance --db-instance-identifier latency-db",
    'kubectl -n prod patch deploy/api -p \'{"spec":{"upstream":"memory"}}\'',
    "kubectl label pod api-0 heap=leaks --overwrite",
    "helm upgrade api charts/api --set latency.p99=1",
    "sed -i 's/max_connections=None/max_connections=200/' app/conf.py",
    "gcloud run services update api --memory 1Gi",
    "nomad job revert api 7",
    "docker service update --limit-memory 1g api",
]
LOOKS = [
    "aws ecs describe-services --cluster update-service",
    "kubectl get deploy api -o yaml",
    "sed -n '1,12p' app/conf.py",
    "nomad alloc status 9c1f02ab",
    "docker stats --no-stream api",
    "kubectl apply --dry-run=server -f x.yaml",
]


@pytest.mark.parametrize("line", CHANGES)
def test_what_changes_something_is_never_told_by_a_rule_of_looks(line: str) -> None:
    (reading,) = readings([incident_event(line)], own_rules())
    assert changes_something(peeled(line)[0].argv) and reading.kind not in LOOKED_AT


@pytest.mark.parametrize("line", LOOKS)
def test_a_look_changes_nothing(line: str) -> None:
    assert not changes_something(peeled(line)[0].argv)


def incident_event(line: str) -> RecordEvent:
    return RecordEvent(id="1", sort=Sort.COMMAND, command=line)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("api leaks. The staging app is api-b, ns blue-2.", "argocd app sync api-b"),
        ("api leaks in ns adx. 预发命名空间 adx-pre,代码在 src/", "kubectl -n adx-pre apply -f chaos/delay.yaml"),
        ("api leaks. Validate on cluster eu-two before prod.", "aws ecs update-service --cluster eu-two --service api"),
        ("api leaks on app-1, try it on app-9 first", "ssh app-9 systemctl restart api"),
    ],
)
def test_what_a_person_calls_staging_is_staging(tmp_path: Path, asked: str, line: str) -> None:
    incident = incident_of(tmp_path, [*person(asked), *leak()[1:], *did(line, "done")])
    assert incident.course[-1].reading.place == STAGING and incident.course[-1].slot == "staging"


def test_a_place_that_was_looked_at_before_is_not_staging_by_what_is_said_later(tmp_path: Path) -> None:
    later = did("kubectl -n prod get pods", "x 1/1 Running", say="same as in staging")
    incident = incident_of(tmp_path, [*leak(), *later])
    assert incident.course[-1].reading.place != STAGING


def test_a_probe_that_meets_the_incident_has_not_failed(tmp_path: Path) -> None:
    probe = "grpcurl -plaintext -max-time 5 rank.svc:50051 rank.v1.Ranker/Score"
    lines = leak()
    met = did(probe, "ERROR: Code: DeadlineExceeded", failed=True)
    again = did("grpcurl -plaintext rank.svc:50051 list", "rank.v1.Ranker")
    taken = set().union(*events_of(playbook_of(tmp_path, [lines[0], *met, *again, *lines[1:]])).values())
    assert name_of(probe) in taken


def test_a_short_revision_is_replaced_only_where_one_is_named() -> None:
    known = [Entity(name="stable_revision", type="revision", value="61", origin="output")]
    text = "10.61.8.20 had 61 goroutines; stage stays at 61; nomad job revert geo 61; version 61; r/geo:61; 回滚到 61"
    assert generalized(text, known) == (
        "<ip> had 61 goroutines; stage stays at 61; nomad job revert geo <stable_revision>; version <stable_revision>; "
        "<image>:<stable_revision>; 回滚到 <stable_revision>"
    )


def test_a_class_that_is_called_as_the_file_is_goes_with_it() -> None:
    known = [Entity(name="leak_file", type="path", value="src/com/acme/PdfBatch.java", origin="output")]
    assert generalized("PdfBatch keeps them; --tests '*PdfBatchLeakTest'", known) == (
        "<leak_file> keeps them; --tests '*<leak_file>LeakTest'"
    )
    known = [Entity(name="leak_file", type="path", value="src/client.py", origin="output")]
    assert generalized("the client waits", known) == "the client waits"


def test_what_watch_runs_is_looked_into() -> None:
    assert peeled('watch -n 30 "curl -s http://prom/api | jq ."')[0].argv == ("curl", "-s", "http://prom/api")


@pytest.mark.parametrize("incident", list(all_written()), ids=lambda each: each.name)
def test_no_change_is_told_as_another_or_as_a_look(tmp_path: Path, incident: Written) -> None:
    truth = Truth(
        essential=incident.ids("essential"),
        dead_ends=incident.ids("dead_end"),
        parameters=incident.parameters,
        secrets=incident.secrets,
        literals=incident.literals,
        incident_class=incident.about["class"],
        changes=incident.changes(),
    )
    measured = figures(write(incident, tmp_path, "claude"), truth)
    assert not measured.wrong_changes and not measured.survivors and any(truth.changes.values())
    assert measured.covered >= 0.95 and measured.precision >= 0.9
