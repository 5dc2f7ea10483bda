"""What led nowhere is told by what became of it: nothing kept later uses what it showed."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.facts import figures_in, is_flat, names_in, near, shows_nothing, telling
from leakdoc.playbook.records.leading import is_suspicion
from tests.records_scenes import did, edited, incident_of, leak, name_of, person

LOOK = "kubectl -n prod exec payments-7c9d8b6f5d-x2k4q -- "


def kept(incident: Incident, command: str) -> bool:
    return next(each for each in incident.course if each.reading.event.id == name_of(command)).kept


def with_look(folder: Path, command: str, output: str, *, at: int = 9, say: str = "") -> Incident:
    lines = leak()
    return incident_of(folder, [*lines[:at], *did(command, output, say=say), *lines[at:]])


@pytest.mark.parametrize(
    ("command", "output", "say"),
    [
        (LOOK + "cat /proc/17/limits", "Max open files 1048576", ""),
        (LOOK + "nslookup db.example.com", "Address: 10.2.3.4", ""),
        (LOOK + "jstat -gcutil 17 1000 1", "0.00 12.1 44.0 31.2", ""),
        (LOOK + "py-spy dump --pid 17 | grep -c Thread", "12", ""),
        ("psql -h db.example.com -c 'select count(*) from pg_locks where not granted'", "0", ""),
        ("aws cloudwatch get-metric-statistics --metric-name RequestCount --period 60", "120031 119877 121002", ""),
        ("kubectl -n prod logs deploy/payments | grep -c ERROR", "0", ""),
        (LOOK + "ss -s", "TCP: 14 (estab 9)", "sockets?"),
        ("sed -n 1,20p src/payments/refunds.py", "class Refunds:", ""),
    ],
)
def test_a_look_that_nothing_later_rests_on_is_left_out(tmp_path: Path, command: str, output: str, say: str) -> None:
    assert not kept(with_look(tmp_path, command, output, say=say), command)


@pytest.mark.parametrize(
    ("command", "output", "say"),
    [
        (LOOK + "cat /proc/17/limits", "Max open files 981", ""),  # a decision tells that figure
        (LOOK + "ss -s", "TCP: 985 (estab 980)", "sockets?"),  # and people round
        ("sed -n 80,95p src/payments/ledger.py", "conn = psycopg.connect(dsn)", ""),  # the change is in it
        (LOOK + "py-spy dump --pid 17 | grep -c Thread", "4211", ""),  # threads pile up
    ],
)
def test_a_look_that_something_later_rests_on_stays(tmp_path: Path, command: str, output: str, say: str) -> None:
    assert kept(with_look(tmp_path, command, output, say=say), command)


def test_a_suspect_that_is_looked_at_again_after_the_rollout_was_measured(tmp_path: Path) -> None:
    lines = leak()
    before, after = LOOK + "cat /sys/fs/cgroup/cpu.stat", "kubectl -n prod exec deploy/x -- cat /sys/fs/cgroup/cpu.stat"
    looks = [*lines[:9], *did(before, "nr_throttled 3"), *lines[9:-2], *did(after, "nr_throttled 3"), *lines[-2:]]
    assert kept(incident_of(tmp_path, looks), before)


def test_a_relief_that_is_set_back_before_the_cure_is_left_out(tmp_path: Path) -> None:
    lines = leak()
    up, down = (
        "kubectl scale deploy/payments -n prod --replicas=8",
        "kubectl scale deploy/payments -n prod --replicas=4",
    )
    incident = incident_of(tmp_path, [*lines[:9], *did(up, "scaled"), *did(down, "scaled"), *lines[9:]])
    assert not kept(incident, up) and not kept(incident, down)


def test_a_setting_that_is_edited_back_was_rolled_back(tmp_path: Path) -> None:
    def set_timeout(old: str, new: str) -> str:
        return f"ssh lb1 \"sudo sed -i 's/timeout server {old}/timeout server {new}/' /etc/haproxy/haproxy.cfg\""

    lines = [
        *person("checkout times out behind haproxy: 504s, the upstream promo is slow. code in /srv/checkout"),
        *did("curl -so /dev/null -w '%{time_total}' http://promo:8080/", "9.9"),
        *did(set_timeout("30s", "3s"), ""),
        *did("curl -s http://prometheus:9090/api/v1/query?query=error_rate", "0.4"),
        *did(set_timeout("3s", "30s"), ""),
        *edited("/srv/checkout/promo.py", "get(u)", "get(u, timeout=0.5)"),
        *did("./deploy.sh production checkout v2", "ok"),
    ]
    course = incident_of(tmp_path, lines).course
    slots = {each.reading.event.id: (each.slot, each.kept) for each in course}
    assert slots[name_of(set_timeout("3s", "30s"))] == ("roll_back", True)
    assert not slots[name_of(set_timeout("30s", "3s"))][1]


@pytest.mark.parametrize(
    "said_before", ["locks?", "maybe the disk", "vielleicht der GC", "会不会是网络", "DNS 문제일까?"]
)
def test_a_guess_is_a_suspicion(said_before: str) -> None:
    assert is_suspicion(said_before)


@pytest.mark.parametrize(
    "said_before", ["who holds them?", "Wo ist das im Code?", "谁占着连接?", "State of the pods.", ""]
)
def test_a_question_for_something_is_none(said_before: str) -> None:
    assert not is_suspicion(said_before)


def test_a_name_is_known_by_its_parts() -> None:
    assert {"redis.clients.jedis.jedis", "jedis", "ledger.py"} <= names_in(
        "redis.clients.jedis.Jedis at src/ledger.py:88"
    )
    assert telling("ledger.py") and telling("r1402") and not telling("pool")


def test_figures_are_told_roundly() -> None:
    assert (
        near(9188, figures_in("some 9k sockets"))
        and near(14.8, figures_in("15.0 s"))
        and not near(61, figures_in("90"))
    )
    assert figures_in("18,234 and 1.8万") == [18234, 18000]


@pytest.mark.parametrize("output", ["", "0", "(0 rows)", "Empty set", "no rows selected", "0.0%", "[]", "none"])
def test_nothing_was_shown(output: str) -> None:
    assert shows_nothing(output)


@pytest.mark.parametrize(
    "output", ["12", "VmRSS: 100 kB", "node is ready", "nobody knows what this line is about, and it goes on and on"]
)
def test_something_was_shown(output: str) -> None:
    assert not shows_nothing(output)


def test_a_series_that_rises_is_not_flat() -> None:
    assert is_flat("212 210 215 209 211") and not is_flat("2844768\n2868112\n2891440") and not is_flat("1 2")


def test_a_decision_is_not_needed_for_what_the_incident_is_about(tmp_path: Path) -> None:
    command = "kubectl -n prod exec payments-7c9d8b6f5d-x2k4q -- cat /sys/fs/cgroup/memory.current"
    assert kept(with_look(tmp_path, command, "442104000"), command)
