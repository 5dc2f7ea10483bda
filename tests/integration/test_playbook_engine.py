"""A run of a playbook: its order, what follows an outcome, and what becomes of it when it is interrupted anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leakdoc.errors import LeakdocError, RunBusy, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.journal import EventType
from leakdoc.playbook.journal.lock import only_runner
from leakdoc.playbook.journal.reading import read_journal
from tests.acme import deploys, installed_in, service_in
from tests.playbook_runs import events, forget_after, go_on, run, told

ROLLOUT = """
params: {service: {type: path, required: true}}
steps:
  - id: rollout
    uses: acme.deploy
    with: {service: "${{ params.service }}", revision: v2}
    guard: {uses: acme.few_errors, with: {service: "${{ params.service }}"}}
    rollback: {to: v1, verify: acme.few_errors}
  - {id: after, uses: acme.few_errors, with: {service: "${{ params.service }}"}}
"""


@pytest.fixture(autouse=True)
def acme(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed_in(tmp_path_factory.mktemp("site"))))


def command(step_id: str, *argv: str, **fields: Any) -> str:
    more = "".join(f", {name.rstrip('_')}: {value}" for name, value in fields.items())
    words = ", ".join(f"'{word}'" for word in argv)
    return f"  - {{id: {step_id}, uses: leakdoc.run_command, with: {{command: [{words}]}}{more}}}\n"


def steps(*lines: str) -> str:
    return "steps:\n" + "".join(lines)


def outcomes(directory: Path) -> dict[str, str]:
    return {str(each.step): str(each.outcome) for each in events(directory) if each.type is EventType.STEP_RESULT}


def test_steps_run_in_order_and_hand_on_values(tmp_path: Path) -> None:
    text = steps(
        command("one", "printf", "%s", "${{ run.playbook }}"),
        command("two", "printf", "%s", "<${{ steps.one.outputs.output }} ${{ steps.one.outputs.exit_status }}>"),
    )
    ran = run(text, tmp_path)
    assert (ran.stop.outcome, ran.stop.reason) == (Outcome.PASSED, "2 steps passed")
    assert ran.state.results["two"].outputs["output"] == "<x 0>"
    assert told(tmp_path) == [
        "run_started", "step_intent one", "step_result one passed", "step_intent two", "step_result two passed",
        "run_ended passed",
    ]  # fmt: skip
    assert ran.head == read_journal(tmp_path / "run.journal.jsonl").head


def test_shell_text_in_a_parameter_runs_nothing(tmp_path: Path) -> None:
    evil = f"x; touch {tmp_path}/a $(touch {tmp_path}/b) `touch {tmp_path}/c` | tee {tmp_path}/d\n\"'"
    text = (
        "params: {word: {type: text}}\n"
        + steps(command("argv", "printf", "%s", "${{ params.word }}"))
        + "  - {id: shell, uses: leakdoc.run_command, shell: true,\n"
        + "     with: {command: ['printf %s \"$WORD\"'], env: {WORD: '${{ params.word }}'}}}\n"
    )
    ran = run(text, tmp_path, {"word": evil})
    assert [ran.state.results[each].outputs["output"] for each in ("argv", "shell")] == [evil, evil]
    assert [each.name for each in tmp_path.iterdir() if len(each.name) == 1] == []


def test_what_a_shells_script_refers_to_reaches_it_as_a_variable(tmp_path: Path) -> None:
    evil = f'"; touch {tmp_path}/a; $(touch {tmp_path}/b) `touch {tmp_path}/c` #'
    text = (
        "params: {w: {type: text}, n: {type: integer, default: 3}}\nsteps:\n"
        "  - {id: a, uses: leakdoc.run_command, shell: true,\n"
        '     with: {command: [\'printf "%s|" "${{ params.w }}" ${{ params.n }}\']}}\n'
        "  - {id: b, uses: leakdoc.run_command, shell: true,\n"
        "     with: {command: 'echo ${{ steps.a.outputs.exit_status }} ${{ params.w }}'}}\n"
    )
    ran = run(text, tmp_path, {"w": evil})
    assert ran.state.results["a"].outputs["output"] == f"{evil}|3|"
    assert ran.stop.outcome is Outcome.PASSED
    assert [each.name for each in tmp_path.iterdir() if len(each.name) == 1] == []


@pytest.mark.parametrize("foreign", ["env:HOME", "file:/etc/hostname"])
def test_foreign_text_is_never_read_as_a_secrets_name(foreign: str, tmp_path: Path) -> None:
    said = "  - {id: say, uses: leakdoc.run_command, with: {command: [printf, '%s', '" + foreign + "']}}\n"
    text = steps(said) + (
        "  - {id: a, uses: leakdoc.run_command, shell: true, then: {error: continue},\n"
        "     with: {command: ['echo $X'], env: {X: '${{ steps.say.outputs.output }}'}}}\n"
        "  - {id: b, uses: leakdoc.roll_out, then: {failed: continue, error: continue},\n"
        "     with: {service: x, revision: '${{ steps.say.outputs.output }}', command: [printenv, LEAKDOC_REVISION]}}\n"
    )
    ran = run(text, tmp_path)
    assert ran.state.results["a"].outcome is Outcome.ERROR
    assert "no secret of the playbook's" in ran.state.results["a"].reason
    assert ran.state.results["b"].reason == f"printenv has done it: {foreign}"


def test_template_text_inside_values_stays_text(tmp_path: Path) -> None:
    text = "params: {word: {type: text}}\n" + steps(
        command("one", "printf", "%s", "${{ params.word }}"),
        command("two", "printf", "%s", "${{ steps.one.outputs.output }}"),
    )
    word = "${{ params.word }} {{ 7*7 }} {{.State.Pid}} {% x %}"
    ran = run(text, tmp_path, {"word": word})
    assert ran.state.results["two"].outputs["output"] == word


def test_what_is_expected_decides_and_failing_ends_the_run(tmp_path: Path) -> None:
    text = steps(
        command("a", "true", expect="{exit_status: [0, 7]}"),
        command("b", "true", expect="{exit_status: 7}"),
        command("c", "true"),
    )
    ran = run(text, tmp_path)
    assert outcomes(tmp_path) == {"a": "passed", "b": "failed"}
    assert ran.stop.outcome is Outcome.FAILED
    assert "expected exit_status to be 7, and it is 0" in ran.stop.reason


def test_what_the_environment_lacks_is_told_when_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEAKDOC_HOOK_ROLL_OUT", raising=False)
    told_: list[str] = []
    text = steps(
        command("a", "true"),
        "  - {id: out, uses: leakdoc.roll_out, with: {service: x, revision: v2}, needs: [a.failed]}\n",
    )
    run(text, tmp_path, progress=told_.append)
    assert told_ == ["out cannot run yet: there is no hook: set LEAKDOC_HOOK_ROLL_OUT"]


def test_needs_skip_and_a_skipped_dependency_blocks(tmp_path: Path) -> None:
    text = steps(
        command("a", "false", then="{failed: continue}"),
        command("b", "true", needs="[a.passed]"),
        command("c", "true", needs="[b.passed]"),
        command("d", "true", needs="[a.failed]"),
    )
    ran = run(text, tmp_path)
    assert outcomes(tmp_path) == {"a": "failed", "b": "skipped", "c": "skipped", "d": "passed"}
    assert ran.stop.outcome is Outcome.PASSED


def test_all_skipped_is_inconclusive(tmp_path: Path) -> None:
    text = steps(command("a", "false", then="{failed: continue}"), command("b", "true", needs="[a.passed]"))
    assert run(text, tmp_path).stop.outcome is Outcome.INCONCLUSIVE


def test_an_end_has_the_playbooks_word(tmp_path: Path) -> None:
    ran = run(steps(command("a", "false", then="{failed: {end: not_a_leak}}"), command("b", "true")), tmp_path)
    assert outcomes(tmp_path) == {"a": "failed"}
    assert ran.stop.reason.startswith("not_a_leak: a failed")


def test_repeats_are_bounded_and_go_back(tmp_path: Path) -> None:
    count = f"echo x >> {tmp_path}/n; test $(wc -l < {tmp_path}/n) -ge 3"
    text = steps(command("a", "true"), command("b", count, shell="true", then="{failed: {repeat: {from: a, max: 5}}}"))
    assert run(text, tmp_path).stop.outcome is Outcome.PASSED
    assert told(tmp_path).count("step_result a passed") == 3


def test_a_repeat_that_is_used_up_fails(tmp_path: Path) -> None:
    ran = run(steps(command("a", "false", then="{failed: {repeat: {from: a, max: 2}}}")), tmp_path)
    assert ran.stop.outcome is Outcome.FAILED
    assert told(tmp_path).count("step_result a failed") == 3


def test_only_errors_are_retried(tmp_path: Path) -> None:
    text = steps(command("a", "false", retries=3, then="{failed: continue}"), command("b", "/no/such", retries=2))
    ran = run(text, tmp_path)
    assert told(tmp_path).count("step_result a failed") == 1
    assert told(tmp_path).count("step_result b error") == 3
    assert ran.stop.outcome is Outcome.ERROR


def test_an_inconclusive_step_pauses_every_write_after_it_and_resuming_looks_again(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": None, "v2": 0})
    text = ROLLOUT.replace(
        "steps:\n", 'steps:\n  - {id: look, uses: acme.few_errors, with: {service: "${{ params.service }}"}}\n'
    )
    ran = run(text, tmp_path, {"service": str(service)})
    assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.INCONCLUSIVE, False)
    assert "look is inconclusive, so nothing is written" in ran.stop.reason
    assert deploys(service) == []
    (service / "errors-v1").write_text("0")
    assert go_on(tmp_path).stop.outcome is Outcome.PASSED
    assert deploys(service) == ["v2"]
    assert told(tmp_path).count("step_intent look") == 2


def test_resuming_looks_again_from_where_the_repeat_begins(tmp_path: Path) -> None:
    """What was too little to decide stays too little: the step before it is what has to look once more."""
    service = service_in(tmp_path / "s", errors={"v1": None, "v2": 0})
    repeat = "then: {inconclusive: {repeat: {from: sample, max: 1}}}"
    look = f'  - {{id: look, uses: acme.few_errors, with: {{service: "${{{{ params.service }}}}"}}, {repeat}}}\n'
    text = ROLLOUT.replace("steps:\n", "steps:\n" + command("sample", "true") + look)
    assert run(text, tmp_path, {"service": str(service)}).stop.outcome is Outcome.INCONCLUSIVE
    assert told(tmp_path).count("step_intent sample") == told(tmp_path).count("step_intent look") == 2
    assert go_on(tmp_path).stop.outcome is Outcome.INCONCLUSIVE
    assert told(tmp_path).count("step_intent sample") == told(tmp_path).count("step_intent look") == 3
    (service / "errors-v1").write_text("0")
    assert go_on(tmp_path).stop.outcome is Outcome.PASSED
    assert told(tmp_path).count("step_intent sample") == told(tmp_path).count("step_intent look") == 4
    assert deploys(service) == ["v2"]


def test_steps_that_always_run_do_so_at_the_end_whatever_happened(tmp_path: Path) -> None:
    text = steps(
        command("sum", "true", always="true"),
        command("a", "false"),
        command("bad", "/no/such", always="true", then="{error: continue}"),
    )
    ran = run(text, tmp_path)
    assert [each for each in told(tmp_path) if "intent" in each] == [
        "step_intent a",
        "step_intent sum",
        "step_intent bad",
    ]
    assert ran.stop.outcome is Outcome.FAILED


def test_a_good_rollout_is_promoted(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": 0})
    ran = run(ROLLOUT, tmp_path, {"service": str(service)})
    assert ran.stop.outcome is Outcome.PASSED
    assert deploys(service) == ["v2"]
    assert "guard_sample rollout.guard" in told(tmp_path)


def test_a_bad_rollout_is_taken_back_and_verified_and_the_run_says_so(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": 3})
    ran = run(ROLLOUT, tmp_path, {"service": str(service)})
    assert ran.stop.outcome is Outcome.ROLLED_BACK
    assert ran.stop.reason == "the guard of rollout said failed; rolled back and verified: rollout"
    assert deploys(service) == ["v2", "v1"]
    assert told(tmp_path)[-5:] == [
        "rollback_intent rollout", "step_intent rollout.rollback", "step_result rollout.rollback passed",
        "rollback_result rollout rolled_back", "run_ended rolled_back",
    ]  # fmt: skip
    assert go_on(tmp_path).stop.outcome is Outcome.ROLLED_BACK
    assert deploys(service) == ["v2", "v1"]


@pytest.mark.parametrize("count", [None, float("nan")])
def test_a_guard_without_data_or_with_nan_pauses_and_never_promotes(count: float | None, tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": count})
    for ran in (run(ROLLOUT, tmp_path, {"service": str(service)}), go_on(tmp_path)):
        assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.INCONCLUSIVE, False)
        assert "its guard is inconclusive" in ran.stop.reason
        assert "after" not in ran.state.results
    (service / "errors-v2").write_text("0")
    assert go_on(tmp_path).stop.outcome is Outcome.PASSED
    assert deploys(service) == ["v2"]


def test_a_guard_that_may_not_pause_rolls_back(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": None})
    text = ROLLOUT.replace('"}}\n    rollback', '"}, inconclusive: rollback}\n    rollback')
    assert run(text, tmp_path, {"service": str(service)}).stop.outcome is Outcome.ROLLED_BACK


def test_a_rollback_that_does_not_verify_needs_a_human(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 5, "v2": 3})
    ran = run(ROLLOUT, tmp_path, {"service": str(service)})
    assert ran.stop.outcome is Outcome.ERROR
    assert "a human is needed" in ran.stop.reason and "does not verify" in ran.stop.reason
    before = len(events(tmp_path))
    assert go_on(tmp_path).stop.outcome is Outcome.ERROR
    assert len(events(tmp_path)) == before, "it is not tried again silently"


def undoable(step_id: str, directory: Path, undo: str) -> str:
    mark = directory / step_id
    return (
        f"  - {{id: {step_id}, uses: leakdoc.run_command, with: {{command: [touch, '{mark}'],"
        f" probe: [test, -e, '{mark}'], undo: [{undo}]}}, rollback: {{}}}}\n"
    )


def test_rollbacks_go_in_reverse_and_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    text = steps(
        undoable("first", tmp_path, f"rm, '{tmp_path}/first'"),
        undoable("broken", tmp_path, "'false'"),
        undoable("lies", tmp_path, "'true'"),
        undoable("last", tmp_path, f"rm, '{tmp_path}/last'"),
        command("check", "false", then="{failed: {rollback: first}}"),
    )
    ran = run(text, tmp_path)
    assert ran.stop.outcome is Outcome.ERROR
    assert [each for each in told(tmp_path) if each.startswith("rollback_result")] == [
        "rollback_result check error",
        "rollback_result last rolled_back",
        "rollback_result lies error",
        "rollback_result broken error",
        "rollback_result first rolled_back",
    ]
    assert not (tmp_path / "first").exists() and not (tmp_path / "last").exists()
    assert "broken: the rollback did not work: a human is needed" in ran.stop.reason


def test_a_rollback_of_what_was_never_applied_is_no_rollback(tmp_path: Path) -> None:
    text = steps(
        command("a", "false", then="{failed: continue}"),
        undoable("b", tmp_path, f"rm, '{tmp_path}/b'").replace("rollback: {}", "needs: [a.passed], rollback: {}"),
        command("check", "false", then="{failed: {rollback: b}}"),
    )
    text = text.replace("id: check, uses: leakdoc.run_command, with: {command: ['false']}", LOOKS)
    (tmp_path / "flat.csv").write_text("time,rss_bytes\n" + "".join(f"{n},1000000\n" for n in range(600)))
    ran = run(text.replace("FLAT", str(tmp_path / "flat.csv")), tmp_path)
    assert (ran.stop.outcome, outcomes(tmp_path)["b"]) == (Outcome.FAILED, "skipped")


LOOKS = "id: check, uses: leakdoc.detect_growth, with: {trace: 'FLAT'}, expect: {decision: leaking}"


def test_a_write_that_failed_and_says_how_it_is_taken_back_is(tmp_path: Path) -> None:
    mark = tmp_path / "half"
    text = (
        "steps:\n  - {id: half, uses: leakdoc.run_command, shell: true, rollback: {},\n"
        "     with: {command: ['touch $M; exit 1'], probe: ['test -e $M'], undo: ['rm $M'],\n"
        f"            env: {{M: '{mark}'}}}}}}\n"
    )
    assert run(text, tmp_path).stop.outcome is Outcome.ROLLED_BACK
    assert not mark.exists()


def test_killed_after_the_intent_and_before_the_effect_it_acts_once(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": 0})
    run(ROLLOUT, tmp_path, {"service": str(service)})
    forget_after(tmp_path, 2)
    (service / "revision").write_text("v1")
    (service / "deploys.log").unlink()
    assert go_on(tmp_path).stop.outcome is Outcome.PASSED
    assert deploys(service) == ["v2"]
    assert "choice rollout not_done" in told(tmp_path)


def test_killed_after_the_effect_and_before_the_result_the_probe_finds_it(tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": 0})
    run(ROLLOUT, tmp_path, {"service": str(service)})
    forget_after(tmp_path, 2)
    ran = go_on(tmp_path)
    assert ran.stop.outcome is Outcome.PASSED
    assert deploys(service) == ["v2"]
    assert ran.state.results["rollout"].reason == "found done by its probe: v2 runs"
    assert ran.state.results["rollout"].outputs["revision"] == "v2"


@pytest.mark.parametrize("errors", [0, 3])
def test_interrupted_at_any_line_and_byte_a_run_ends_right_with_nothing_done_twice(errors: int, tmp_path: Path) -> None:
    service = service_in(tmp_path / "s", errors={"v1": 0, "v2": errors})
    first = run(ROLLOUT, tmp_path, {"service": str(service)})
    done = deploys(service)
    whole = (tmp_path / "run.journal.jsonl").read_bytes().splitlines(keepends=True)
    for lines in range(1, len(whole)):
        # the effect stands, as it does when a runner is killed after it; the next line was torn somewhere
        torn = whole[lines][: 7 * lines % len(whole[lines])]
        (tmp_path / "run.journal.jsonl").write_bytes(b"".join(whole[:lines]) + torn)
        reached = "rollback_intent" in "".join(told(tmp_path))
        (service / "revision").write_text("v1" if lines < 2 or reached else "v2")
        (service / "deploys.log").write_text("" if lines < 2 else "r v2\n" + ("r v1\n" if reached else ""))
        assert go_on(tmp_path).stop.outcome is first.stop.outcome, f"after line {lines}"
        assert deploys(service) == done, f"after line {lines}"


def test_without_a_probe_it_stops_and_says_so_until_a_person_does(tmp_path: Path) -> None:
    text = steps(command("a", "sh", "-c", f"echo x >> {tmp_path}/n"), command("b", "true"))
    run(text, tmp_path)
    forget_after(tmp_path, 2)
    for _ in range(2):
        ran = go_on(tmp_path)
        assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.ERROR, False)
        assert "it is not known whether a has happened" in ran.stop.reason and "--settle a=done" in ran.stop.reason
    assert go_on(tmp_path, settle={"a": True}).stop.outcome is Outcome.PASSED
    assert (tmp_path / "n").read_text() == "x\n"


def test_a_person_may_say_that_it_was_not_done(tmp_path: Path) -> None:
    run(steps(command("a", "sh", "-c", f"echo x >> {tmp_path}/n")), tmp_path)
    forget_after(tmp_path, 2)
    (tmp_path / "n").unlink()
    assert go_on(tmp_path, settle={"a": False}).stop.outcome is Outcome.PASSED
    assert (tmp_path / "n").read_text() == "x\n"


def test_a_write_that_ended_in_an_error_is_probed_before_it_is_tried_again(tmp_path: Path) -> None:
    mark = tmp_path / "n"
    text = (
        "steps:\n  - {id: a, uses: leakdoc.run_command, retries: 2, timeout: 3s, with: {command: [sh, -c,"
        f" 'echo x >> {mark}; sleep 60'], probe: [test, -e, '{mark}']}}}}\n"
    )
    ran = run(text, tmp_path)
    assert ran.stop.outcome is Outcome.PASSED
    assert mark.read_text() == "x\n"
    assert "found done by its probe" in ran.state.results["a"].reason


def test_two_runners_do_not_share_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(steps(command("a", "true")), tmp_path)
    monkeypatch.setattr("leakdoc.playbook.journal.lock.PATIENCE_S", 0.0)
    with only_runner(tmp_path / "run.journal.jsonl", lambda _: None), pytest.raises(RunBusy):
        go_on(tmp_path)


def test_a_journal_is_not_begun_twice_and_another_is_not_resumed(tmp_path: Path) -> None:
    run(steps(command("a", "true")), tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        run(steps(command("a", "true")), tmp_path)
    with pytest.raises(LeakdocError):
        go_on(tmp_path / "elsewhere")


def test_a_changed_journal_is_not_resumed(tmp_path: Path) -> None:
    run(steps(command("a", "true"), command("b", "false")), tmp_path)
    path = tmp_path / "run.journal.jsonl"
    path.write_text(path.read_text().replace('"passed"', '"failed"', 1))
    with pytest.raises(LeakdocError, match="was changed"):
        go_on(tmp_path)


def test_parameters_are_all_checked_before_anything_is_written(tmp_path: Path) -> None:
    text = "params: {a: {type: port, required: true}, b: {type: pid}}\n" + steps(command("x", "true"))
    with pytest.raises(UsageError) as raised:
        run(text, tmp_path, {"b": "x", "c": "1"})
    assert raised.value.message == "what x was given has 3 problems; nothing was run"
    assert not list(tmp_path.iterdir())


def test_a_step_to_be_reviewed_does_not_run_before_a_person_has(tmp_path: Path) -> None:
    text = steps(command("a", "true", review="true"))
    ran = run(text, tmp_path)
    assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.WAITING, False)
    assert "has to be read by a person" in ran.stop.reason


def test_a_review_binds_what_was_read(tmp_path: Path) -> None:
    from leakdoc.playbook.review import review_digest
    from tests.playbook_runs import loaded, registry

    digest = review_digest(loaded(steps(command("a", "true")), registry()).playbook.steps[0])
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    assert run(steps(command("a", "true", review=f"'{digest}'")), tmp_path / "1").stop.outcome is Outcome.PASSED
    assert run(steps(command("a", "false", review=f"'{digest}'")), tmp_path / "2").stop.outcome is Outcome.WAITING


def test_a_human_task_waits_where_nobody_can_be_asked_and_takes_the_answer_where_somebody_can(tmp_path: Path) -> None:
    text = steps("  - {id: call, uses: leakdoc.human_task, with: {task: call the payments team}}\n")
    ran = run(text, tmp_path)
    assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.WAITING, False)
    ran = go_on(tmp_path, ask=lambda question: f"done: {question}")
    assert ran.stop.outcome is Outcome.PASSED
    assert ran.state.results["call"].outputs["answer"] == "done: call the payments team"


def test_no_secret_reaches_the_journal_and_references_do_what_they_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "xyzzy-1234")
    text = (
        "params: {token: {type: secret_ref}}\n" + "steps:\n"
        "  - {id: a, uses: leakdoc.run_command, shell: true,\n"
        "     with: {command: ['test ${#T} = 10; echo token=$T'], env: {T: '${{ params.token }}'}}}\n"
    )
    ran = run(text, tmp_path, {"token": "env:ACME_TOKEN"})
    assert ran.stop.outcome is Outcome.PASSED
    assert "xyzzy" not in (tmp_path / "run.journal.jsonl").read_text()
