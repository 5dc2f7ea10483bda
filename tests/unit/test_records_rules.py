"""Every rule fits the commands, edits and statements that it names as its examples, before any other rule does."""

from __future__ import annotations

import pytest

from leakdoc.errors import UsageError
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.interpreting import readings
from leakdoc.playbook.records.rulebook import Rule, own_rules, with_company_rules
from leakdoc.playbook.records.shell.peeling import peeled

RULES = own_rules()


def examples(rules: tuple[Rule, ...]) -> list[object]:
    return [pytest.param(rule, like, id=f"{rule.name} {like[:40]!r}") for rule in rules for like in rule.like]


@pytest.mark.parametrize("rule", (*RULES.commands, *RULES.edits, *RULES.statements), ids=lambda rule: rule.name)
def test_every_rule_has_an_example(rule: Rule) -> None:
    assert rule.like


@pytest.mark.parametrize(("rule", "line"), examples(RULES.commands))
def test_a_command_is_told_by_the_rule_that_names_it(rule: Rule, line: str) -> None:
    simples = tuple(peeled(line))
    texts = [
        " | ".join(each.text for each in simples[i:] if i == simples.index(each) or each.piped)
        for i in range(len(simples))
    ]
    first = [
        next((r for r in RULES.commands if r.fits_command(s, t)), None) for s, t in zip(simples, texts, strict=True)
    ]
    assert rule in first, f"{line!r} is told by {[each.name if each else None for each in first]}"


@pytest.mark.parametrize(("rule", "like"), examples(RULES.edits))
def test_an_edit_is_told_by_the_rule_that_names_it(rule: Rule, like: str) -> None:
    path, _, added = like.partition(": ")
    event = RecordEvent(id="1", sort=Sort.EDIT, path=path, after=added)
    assert next(each for each in RULES.edits if each.fits_edit(event)) is rule


@pytest.mark.parametrize(("rule", "like"), examples(RULES.statements))
def test_a_statement_is_told_by_the_rule_that_names_it(rule: Rule, like: str) -> None:
    event = RecordEvent(id="1", sort=Sort.STATEMENT, text=like, actor=rule.by or Actor.AGENT)
    assert next(each for each in RULES.statements if each.fits_statement(event, like)) is rule


def test_every_kind_of_a_command_is_declared() -> None:
    assert {rule.kind for rule in (*RULES.commands, *RULES.edits)} <= RULES.kinds.keys()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("ssh -i key.pem deploy@app-1 'sudo py-spy dump --pid 17'", "threads"),
        ("docker compose -f x.yml exec -T api sh -c 'grep VmRSS /proc/1/status'", "memory"),
        ("aws ecs execute-command --cluster c --task t --interactive --command 'ss -tnp'", "client_connections"),
        ("nomad alloc exec -task api 1a2b3c4d ls /proc/1/fd", "client_connections"),
        ("ansible web -i hosts -m shell -a 'pmap -x 4242'", "memory"),
        (
            "kubectl -n prod exec -it deploy/api -c app -- bash -c \"psql -c 'select 1 from pg_stat_activity'\"",
            "server_connections",
        ),
        ("sudo -u postgres timeout 30 nice -n 5 jcmd 1 GC.class_histogram", "heap"),
        ("ssh app-1 <<'EOF'\ncd /srv/app\nsystemctl restart api\nEOF", "restart"),
        ("python3 - <<'PY'\nimport tracemalloc\nPY", "heap"),
        ("watch -n 5 'ps -o rss= -p 17'", "memory"),
        ("frobnicate --hard", ""),
    ],
)
def test_a_command_is_told_wherever_it_was_carried(line: str, kind: str) -> None:
    event = RecordEvent(id="1", sort=Sort.COMMAND, command=line)
    assert readings([event], RULES)[0].kind == kind


def test_a_company_has_its_own_rules_in_front(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "ours.toml"
    path.write_text('[[command]]\nkind = "deploy"\nrun = ["shipctl push"]\nlike = ["shipctl push api"]\n')
    event = RecordEvent(id="1", sort=Sort.COMMAND, command="shipctl push api")
    assert readings([event], with_company_rules(path))[0].kind == "deploy"


@pytest.mark.parametrize(
    "text",
    ["[[command", '[[command]]\nkind = "unheard-of"\nrun = ["x"]\n', '[[command]]\nkind = "deploy"\nwhen = "x"\n'],
)
def test_rules_that_cannot_be_used_are_refused(text: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "ours.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        with_company_rules(path)
