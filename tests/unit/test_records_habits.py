"""How people work: aliases, scripts, patches and answers are understood by where they stand, not by their words."""

from __future__ import annotations

import pytest

from leakdoc.playbook.records.answering import with_answers, with_rollback_points
from leakdoc.playbook.records.captured import with_reports
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.interpreting import Reading, readings
from leakdoc.playbook.records.rehearsing import rehearsal_places
from leakdoc.playbook.records.rulebook import own_rules

RULES = own_rules()


def ran(*lines: str, output: str = "") -> list[Reading]:
    events = [
        RecordEvent(id=str(number), sort=Sort.COMMAND, command=line, output=output) for number, line in enumerate(lines)
    ]
    return readings(events, RULES)


def said(text: str, by: Actor = Actor.AGENT) -> Reading:
    return readings([RecordEvent(id="s", sort=Sort.STATEMENT, text=text, actor=by)], RULES)[0]


def test_an_alias_stands_for_what_it_was_defined_as() -> None:
    read = ran("alias k='kubectl -n shop' roll='kubectl rollout undo'", "k top pod -l app=cart", "roll deploy/cart")
    assert [each.kind for each in read[1:]] == ["memory", "rollback"]


@pytest.mark.parametrize("run", ["bash /tmp/look.sh", "/tmp/look.sh", ". /tmp/look.sh", "bash -x /tmp/look.sh web1"])
def test_a_script_that_was_written_is_read_when_it_is_run(run: str) -> None:
    script = "cat > /tmp/look.sh <<'EOF'\nssh web1 \"grep VmRSS /proc/17/status\"\nEOF"
    read = ran(script, run)
    assert [each.kind for each in read] == ["quiet", "memory"]
    assert read[1].simples[0].via[0].by == "ssh"


def test_a_script_that_an_edit_wrote_is_read_when_it_is_run() -> None:
    events = [
        RecordEvent(id="1", sort=Sort.EDIT, path="probe.py", after="import psutil\npsutil.Process(7).memory_info()"),
        RecordEvent(id="2", sort=Sort.COMMAND, command="python3 probe.py"),
    ]
    assert readings(events, RULES)[1].kind == "memory"


def test_a_script_that_runs_itself_ends() -> None:
    assert (
        len(ran("cat > a.sh <<'EOF'\nbash a.sh\nEOF", "bash a.sh", "alias x=x", "x", "alias ls='ls --color'", "ls"))
        == 6
    )


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("apply_patch <<'EOF'\n*** Update File: app/db.py\n-connect()\n+pool.connection()\nEOF", "fix"),
        ("git apply <<'EOF'\n+++ b/app/search.py\n+es = Elasticsearch(U, request_timeout=1)\nEOF", "breaker"),
        ("sed -i 's/pool_size=5/pool_size=9/' app/db.py", "tune"),
        ("perl -0pi -e 's/new Redis\\(\\)/shared()/' src/store.ts", "fix"),
        ("cat > tests/test_leak.py <<'EOF'\ndef test_it(): pass\nEOF", "test"),
        ("cat > alerts/pool.yml <<'EOF'\n- alert: Pool\nEOF", "monitoring"),
        (
            "python3 -c \"import pathlib\np = pathlib.Path('a.py')\np.write_text(p.read_text().replace('x', 'y'))\"",
            "fix",
        ),
        ("sed -n 's/a/b/p' app/db.py", "code"),
        ("cat > /tmp/note.txt <<'EOF'\ntimeout=5\nEOF", "quiet"),
    ],
)
def test_a_command_that_edits_is_judged_as_the_edit(line: str, kind: str) -> None:
    assert ran(line)[0].kind == kind


def test_what_reads_a_captured_heap_reports_on_it() -> None:
    read = with_reports(
        ran("memray attach -o /tmp/a-17.bin 17", "sort -rn /tmp/a-17.bin | head", "sort -rn /tmp/b.bin")
    )
    assert [each.kind for each in read] == ["heap", "heap_report", "quiet"]


@pytest.mark.parametrize("answer", ["klar, los", "はい、進めてください", "kör på!", "oké"])
def test_an_answer_before_a_change_approves_it_in_any_language(answer: str) -> None:
    read = [*ran("kubectl get pods"), said("Får jag?"), said(answer, Actor.PERSON), *ran("helm upgrade api ./chart")]
    told = with_answers(read)
    assert [told[1].kind, told[2].kind] == ["requested", "approved"]


def test_an_answer_that_forbids_is_no_approval() -> None:
    read = [*ran("kubectl get pods"), said("May I?"), said("no, wait", Actor.PERSON), *ran("helm upgrade api ./chart")]
    assert with_answers(read)[2].kind == "denied"


def test_a_remark_that_no_change_follows_is_no_approval() -> None:
    read = [*ran("kubectl get pods"), said("Hm?"), said("oké", Actor.PERSON), *ran("kubectl get pods")]
    assert with_answers(read)[2].kind != "approved"


def test_what_the_rollback_goes_back_to_was_recorded_where_it_was_shown() -> None:
    read = [*ran("grep TAG .env", output="TAG=1.9.3"), said("Rollback plan: set TAG=1.9.3 again if errors rise.")]
    assert with_rollback_points(read)[0].kind == "revision"


def deployed(first: str, second: str, *between: Reading) -> frozenset[str]:
    looked = ran("oc -n shop-live get pods")
    return rehearsal_places([*looked, *ran(first), *between, *ran(second)])


def test_a_deployment_that_is_done_again_where_things_were_looked_at_was_rehearsed_first() -> None:
    first, second = "oc -n shop-abc set image dc/a a=r/a:2", "oc -n shop-live set image dc/a a=r/a:2"
    assert deployed(first, second) == {"shop-abc"}
    assert not deployed(second, first)


def test_a_canary_and_a_second_attempt_are_no_rehearsals() -> None:
    live = "oc -n shop-live set image dc/a a=r/a:{}"
    assert not deployed("oc -n shop-live set image dc/a-canary a=r/a:2", live.format(2))
    assert not deployed(live.format(2), live.format(3))
    assert not deployed("oc -n abc set image dc/a a=r/a:2", live.format(3), said("No effect, still leaking."))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("mattermost-cli post --channel ops 'api: the cache is bounded, memory flat at 400 MB'", "summary"),
        ("./bin/notify ops 'api: the threads give their connections back, the pool is idle again'", "summary"),
        ("pgtool post --channel x memory", "memory"),
        ("cd /srv/api/current && bin/rails runner 'p ActiveRecord::Base.connection_pool.stat'", ""),
        ("readlink /srv/api/current", "revision"),
        ("gcloud run services describe api --format='value(status.traffic[0].revisionName)'", "revision"),
        ("gcloud run services describe api --format='value(spec.template.metadata.annotations)'", "config"),
        ("kubectl -n prod get hpa api", "traffic"),
        ("curl -X DELETE https://api.example.com/v1/services/s-1/env-vars/MALLOC_ARENA_MAX", "tune"),
        ("az containerapp update -n api -g prod --set-env-vars SCORES_ENABLED=false", "mitigate"),
        ("yq -i '.images[0].newTag = \"4.2\"' apps/api/overlays/prod/kustomization.yaml", "deploy"),
        ("sed -i '3s/max-active: 20/max-active: 40/' application.yml", "tune"),
    ],
)
def test_what_a_line_quotes_or_passes_through_is_not_what_it_does(line: str, kind: str) -> None:
    assert ran(line)[0].kind == kind


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("先排除网络问题。", ""),
        ("没有丢包,排除网络问题。", "rejected"),
        ("Let me rule out the network first.", ""),
        ("The network is ruled out.", "rejected"),
    ],
)
def test_what_is_going_to_be_ruled_out_is_not_ruled_out_yet(says: str, kind: str) -> None:
    assert (said(says).kind == "rejected") == (kind == "rejected")


def test_a_place_that_ends_a_sentence_is_called_without_its_full_stop() -> None:
    asked = RecordEvent(id="p", sort=Sort.STATEMENT, actor=Actor.PERSON, text="api leaks on web1, test box webtest.")
    tried = RecordEvent(id="c", sort=Sort.COMMAND, command="fab -H webtest deploy --rev=4.2")
    assert readings([asked, tried], RULES)[1].place == "staging"
