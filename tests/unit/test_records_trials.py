"""What was tried and did not help is left out with what it was tried for; what took it back stays, as a rollback."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.placing import Placed
from tests.records_scenes import did, edited, incident_of, leak, name_of, person, said

LATENCY = "kubectl -n prod exec payments-7c9d8b6f5d-x2k4q -- curl -s localhost:8000/debug/latency"


def of(incident: Incident, command: str) -> Placed:
    return next(each for each in incident.course if each.reading.event.id == name_of(command))


def before_the_cure(folder: Path, lines: list[dict[str, object]]) -> Incident:
    whole = leak()
    return incident_of(folder, [*whole[:16], *lines, *whole[16:]])


@pytest.mark.parametrize(
    ("first", "undone", "says"),
    [
        ("fly scale vm performance-2x -a payments", "fly scale vm shared-1x -a payments", "same growth. wasn't that"),
        ("cf set-env payments LEVEL warn", "cf set-env payments LEVEL info", "跟日志没关系,没有变化。"),
        ("kubectl -n prod set env deploy/x POOL_MAX=60", "kubectl -n prod set env deploy/x POOL_MAX=20", "No effect."),
        ("shopctl flag enable slim -a payments", "shopctl flag disable slim -a payments", "Hat nichts gebracht."),
    ],
)
def test_a_setting_that_did_not_help_is_left_out_and_what_undoes_it_is_a_rollback(
    first: str, undone: str, says: str, tmp_path: Path
) -> None:
    tried = [*did(first, "updated"), *did(LATENCY, "p99 9812 ms"), *said(says), *did(undone, "updated")]
    incident = before_the_cure(tmp_path, tried)
    assert not of(incident, first).kept and not of(incident, LATENCY).kept
    assert (of(incident, undone).slot, of(incident, undone).kept) == ("roll_back", True)


def test_a_setting_that_is_tried_with_another_value_is_no_rollback(tmp_path: Path) -> None:
    first, second = "fly scale count 4 -a payments", "fly scale count 9 -a payments"
    tried = [*did(first, "ok"), *did(LATENCY, "p99 9812 ms"), *said("No effect."), *did(second, "ok")]
    incident = before_the_cure(tmp_path, [*tried, *did(LATENCY, "p99 9900 ms")])
    assert of(incident, second).slot != "roll_back"


def fallen(found: str, says: str) -> list[dict[str, object]]:
    """Return a leak whose fix was rolled out, taken back, and then added to in another file."""
    return [
        *leak()[:23],
        *did("kubectl -n staging set image deploy/payments app=r.example.com/payments:2.1", "updated"),
        *did("hey -z 10m https://payments.staging.example.com/", "OK"),
        *said("Staging is flat. Approve production, Ana?"),
        *person("approved"),
        *did("kubectl -n prod set image deploy/payments app=r.example.com/payments:2.1", "updated"),
        *did("kubectl -n prod logs deploy/payments --tail 3", found),
        *said(says),
        *did("kubectl -n prod rollout undo deploy/payments", "rolled back"),
        *edited("src/payments/settings.py", "POOL = None", "POOL = Pool()"),
        *did("kubectl -n staging set image deploy/payments app=r.example.com/payments:2.2", "updated"),
        *person("go"),
        *did("kubectl -n prod set image deploy/payments app=r.example.com/payments:2.2", "updated"),
        *did("kubectl -n prod exec deploy/payments -- grep VmRSS /proc/17/status", "VmRSS: 212104 kB"),
        *said("Resolved: flat at 212 MB."),
    ]


@pytest.mark.parametrize(
    ("found", "says", "stands"),
    [
        ("NameError: name 'POOL' is not defined", "It crashes on start: a setting is missing. Rolling back.", True),
        ("GET /pay 200", "RSS still grows at the same rate. Rolling back.", False),
    ],
)
def test_a_fix_that_only_fell_over_still_stands(found: str, says: str, stands: bool, tmp_path: Path) -> None:
    incident = incident_of(tmp_path, fallen(found, says))
    assert of(incident, "src/payments/ledger.py").kept is stands
    assert not of(incident, "kubectl -n prod set image deploy/payments app=r.example.com/payments:2.1").kept
    assert of(incident, "kubectl -n prod rollout undo deploy/payments").kept


def test_what_stands_behind_the_label_of_another_hypothesis_is_left_out(tmp_path: Path) -> None:
    one, other = "dbctl sessions --long", "cachectl --latency 5"
    looks = [*did(one, "871 sessions idle for 912 s", say="H1"), *did(other, "max latency 3 ms", say="H2")]
    incident = before_the_cure(tmp_path, [*looks, *said("H1 it is: 871 sessions, and nobody closes them.")])
    assert not of(incident, other).kept


@pytest.mark.parametrize(
    "says",
    [
        "Neither CPU nor cold starts explain it.", "Lua holds 18 MB. Not Lua.", "Plenty of room, that theory is dead.",
        "Sobra disco, por ahí no va.", "Das war es nicht, alles im Rahmen.", "网格本身没问题。", "RDS は正常です。",
    ],
)  # fmt: skip
def test_what_rules_something_out_is_no_decision(says: str, tmp_path: Path) -> None:
    incident = before_the_cure(tmp_path, [*did("vmstat 1 3", "r b swpd 0 0 0"), *said(says)])
    assert not next(each for each in incident.course if each.reading.event.text == says).kept


def test_that_nothing_is_wrong_is_what_one_hopes_for_once_the_change_is_in(tmp_path: Path) -> None:
    whole = leak()
    incident = incident_of(
        tmp_path, [*whole[:-2], *said("All pods are healthy, nothing unusual in 30 minutes."), *whole[-2:]]
    )
    assert next(each for each in incident.course if "nothing unusual" in each.reading.event.text).kept


@pytest.mark.parametrize(
    ("says", "verdict", "kept"),
    [
        ("Hypothesis: the p99 of 9812 ms comes from clients that stay open.", "Root cause: nobody closes them.", True),
        ("Hypothesis: the p99 of 9812 ms comes from clients that stay open.", "It is not that, ruled out.", False),
        ("Hypothesis: the garbage collector may be slow.", "Root cause: nobody closes them.", False),
        ("Maybe the p99 of 9812 ms comes from the clients?", "Root cause: nobody closes them.", False),
    ],
)
def test_a_hypothesis_that_rests_on_a_look_and_is_borne_out_stays(
    says: str, verdict: str, kept: bool, tmp_path: Path
) -> None:
    incident = before_the_cure(tmp_path, [*did(LATENCY, "p99 9812 ms"), *said(says), *said(verdict)])
    told = next(each for each in incident.course if each.reading.event.text == says)
    assert told.kept == kept


def test_what_takes_a_change_out_of_the_repository_behind_its_rollback_is_no_fix(tmp_path: Path) -> None:
    deployed, back = "fab -H web1 deploy --rev=e41aa09", "fab -H web1 deploy --rev=b6607d5"
    tried = [
        *did("ssh web1 'cat /srv/payments/REVISION'", "b6607d5"),
        *edited("src/payments/cache.py", "a = {}", "a = weak()"),
        *did(deployed, "e41aa09 live"),
        *did(LATENCY, "p99 9812 ms"),
        *said("Worse than before. Taking it back."),
        *did(back, "b6607d5 live"),
        *did("git revert --no-edit e41aa09", "[main 77f0d1c] Revert"),
    ]
    incident = before_the_cure(tmp_path, tried)
    assert (of(incident, back).slot, of(incident, back).kept) == ("roll_back", True)
    assert not of(incident, deployed).kept and not of(incident, "git revert --no-edit e41aa09").kept
