"""A summary reaches the channel once, whatever happens to Slack, and pings nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.running import run_step
from leakdoc.testing.slack import FakeSlack
from tests.playbook_runs import events, forget_after, go_on, run, told


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leakdoc.playbook.posting.outbox.LONGEST_WAIT_S", 0.0)
    monkeypatch.setattr("leakdoc.playbook.posting.outbox.LOOK_AFTER_S", 0.0)


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        monkeypatch.setenv("SLACK_TOKEN", fake.token)
        monkeypatch.setenv("SLACK_WEBHOOK", fake.webhook)
        yield fake


def text(slack: FakeSlack | str, to: str = "slack", retries: int = 0) -> str:
    api = slack if isinstance(slack, str) else slack.api
    how = {"slack": f"token: 'env:SLACK_TOKEN', api: '{api}'", "webhook": "webhook: 'env:SLACK_WEBHOOK'"}[to]
    return f"""
params: {{service: {{type: service, default: payments}}, said: {{type: text, default: fine}}}}
steps:
  - {{id: look, uses: leakdoc.run_command, with: {{command: [printf, '%s', "${{{{ params.said }}}}"]}}}}
  - id: summary
    uses: leakdoc.post_summary
    with: {{channel: "#incidents", {how}}}
    always: true
    retries: {retries}
    then: {{error: continue, inconclusive: continue}}
"""


def posted(directory: Path) -> StepResult:
    from leakdoc.playbook.engine.state import result_of

    return result_of([each for each in events(directory) if each.type == "step_result" and each.step == "summary"][-1])


def test_a_bot_posts_blocks_with_the_runs_id_and_the_head(slack: FakeSlack, tmp_path: Path) -> None:
    assert run(text(slack), tmp_path).stop.outcome is Outcome.PASSED
    (message,) = slack.messages
    result = posted(tmp_path)
    assert result.outputs["posted"] is True
    assert str(result.outputs["permalink"]).startswith("https://acme.slack.example/C012ABCDEF/p")
    assert message["metadata"]["event_payload"]["run"] == events(tmp_path)[0].run
    fields = {each["fields"][0]["text"]: each["fields"][1]["text"] for each in message["blocks"] if "fields" in each}
    assert {"*Cause*", "*Proof*", "*Rollback point*", "*Journal head*"} <= set(fields)
    assert fields["*Journal head*"] in {each.sha256 for each in events(tmp_path)}
    assert "outbox_queued summary" in told(tmp_path) and "outbox_sent summary passed" in told(tmp_path)


def test_at_channel_in_somebodys_log_pings_nobody(slack: FakeSlack, tmp_path: Path) -> None:
    evil = "<!channel> <!here> @channel @here <@U123> <https://evil.example|click> *bold* & \u202e\x1b[31m"
    run(text(slack), tmp_path, {"service": evil, "said": evil})
    (message,) = slack.messages
    whole = json.dumps(message, ensure_ascii=False)
    assert "<!" not in message["text"] and "<@" not in message["text"] and "<https" not in message["text"]
    assert "@channel" not in whole and "@here" not in whole and "\\u202e" not in whole and "\u202e" not in whole
    assert (message["parse"], str(message["link_names"])) == ("none", "False") or message["link_names"] in (
        False,
        "0",
        0,
    )
    for block in message["blocks"]:
        foreign = block.get("text") or block["fields"][1]
        assert foreign["type"] == "plain_text"


@pytest.mark.parametrize("to", ["slack", "webhook"])
@pytest.mark.parametrize("trouble", [["ratelimited"], ["ratelimited", "ratelimited"]])
def test_a_limited_rate_is_waited_for(to: str, trouble: list[str], slack: FakeSlack, tmp_path: Path) -> None:
    slack.trouble = trouble
    run(text(slack, to), tmp_path)
    assert len(slack.messages) == 1 and posted(tmp_path).outputs["posted"] is True


@pytest.mark.parametrize(
    "trouble", [["lost"], ["garbage"], ["odd"], ["dropped", "lost"], ["dropped"], ["down"], ["fatal_error"]]
)
def test_what_is_doubtful_is_looked_for_and_there_is_one_post(
    trouble: list[str], slack: FakeSlack, tmp_path: Path
) -> None:
    slack.trouble = list(trouble)
    run(text(slack), tmp_path)
    assert len(slack.messages) == 1
    assert posted(tmp_path).outputs["posted"] is True
    assert "conversations.history" in slack.calls


@pytest.mark.parametrize("trouble", ["lost", "garbage", "dropped", "down"])
def test_a_webhook_cannot_look_so_it_never_posts_twice(trouble: str, slack: FakeSlack, tmp_path: Path) -> None:
    slack.trouble = [trouble]
    assert run(text(slack, "webhook"), tmp_path).stop.outcome is Outcome.PASSED
    assert posted(tmp_path).outcome is Outcome.INCONCLUSIVE
    assert posted(tmp_path).outputs["posted"] is None and "not posted again" in posted(tmp_path).reason
    assert slack.calls.count("/services/T0/B0/xyz") == 1


@pytest.mark.parametrize("word", ["channel_not_found", "not_in_channel", "invalid_blocks"])
def test_slack_saying_no_is_told_and_not_tried_again(word: str, slack: FakeSlack, tmp_path: Path) -> None:
    slack.trouble = [word] * 3
    run(text(slack), tmp_path)
    result = posted(tmp_path)
    assert (result.outcome, slack.messages) == (Outcome.ERROR, [])
    assert word in result.reason and "left in the outbox" in result.reason
    assert slack.calls.count("chat.postMessage") == 1


def test_a_wrong_token_is_told_and_never_shown(slack: FakeSlack, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-wrong-hunter2")
    run(text(slack), tmp_path)
    assert "invalid_auth" in posted(tmp_path).reason
    assert "hunter2" not in (tmp_path / "run.journal.jsonl").read_text()


def test_slack_that_is_away_leaves_the_post_in_the_outbox_and_it_is_sent_later(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with FakeSlack() as away:
        api = away.api
    monkeypatch.setenv("SLACK_TOKEN", away.token)
    run(text(api), tmp_path)
    assert posted(tmp_path).outputs["posted"] is False and "outbox" in posted(tmp_path).reason
    with FakeSlack() as slack:
        given = {"journal": tmp_path / "run.journal.jsonl", "token": "env:SLACK_TOKEN", "api": slack.api}
        for _ in range(2):
            result = run_step("post_summary", given)
            assert result.outcome is Outcome.PASSED and result.outputs["posted"] is True
        assert len(slack.messages) == 1


@pytest.mark.parametrize("to", ["slack", "webhook"])
@pytest.mark.parametrize("written", ["outbox_queued", "outbox_sent"])
def test_killed_around_the_post_and_resumed_there_is_one_post(
    to: str, written: str, slack: FakeSlack, tmp_path: Path
) -> None:
    run(text(slack, to), tmp_path)
    last = next(each.seq for each in events(tmp_path) if each.type == written)
    forget_after(tmp_path, last + 1)
    go_on(tmp_path)
    assert len(slack.messages) == 1
    known = to == "slack" or written == "outbox_sent"
    assert posted(tmp_path).outputs["posted"] is (True if known else None)


def test_reply_lost_then_killed_then_resumed_there_is_one_post(slack: FakeSlack, tmp_path: Path) -> None:
    slack.trouble = ["lost"]
    run(text(slack), tmp_path)
    queued = next(each.seq for each in events(tmp_path) if each.type == "outbox_queued")
    forget_after(tmp_path, queued + 1)
    go_on(tmp_path)
    assert len(slack.messages) == 1


def test_without_slack_it_is_told_here_or_written_to_a_file(tmp_path: Path) -> None:
    body = (
        "steps:\n  - {id: s, uses: leakdoc.post_summary, with: {file: '%s'}}\n  - {id: t, uses: leakdoc.post_summary}\n"
    )
    lines: list[str] = []
    ran = run(body % (tmp_path / "s.txt"), tmp_path, progress=lines.append)
    assert ran.stop.outcome is Outcome.PASSED
    assert "Journal head: " in (tmp_path / "s.txt").read_text()
    assert any(line.startswith("Journal head: ") for line in lines)


def test_a_literal_secret_is_refused_by_name(slack: FakeSlack, tmp_path: Path) -> None:
    run(text(slack).replace("env:SLACK_TOKEN", "file:/no/such/file"), tmp_path)
    assert posted(tmp_path).outcome is Outcome.ERROR
    with pytest.raises(Exception, match="never itself"):
        journal = read_journal(tmp_path / "run.journal.jsonl").path
        run_step("post_summary", {"journal": journal, "to": "slack", "token": "tok"})
