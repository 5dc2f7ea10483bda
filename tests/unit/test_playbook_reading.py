"""Playbooks as text: what is refused, with every problem and its line at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.errors import PlaybookInvalid, UnreadableSource, UsageError
from leakdoc.playbook.library import Source, find, from_file, offered
from leakdoc.playbook.loading import checked, examine, load
from leakdoc.playbook.registry import installed
from leakdoc.playbook.yaml_reading import DEEPEST, LARGEST, read_yaml

HEAD = """\
apiVersion: leakdoc/v1
kind: Playbook
metadata: {name: x, version: 1.0.0}
params:
  target: {type: target, required: true}
  dsn: {type: secret_ref}
steps:
  - {id: sample, uses: leakdoc.sample_memory, with: {target: "${{ params.target }}", for: 10m}}
"""


def problems(text: str) -> dict[str, str]:
    """Return what is wrong by path; the line is asserted where it matters."""
    found = examine(Source(name="x", origin="x.yaml", text=text)).problems
    return {each.path: each.message for each in found}


def lines(text: str) -> list[int | None]:
    return [each.line for each in examine(Source(name="x", origin="x.yaml", text=text)).problems]


def test_a_sound_playbook_has_no_problem_and_keeps_its_values() -> None:
    playbook = checked(examine(Source(name="x", origin="x", text=HEAD))).playbook
    assert problems(HEAD) == {}
    assert playbook.step("sample").with_ == {"target": "${{ params.target }}", "for": "10m"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: !!python/object/apply:os.system [id]", "has a tag"),
        ("a: !x b", "has a tag"),
        ("a: ! b", "has a tag"),
        ("a: !!str 1", "has a tag"),
        ("a: &x 1\nb: *x", "is an anchor"),
        ("a: *x", "is an alias"),
        ("a: 1\na: 2", "stands here twice"),
        ("a: {b: 1, b: 2}", "stands here twice"),
        ("? [a]\n: 1", "not plain text"),
        ("a: .nan", "not a finite number"),
        ("a: -.inf", "not a finite number"),
        ("a: 1e999", "not a finite number"),
        ("a: 1\n---\nb: 2", "second document"),
        ("%YAML 1.1\n---\na: 1", "directive"),
        ("a: [", "is not YAML"),
        ("a: \x07", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("[" * (DEEPEST + 2), "nested deeper"),
        ("a" * (LARGEST + 1), "larger"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, told: str) -> None:
    assert any(told in each.message for each in read_yaml(text).problems)


def test_an_alias_bomb_is_refused_and_not_followed() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    read = read_yaml(bomb)
    assert len(read.problems) > 29
    assert read.data["a29"] == [None] * 9


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"), ("NO", "NO"),
        ("on", "on"), ("03:12", "03:12"), ("2026-03-10", "2026-03-10"), ("1_000", "1_000"),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("1.5", 1.5), ("1e3", 1000.0), ("true", True), ("~", None), ("", None),
        ("<<", "<<"), ("'1'", "1"), ('"null"', "null"),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(written: str, meant: object) -> None:
    assert read_yaml(f"a: {written}").data == {"a": meant}


def test_everything_wrong_is_told_at_once_with_its_line() -> None:
    text = """\
apiVersion: leakdoc/v2
kind: Playbook
metadata: {name: Not A Name, version: 1.0}
bogus: 1
params:
  a: {type: secret_ref, default: hunter2}
  b: {type: strange}
steps:
  - {id: one, uses: leakdoc.sample_memory, with: {target: 1, fro: 10m}}
  - {id: one, uses: leakdoc.no_such_step}
  - id: two
    uses: leakdoc.detect_growth
    with: {trace: "${{ steps.later.outputs.recording }}"}
    when: yes
    needs: [nothing.passed]
    then: {failed: {repeat: {from: one}}, waiting: continue}
"""
    found = problems(text)
    assert {
        "apiVersion", "metadata.name", "metadata.version", "bogus", "params.a.default", "params.b.type",
        "steps.one.with.fro", "steps.one.id", "steps.one.uses", "steps.two.with.trace", "steps.two.when",
        "steps.two.needs.0", "steps.two.then.failed.repeat.max", "steps.two.then.waiting",
    } == set(found)  # fmt: skip
    assert lines(text) == sorted(line for line in lines(text) if line is not None)


def step(line: str) -> str:
    return HEAD + f"  - {{id: next, {line}}}\n"


@pytest.mark.parametrize(
    ("line", "path", "told"),
    [
        ("uses: leakdoc.detect_growth", "with.trace", "trace is missing"),
        ("uses: leakdoc.sample_memory, with: {target: 1, for: soon}", "with.for", "not a duration"),
        ("uses: leakdoc.detect_growth, with: {trace: a, policy.smallest: x}", "with.policy", "takes a rate"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ params.nothing }}'}", "with.trace", "no parameter nothing"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ steps.next.outputs.x }}'}", "with.trace", "no earlier step"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ steps.sample.output }}'}", "with.trace", "of a step there"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ env.HOME }}'}", "with.trace", "begins with none of"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ params.target | upper }}'}", "with.trace", "no reference"),
        ("uses: leakdoc.detect_growth, with: {trace: '${{ run.secret }}'}", "with.trace", "of the run there are"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, guard: {uses: leakdoc.sample_memory}", "guard", "nothing"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, approval: {role: boss}", "approval", "changes nothing"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, rollback: {to: x}", "rollback", "changes nothing"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, shell: true", "shell", "runs no command"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, then: {failed: {rollback: sample}}", "then.failed.rollback",
         "writes nothing"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, then: {error: {repeat: {from: last, max: 2}}}",
         "then.error.repeat.from", "no step up to this one"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, then: {error: {repeat: {from: next, max: 99}}}",
         "then.error.repeat.max", "less than or equal to 10"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, then: {error: {}}", "then.error", "exactly one of"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, retries: 99", "retries", "less than or equal to 10"),
        ("uses: leakdoc.detect_growth, with: {trace: 'postgres://u:hunter2@h/x'}", "with.trace", "looks like a secret"),
        ("uses: leakdoc.detect_growth, with: {trace: a}, timeout: 0s", "timeout", "more than 0"),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_is_refused(line: str, path: str, told: str) -> None:
    found = problems(step(line))
    assert told in found.get(f"steps.next.{path}", ""), found


def test_effects_are_only_tightened() -> None:
    growth = "uses: leakdoc.detect_growth, with: {trace: a}"
    assert problems(step(f"{growth}, effect: write, scope: production")) == {}


def test_a_reference_to_an_output_that_is_declared_is_sound_and_another_is_dangling() -> None:
    sound = "uses: leakdoc.detect_growth, with: {trace: '${{ steps.sample.outputs.recording }}'}"
    assert problems(step(sound)) == {}
    assert "has no output records" in problems(step(sound.replace("recording", "records")))["steps.next.with.trace"]


def test_expecting_an_output_that_is_not_there_is_refused() -> None:
    line = "uses: leakdoc.detect_growth, with: {trace: a}, expect: {decison: leaking}"
    assert "no output" in problems(step(line))["steps.next.expect.decison"]


def test_secrets_by_reference_are_no_secrets() -> None:
    line = "uses: leakdoc.detect_growth, with: {trace: 'password=${{ params.dsn }}'}"
    assert problems(step(line)) == {}


def test_the_error_names_every_problem() -> None:
    with pytest.raises(PlaybookInvalid) as raised:
        checked(examine(Source(name="x", origin="x.yaml", text=HEAD + "a: 1\nb: 2\n")))
    assert raised.value.message == "x.yaml has 2 problems; nothing was run"
    assert raised.value.help is not None and "line 9: a:" in raised.value.help and "line 10: b:" in raised.value.help


def test_the_digest_is_of_what_is_said_and_not_of_the_layout() -> None:
    def digest(text: str) -> str:
        return checked(examine(Source(name="x", origin="x", text=text))).digest

    assert digest(HEAD) == digest("# a comment\n" + HEAD.replace("for: 10m", "for:   10m"))
    assert digest(HEAD) != digest(HEAD.replace("10m", "11m"))


def test_files_that_are_none_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.yaml", "binary.yaml", "."):
        with pytest.raises(UnreadableSource):
            from_file(tmp_path / name)
    with pytest.raises(UsageError, match="no such playbook"):
        find("no-such")
    with pytest.raises(UnreadableSource):
        load(str(tmp_path / "missing.yaml"))


def test_the_playbooks_that_come_with_leakdoc_are_sound_and_ask_before_they_change_production() -> None:
    built_in = {each.name: examine(each) for each in offered() if each.origin == "leakdoc"}
    assert set(built_in) == {"memory-leak", "connection-pool-exhaustion", "cascading-timeouts"}
    for name, found in built_in.items():
        assert found.problems == () and found.playbook is not None, name
        assert found.playbook.metadata.name == name
        changing = [each for each in found.playbook.steps if installed().get(each.uses).scope == "production"]
        assert changing
        for spec in changing:
            assert spec.approval is not None and spec.approval.binds and spec.rollback is not None, f"{name}: {spec.id}"
        last = found.playbook.steps[-1]
        assert (last.uses, last.always) == ("leakdoc.post_summary", True)
