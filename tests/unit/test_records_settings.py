"""Settings that an edit changed and a call applies are settings still: such an incident has no fix and no rollout."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.playbook.records.extracting import Incident
from tests.records_scenes import did, edited, incident_of, name_of, person, playbook_of, said

FILE = "/work/mesh/prod/rates.yaml"
BREAKER = ("timeout: 0s", "timeout: 0.3s\ncircuit_breakers: {max_requests: 200}")
LOGS = "kubectl -n prod logs deploy/quotes --since=5m | grep -c 504"


def lines(applied: str, *, edit: tuple[str, str] = BREAKER) -> list[dict[str, object]]:
    return [
        *person("quotes in namespace prod answers 504, its upstream rates times out. Config is in /work/mesh. #ops"),
        *did("kubectl -n prod logs deploy/quotes | grep -c 504", "18119 upstream timeouts, deadline exceeded"),
        *said("Decision: a circuit breaker towards rates, 18119 calls time out on the upstream."),
        *did("kubectl -n prod get cm rates -o jsonpath='{.metadata.annotations.rev}'", "90ab7f2"),
        *said("If it goes wrong: apply 90ab7f2 again. May I apply it to prod?"),
        *person("Approved."),
        *edited(FILE, *edit),
        *did(applied, "configmap/rates configured"),
        *did(LOGS, "0"),
        *said("No timeout for five minutes: recovered."),
        *did("slackcat --channel ops --comment 'quotes: rates is behind a breaker now'", "ok"),
    ]


def slot_of(incident: Incident, command: str) -> str:
    return next(each.slot for each in incident.course if each.reading.event.id == name_of(command))


@pytest.mark.parametrize(
    "applied",
    [
        "kubectl -n prod apply -f prod/rates.yaml",
        f"cd /work/mesh && git commit -qam breaker && git push -q && kubectl -n prod apply --filename={FILE}",
    ],
)
def test_what_applies_edited_settings_sets_them_and_nothing_is_rolled_out(tmp_path: Path, applied: str) -> None:
    incident = incident_of(tmp_path, lines(applied))
    assert (slot_of(incident, applied), slot_of(incident, LOGS)) == ("breaker", "recovered")
    steps = {step["id"] for step in playbook_of(tmp_path, lines(applied))["steps"]}
    assert {"breaker", "recovered", "staging", "baseline"} <= steps and not {"fix", "rollout"} & steps


@pytest.mark.parametrize(
    ("applied", "edit"),
    [
        ("kubectl -n prod apply -f prod/other.yaml", BREAKER),
        ("kubectl -n prod apply -f prod/rates.yaml", ("image: r/quotes:1", "image: r/quotes:2")),
        ("kubectl -n prod apply -f prod/rates.yaml && kubectl -n prod set image deploy/quotes app=r/quotes:2", BREAKER),
    ],
)
def test_what_applies_anything_else_rolls_out(tmp_path: Path, applied: str, edit: tuple[str, str]) -> None:
    assert slot_of(incident_of(tmp_path, lines(applied, edit=edit)), applied) == "rollout"
