"""Playbooks are merged, improved, held against records and exported."""

from __future__ import annotations

import copy
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.main import main
from leakdoc.errors import UsageError
from leakdoc.playbook.loading import playbook_from
from leakdoc.playbook.records.antiunifying import united_line
from leakdoc.playbook.records.cases import data_of, incidents_of
from leakdoc.playbook.records.covering import coverage
from leakdoc.playbook.records.exporting.devin import devin_markdown
from leakdoc.playbook.records.exporting.skill import skill_files
from leakdoc.playbook.records.exporting.wording import Export
from leakdoc.playbook.records.improving import improved
from leakdoc.playbook.records.merging import merged
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed
from tests.records_scenes import did, incident_of, leak, person, playbook_of, record, said

Data = dict[str, Any]


@pytest.fixture
def psycopg(tmp_path: Path) -> Data:
    return playbook_of(tmp_path, leak(), "a.jsonl")


@pytest.fixture
def asyncmy(tmp_path: Path) -> Data:
    return playbook_of(tmp_path, leak(service="billing", driver="asyncmy"), "b.jsonl")


def test_drivers_stand_side_by_side_in_both_orders(psycopg: Data, asyncmy: Data) -> None:
    both = merged([psycopg, asyncmy], installed())
    assert as_yaml(both) == as_yaml(merged([asyncmy, psycopg], installed()))
    lines = [command["line"] for command in both["provenance"]["steps"]["locate"]["commands"]]
    assert any("psycopg" in line for line in lines) and any("asyncmy" in line for line in lines)
    assert both["provenance"]["steps"]["sample"]["support"] == "2/2"


def test_different_classes_are_refused_with_why(psycopg: Data) -> None:
    other = copy.deepcopy(psycopg)
    other["metadata"]["incident_class"] = "cascading_timeouts"
    with pytest.raises(UsageError, match=r"different classes.*cascading_timeouts.*memory_leak"):
        merged([psycopg, other], installed())


def test_opposite_orders_of_writes_are_refused_with_their_events(psycopg: Data, asyncmy: Data) -> None:
    ids = [step["id"] for step in asyncmy["steps"]]
    fix, staging = ids.index("fix"), ids.index("staging")
    steps = asyncmy["steps"]
    steps[fix], steps[staging] = steps[staging], steps[fix]
    with pytest.raises(UsageError, match=r"opposite orders.*fix.*toolu_"):
        merged([psycopg, asyncmy], installed())


def test_another_effect_is_refused(psycopg: Data, asyncmy: Data) -> None:
    asyncmy["steps"][0]["effect"] = "write"
    with pytest.raises(UsageError, match="another effect"):
        merged([psycopg, asyncmy], installed())


def test_of_two_thresholds_the_stricter_holds_and_both_are_told(psycopg: Data, asyncmy: Data) -> None:
    asyncmy["params"]["smallest_growth"]["default"] = "10MiB/h"
    both = merged([psycopg, asyncmy], installed())
    assert both["params"]["smallest_growth"]["default"] == "10MiB/h"
    assert any("180MiB/h" in note and "10MiB/h" in note for note in both["provenance"]["steps"]["growth"]["notes"])


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        ("kubectl -n a get pods", "kubectl -n b get pods", "kubectl -n <…> get pods"),
        ("rg a src", "rg b lib", None),
        ("ss -tn", "lsof -p", None),
        ("ss -tn", "ss -tn -p", None),
        ("sh <file> <host>", "sh <file> <host>", "sh <file> <host>"),
    ],
)
def test_commands_of_one_shape_have_a_common_form(one: str, other: str, form: str | None) -> None:
    assert united_line(one, other) == form


def test_a_playbook_covers_its_own_record_and_names_what_it_does_not(psycopg: Data, tmp_path: Path) -> None:
    incident = incident_of(tmp_path, leak())
    assert coverage(psycopg, incident).share == 1.0
    less = {**psycopg, "steps": [step for step in psycopg["steps"] if step["id"] != "connections"]}
    found = coverage(less, incident)
    assert found.uncovered and found.share < 1.0
    assert coverage(psycopg, incident).resolved["service"] == "payments"


def test_what_waits_for_a_review_covers_nothing(psycopg: Data, tmp_path: Path) -> None:
    for step in psycopg["steps"]:
        step["review"] = True
    assert not coverage(psycopg, incident_of(tmp_path, leak())).covered


def test_what_struggled_improves_a_playbook_and_harms_none(psycopg: Data, tmp_path: Path) -> None:
    struggled = [
        *leak(service="billing")[:-1],
        *did("kubectl -n prod exec deploy/x -- ss -tn", "12", say="Verify connections."),
        *did("promtool check rules alerts/rss.yml", "SUCCESS", say="An alert for next time."),
        *did("slackcli post '#incidents' 'done'", "ok"),
    ]
    learned = playbook_of(tmp_path, struggled, "b.jsonl")
    earlier, new = incident_of(tmp_path, leak(), "a.jsonl"), incident_of(tmp_path, struggled, "b.jsonl")
    assert coverage(psycopg, new).share < 1.0
    better, edits = improved(psycopg, learned, [earlier], installed())
    assert coverage(better, new).share >= 0.95
    assert coverage(better, earlier).share >= coverage(psycopg, earlier).share
    assert any(edit.kept and "monitoring" in edit.what and edit.evidence for edit in edits)
    assert better["metadata"]["version"] == "1.1.0"
    again, _ = improved(better, learned, [earlier], installed())
    assert as_yaml(again) == as_yaml(better)


def test_every_edit_says_what_it_comes_from(psycopg: Data, asyncmy: Data) -> None:
    _, edits = improved(psycopg, asyncmy, [], installed())
    assert edits and all(edit.evidence or "class memory_leak" in edit.what for edit in edits)
    assert all(len(edit.line) < 400 and "\n" not in edit.line for edit in edits)


def test_a_playbook_without_a_past_learns_how_each_of_its_steps_was_done(psycopg: Data) -> None:
    bare = data_of("memory-leak")
    better, edits = improved(bare, psycopg, [], installed())
    known = {step["id"] for step in bare["steps"]}
    done = {step: each["commands"] for step, each in better["provenance"]["steps"].items() if "commands" in each}
    assert {"sample", "connections", "heap", "locate", "rollout"} <= done.keys() <= known
    told = {edit.what.partition(" was also")[0] for edit in edits if " was also done as" in edit.what}
    assert told == done.keys()


def test_an_edit_tells_what_moves_out_of_its_way(psycopg: Data) -> None:
    late = copy.deepcopy(psycopg)
    late["steps"] = [each for each in psycopg["steps"] if each["id"] != "fix"]
    ids = [each["id"] for each in late["steps"]]
    late["steps"].append(late["steps"].pop(ids.index("locate")))
    _, edits = improved(late, psycopg, [], installed())
    (added,) = [edit for edit in edits if edit.what.startswith("step fix")]
    assert "now stand" in added.what and "ahead of it" in added.what


def test_an_improvement_of_another_class_is_refused(psycopg: Data, tmp_path: Path) -> None:
    pool = [
        *person("orders: QueuePool limit reached, the pool is exhausted"),
        *did("curl -s http://orders/debug/pool", '{"checkedout": 15}'),
        *said("Decision: the pool is exhausted"),
    ]
    with pytest.raises(UsageError, match="class"):
        improved(psycopg, playbook_of(tmp_path, pool, "p.jsonl"), [], installed())


def export_of(data: Data, *, confirmed: bool = False, **metadata: str) -> Export:
    return Export(playbook=playbook_from({**data, "metadata": {**data["metadata"], **metadata}}), confirmed=confirmed)


def test_a_devin_playbook_has_its_headings_and_one_step_a_line(psycopg: Data) -> None:
    text = devin_markdown(export_of(psycopg))
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Overview", "## Procedure", "## Specifications", "## Advice", "## Forbidden Actions",
        "## Required from User",
    ]  # fmt: skip
    procedure = text.partition("## Procedure")[2].partition("##")[0].strip().splitlines()
    assert len(procedure) == len(psycopg["steps"])


SCRIPT = """kubectl -n prod exec -i deploy/x -- python3 - <<'PY'
import gc
for kept in gc.get_objects()[:9]:
\tprint(f"{kept:20}", `awk '{print $9}'`)

PY"""


def test_a_command_of_many_lines_is_exported_byte_for_byte(tmp_path: Path) -> None:
    data = playbook_of(tmp_path, [*leak()[:14], *did(SCRIPT, "dict"), *leak()[14:]])
    assert any(SCRIPT.splitlines()[2] in each["line"] for each in data["provenance"]["steps"]["heap"]["commands"])
    text = devin_markdown(export_of(data, confirmed=True))
    fenced = text.partition("```sh\n")[2].partition("      ```")[0]
    assert textwrap.dedent(fenced) == SCRIPT.replace("prod", "<namespace>") + "\n"
    numbers = [int(match[1]) for line in text.splitlines() if (match := re.match(r"(\d+)\. ", line))]
    assert numbers == list(range(1, len(data["steps"]) + 1))


def test_what_must_be_given_stands_apart_from_what_has_a_default_and_from_what_no_step_takes(psycopg: Data) -> None:
    asked = devin_markdown(export_of(psycopg)).partition("## Required from User")[2]
    needed, optional, default, seen = re.split(r"### .*", asked)
    assert "`service`" in needed and "`target`" in needed and "An approval by" in needed and "`look`" not in needed
    assert "`db_dsn`" in optional and "`look` (duration, default `10m`)" in default and "`namespace`" in seen


def test_what_strangers_wrote_is_exported_only_once_it_is_confirmed(psycopg: Data) -> None:
    assert "Thread pile-up" not in devin_markdown(export_of(psycopg))
    confirmed = devin_markdown(export_of(psycopg, confirmed=True))
    assert "Thread pile-up" in confirmed and "kubectl" in confirmed


@pytest.mark.parametrize(
    ("name", "fits"), [("a" * 64, True), ("a" * 65, False), ("two--hyphens", False), ("-edge", False)]
)
def test_a_skill_has_a_name_of_at_most_64_characters(name: str, fits: bool, psycopg: Data) -> None:
    export = export_of(psycopg)
    object.__setattr__(export.playbook.metadata, "name", name)
    if fits:
        assert f"name: {name}\n" in skill_files(export, "x")["SKILL.md"]
    else:
        with pytest.raises(UsageError):
            skill_files(export, "x")


@pytest.mark.parametrize(("length", "fits"), [(1, True), (1024, True), (1025, False)])
def test_a_skill_has_a_description_of_at_most_1024_characters(length: int, fits: bool, psycopg: Data) -> None:
    export = export_of(psycopg)
    object.__setattr__(export.playbook.metadata, "description", "d" * length)
    if fits:
        assert skill_files(export, "x")["SKILL.md"].count("\n") < 500
    else:
        with pytest.raises(UsageError):
            skill_files(export, "x")


def test_a_skills_scripts_call_leakdoc(psycopg: Data) -> None:
    files = skill_files(export_of(psycopg), "x")
    assert all("exec leakdoc playbook" in text for path, text in files.items() if path.startswith("scripts/"))
    assert "Use it when a memory leak is suspected" in files["SKILL.md"].partition("\n---\n")[0]
    assert not any("\ncd " in text for text in files.values()), "what the user names stays where the user is"


def test_a_record_that_two_playbooks_grew_from_counts_once(psycopg: Data, asyncmy: Data) -> None:
    both = merged([psycopg, asyncmy], installed())
    again = merged([both, asyncmy], installed())
    assert again["provenance"]["steps"]["sample"]["support"] == "2/2"
    assert as_yaml(merged([psycopg, psycopg], installed())) == as_yaml(merged([psycopg], installed()))


def test_to_improve_by_the_same_record_again_changes_nothing(psycopg: Data, asyncmy: Data) -> None:
    once, edits = improved(psycopg, asyncmy, [], installed())
    assert any(edit.kept for edit in edits)
    twice, none = improved(once, asyncmy, [], installed())
    assert as_yaml(twice) == as_yaml(once) and not any(edit.kept for edit in none)


def test_one_incident_in_two_layouts_is_refused(tmp_path: Path) -> None:
    lines = leak()
    one = record(tmp_path, lines, "a.jsonl")
    other = record(tmp_path, [{**line, "uuid": f"other-{line['uuid']}", "sessionId": "t"} for line in lines], "b.jsonl")
    with pytest.raises(UsageError, match="holds the same incident"):
        incidents_of([one, other], rulebook=own_rules())


def test_comments_come_along_when_a_playbook_is_improved(tmp_path: Path, psycopg: Data) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("# kept by the database team\n" + as_yaml(psycopg).replace("\nsteps:", "\n# in this order\nsteps:"))
    new = record(tmp_path, leak(service="billing", driver="asyncmy"), "b.jsonl")
    assert main(["playbook", "improve", str(mine), "--from", str(new), "-o", str(tmp_path / "better.yaml")]) == 0
    better = (tmp_path / "better.yaml").read_text()
    assert better.startswith("# kept by the database team\napiVersion:") and "\n# in this order\nsteps:" in better
    assert main(["playbook", "merge", str(mine), str(tmp_path / "better.yaml"), "-o", str(tmp_path / "both.yaml")]) == 0
    assert (tmp_path / "both.yaml").read_text().count("# in this order") == 1


def step_of(data: Data, step_id: str) -> Data:
    return next(step for step in data["steps"] if step["id"] == step_id)


def test_of_two_conditions_the_stricter_holds_and_both_are_told(psycopg: Data, asyncmy: Data) -> None:
    step_of(psycopg, "growth")["expect"] = {"decision": ["leaking", "slowing"]}
    step_of(asyncmy, "growth")["expect"] = {"decision": "leaking", "channel": "memory"}
    step_of(asyncmy, "rollout")["approval"]["expires"] = "30m"
    both = merged([psycopg, asyncmy], installed())
    assert step_of(both, "growth")["expect"] == {"decision": "leaking", "channel": "memory"}
    assert step_of(both, "rollout")["approval"]["expires"] == "30m"
    notes = both["provenance"]["steps"]["growth"]["notes"]
    assert "expect decision: of leaking and leaking or slowing the stricter holds" in notes
    assert as_yaml(both) == as_yaml(merged([asyncmy, psycopg], installed()))


def test_conditions_that_cannot_both_hold_are_refused(psycopg: Data, asyncmy: Data) -> None:
    step_of(asyncmy, "growth")["expect"] = {"decision": "normalized"}
    with pytest.raises(UsageError, match="growth expects decision"):
        merged([psycopg, asyncmy], installed())
