"""What no rule knows is told by where it stands, and what only looks is never taken for a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.playbook.records.extracting import Incident
from tests.records_scenes import did, edited, incident_of, name_of, person, said

BEGIN = [
    *person("payments on app-1 leaks memory. Source src/payments, test box is lab-7. Summary to #incidents."),
    *did("ssh app-1 'grep VmRSS /proc/17/status'", "VmRSS: 422104 kB"),
    *said("Decision: RSS climbs without a plateau."),
    *did("memray attach -o /tmp/a.bin 17", "Wrote /tmp/a.bin"),
    *did("rg -n 'connect' src/payments", "src/payments/ledger.py:88: conn = connect(dsn)"),
    *edited("src/payments/ledger.py", "conn = connect(dsn)", "with connect(dsn) as conn:"),
]
RUNS = did("ssh app-1 'cat /srv/payments/VERSION'", "3.4.0")
MAKE, TRY, TEST = "./tools/backen 3.4.1", "./tools/ausrollen lab-7 3.4.1", "./pruefe ledger"
SHIP, TELL = "./tools/ausrollen app-1 3.4.1", "./tools/sag '#incidents' 'payments is well again'"
LOAD = "ssh lab-7 './hau-drauf 20'"
WHOLE = [
    *BEGIN,
    *did(TEST, "7 tests, 0 failures"),
    *did(MAKE, "pushed r.example.com/payments:3.4.1"),
    *RUNS,
    *did(TRY, "aktiv"),
    *did(LOAD, "fertig"),
    *did("ssh lab-7 'grep VmRSS /proc/9/status'", "VmRSS: 212104 kB"),
    *said("212 MB after the load. Jens?"),
    *person("mach."),
    *did(SHIP, "aktiv"),
    *did("ssh app-1 'grep VmRSS /proc/21/status'", "VmRSS: 214104 kB"),
    *did(TELL, ""),
]


def slots(incident: Incident) -> dict[str, str]:
    return {each.reading.event.id: each.slot for each in incident.course if each.kept}


def test_a_house_without_a_known_tool_is_understood(tmp_path: Path) -> None:
    found = slots(incident_of(tmp_path, WHOLE))
    told = {line: found.get(name_of(line)) for line in (TEST, MAKE, TRY, LOAD, SHIP, TELL)}
    assert told == {
        TEST: "regression_test",
        MAKE: "fix",
        TRY: "staging",
        LOAD: "staging",
        SHIP: "rollout",
        TELL: "summary",
    }


@pytest.mark.parametrize(
    "line", ["./tools/ausrollen status 3.4.1", "vendorx logs 3.4.1", "cat notes-3.4.1", "x list 3.4.1"]
)
def test_a_look_is_no_deployment(tmp_path: Path, line: str) -> None:
    found = slots(incident_of(tmp_path, [*WHOLE[:-4], *did(line, "3.4.1"), *WHOLE[-4:]]))
    assert found.get(name_of(line)) not in ("rollout", "staging", "fix", "roll_back", "mitigate")


def test_what_was_tried_before_anybody_was_asked_is_staging_whatever_it_is_called(tmp_path: Path) -> None:
    rehearsal, real = "levant deploy -var dc=lab1 job.nomad", "levant deploy -var dc=fra1 -var canary=1 job.nomad"
    lines = [
        *BEGIN,
        *RUNS,
        *did(rehearsal, "ok"),
        *said("It holds there. May I go on to production?"),
        *person("Yes"),
        *did(real, "ok"),
        *did("ssh app-1 'grep VmRSS /proc/21/status'", "VmRSS: 214104 kB"),
    ]
    found = slots(incident_of(tmp_path, lines))
    assert (found[name_of(rehearsal)], found[name_of(real)]) == ("staging", "rollout")


def test_a_push_that_releases_is_a_deployment(tmp_path: Path) -> None:
    push = "git push paas HEAD:main"
    lines = [*BEGIN, *RUNS, *did(push, "Released v42"), *did("ssh app-1 'grep VmRSS /proc/2/status'", "VmRSS: 1 kB")]
    assert slots(incident_of(tmp_path, lines))[name_of(push)] == "rollout"
    assert slots(incident_of(tmp_path, [*BEGIN, *did(push, "main -> main")]))[name_of(push)] == "fix"


def test_an_unknown_question_that_is_asked_before_and_after_measures(tmp_path: Path) -> None:
    ask, again = "console -a live <<'X'\n:state.pending\nX", "console -a live -v <<'X'\n:state.pending\nX"
    lines = [*WHOLE[:2], *did(ask, "88120"), *WHOLE[2:-2], *did(again, "12"), *WHOLE[-2:]]
    found = slots(incident_of(tmp_path, lines))
    assert (found[name_of(ask)], found[name_of(again)]) == ("sample", "guard")


def test_a_plan_is_known_by_the_revision_that_it_goes_back_to(tmp_path: Path) -> None:
    plan = said("Ritorno: ./tools/ausrollen app-1 3.4.0")
    at = next(i for i, line in enumerate(WHOLE) if line in RUNS) + len(RUNS)
    found = slots(incident_of(tmp_path, [*WHOLE[:at], *plan, *WHOLE[at:]]))
    assert found[plan[0]["uuid"]] == "baseline"


def test_an_unknown_look_that_shows_a_measure_is_one_and_stays_where_a_decision_follows(tmp_path: Path) -> None:
    look, stray = "gizmo inspect payments", "gizmo ponder payments"
    lines = [*did(look, "backlog=8812 p99=9.1s"), *said("Requests pile up there, so that is where they wait.")]
    begun = [*WHOLE[:6], *did(stray, "lag 3 ms"), *did("ssh app-1 'uptime'", "load 1"), *lines, *WHOLE[6:]]
    told = slots(incident_of(tmp_path, begun))
    assert told[name_of(look)] == "sample" and name_of(stray) not in told


def test_a_script_is_opened_with_what_it_is_given(tmp_path: Path) -> None:
    put = "/tmp/put.sh"
    script = "ssh $1 sudo systemctl restart payments"
    before = [*BEGIN, *edited(put, "", script), *did("sh /tmp/put.sh lab-7", "ok"), *did(LOAD, "fertig")]
    rest = [*said("Flat on the test box. Jens?"), *person("mach."), *did("sh /tmp/put.sh app-1", "ok")]
    told = slots(incident_of(tmp_path, [*before, *rest, *did("ssh app-1 'grep VmRSS /proc/21/status'", "VmRSS: 2 kB")]))
    assert (told[name_of("sh /tmp/put.sh lab-7")], told[name_of("sh /tmp/put.sh app-1")]) == ("staging", "rollout")
    assert name_of(put) not in told
