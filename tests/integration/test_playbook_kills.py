"""kill -9 at any moment, time that runs out, a disk that is full: nothing is done twice, and nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.main import main
from leakdoc.errors import LeakdocError
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.testing.slack import FakeSlack
from tests.acme import deploys, environment_with, installed_in, service_in
from tests.playbook_runs import HEAD
from tests.program import Program

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment_with(installed_in(tmp_path_factory.mktemp("site")))


def leakdoc(*words: str, environment: dict[str, str], **more: Any) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "leakdoc", "playbook", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return Program(line, text=True, env=environment, **{**pipes, **more})


def wait_until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(0.002)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def killed_somewhere(journal: Path, process: subprocess.Popen[str], chance: random.Random) -> None:
    """Kill a runner a moment after its journal has got some more lines, or let it end if it is faster."""
    before = journal.read_bytes().count(b"\n") if journal.exists() else 0
    wanted = before + chance.randint(1, 18)

    def is_time() -> bool:
        return process.poll() is not None or (journal.exists() and journal.read_bytes().count(b"\n") >= wanted)

    wait_until(is_time, f"{wanted} lines")
    time.sleep(chance.random() * 0.04)
    process.kill()
    process.communicate(timeout=PATIENCE_S)


def one_campaign(place: Path, environment: dict[str, str], chance: random.Random, slack: FakeSlack) -> str:
    """Run the example's rollout, killed at random until a resumed run ends; return how it ended."""
    place.mkdir()
    slack.messages.clear()
    environment = {**environment, "SLACK_TOKEN": slack.token}
    is_bad = chance.random() < 0.5
    service = service_in(place / "s", errors={"v1": 0, "v2": 3 if is_bad else 0})
    journal = place / "run.jsonl"
    told = ("revision=v2", "stable=v1", "takes=30ms", "slack=env:SLACK_TOKEN", f"slack_api={slack.api}")
    given = [word for each in (f"service={service}", *told) for word in ("-p", each)]
    process = leakdoc("run", "acme-rollout", *given, "--journal", str(journal), environment=environment)
    for _ in range(chance.randint(1, 3)):
        killed_somewhere(journal, process, chance)
        process = leakdoc("resume", str(journal), "--json", environment=environment)
    answer, errors = process.communicate(timeout=PATIENCE_S)
    document = json.loads(answer)
    assert document["ended"], errors
    assert document["outcome"] == ("rolled_back" if is_bad else "passed"), document["reason"]
    assert deploys(service) == (["v2", "v1"] if is_bad else ["v2"])
    assert (service / "revision").read_text() == ("v1" if is_bad else "v2")
    assert len(slack.messages) == 1
    read_journal(journal, head=document["head"])
    return str(document["outcome"])


def test_a_few_runs_killed_at_random_end_right_with_nothing_done_twice(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    chance = random.Random(20260310)
    with FakeSlack() as slack:
        for number in range(3):
            one_campaign(tmp_path / str(number), environment, chance, slack)


@pytest.mark.soak
def test_two_hundred_runs_killed_at_random_end_right_with_nothing_done_twice(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    chance = random.Random(7)
    with FakeSlack() as slack:
        ended = [one_campaign(tmp_path / str(number), environment, chance, slack) for number in range(200)]
    assert {each: ended.count(each) for each in ended}.keys() == {"passed", "rolled_back"}
    print(f"200 runs killed at random: {ended.count('passed')} passed, {ended.count('rolled_back')} rolled back")


FAMILY = "sleep 3000 & echo $! > grandchild; echo $$ > child; sleep 3000"


def playbook(place: Path, step: str) -> Path:
    path = place / "x.yaml"
    path.write_text(HEAD + "steps:\n" + step)
    return path


def pid_in(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text().strip(), f"{file.name} begun")
    return int(file.read_text())


def test_a_timeout_takes_grandchildren(tmp_path: Path, environment: dict[str, str]) -> None:
    step = f"  - {{id: a, uses: leakdoc.run_command, timeout: 5s, shell: true, with: {{command: ['{FAMILY}']}}}}\n"
    file = playbook(tmp_path, step)
    process = leakdoc("run", str(file), "--json", environment=environment, cwd=tmp_path)
    family = [pid_in(tmp_path / name) for name in ("child", "grandchild")]
    answer, _ = process.communicate(timeout=PATIENCE_S)
    document = json.loads(answer)
    assert (process.returncode, document["outcome"]) == (4, "error")
    assert "did not end within 5 s" in document["reason"]
    wait_until(lambda: not any(map(is_alive, family)), "all of the command ended")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_runner_that_dies_takes_its_step_with_it(
    number: signal.Signals, tmp_path: Path, environment: dict[str, str]
) -> None:
    step = f"  - {{id: a, uses: leakdoc.run_command, shell: true, with: {{command: ['{FAMILY}']}}}}\n"
    file = playbook(tmp_path, step)
    journal = tmp_path / "j.jsonl"
    process = leakdoc("run", str(file), "--journal", str(journal), environment=environment, cwd=tmp_path)
    family = [pid_in(tmp_path / name) for name in ("child", "grandchild")]
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(map(is_alive, family)), "all of the command ended")
    assert "Traceback" not in errors
    done = leakdoc("resume", str(journal), "--json", environment=environment)
    document = json.loads(done.communicate(timeout=PATIENCE_S)[0])
    assert (done.returncode, document["ended"]) == (4, False)
    assert "it is not known whether a has happened" in document["reason"]


def test_a_service_that_a_step_has_started_outlives_the_step(tmp_path: Path, environment: dict[str, str]) -> None:
    script = f"sleep 3000 >/dev/null 2>&1 & echo $! > {tmp_path}/daemon"
    step = f"  - {{id: a, uses: leakdoc.run_command, shell: true, with: {{command: ['{script}']}}}}\n"
    process = leakdoc("run", str(playbook(tmp_path, step)), environment=environment, cwd=tmp_path)
    process.communicate(timeout=PATIENCE_S)
    daemon = pid_in(tmp_path / "daemon")
    try:
        assert process.returncode == 0 and is_alive(daemon)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_when_the_journals_disk_is_full_no_write_starts(tmp_path: Path, environment: dict[str, str]) -> None:
    """The kernel refuses to let the journal grow beyond its present size, as it does when the disk is full."""
    mark = tmp_path / "done"
    wait = f"while ! test -e {tmp_path}/full; do sleep 0.05; done"
    file = playbook(
        tmp_path,
        f"  - {{id: a, uses: leakdoc.run_command, shell: true, with: {{command: ['{wait}']}}}}\n"
        f"  - {{id: b, uses: leakdoc.run_command, with: {{command: [touch, '{mark}']}}}}\n",
    )
    journal = tmp_path / "j.jsonl"
    process = leakdoc("run", str(file), "--journal", str(journal), environment=environment, cwd=tmp_path)
    wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\n") == 2, "the first intent")
    import resource

    size = journal.stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 10, size + 10))
    (tmp_path / "full").touch()
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 4
    assert "cannot write the journal" in errors and "the disk is full" in errors and "Traceback" not in errors
    assert not mark.exists()
    assert len(read_journal(journal).events) == 2


def test_a_shell_without_a_terminal_neither_hangs_nor_approves(tmp_path: Path, environment: dict[str, str]) -> None:
    step = "  - {id: a, uses: leakdoc.run_command, with: {command: ['true']}, approval: {role: boss}}\n"
    process = leakdoc("run", str(playbook(tmp_path, step)), "--json", environment=environment, cwd=tmp_path)
    document = json.loads(process.communicate(timeout=PATIENCE_S)[0])
    assert (process.returncode, document["outcome"], document["waiting"]["role"]) == (3, "waiting", "boss")


def test_control_characters_reach_no_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        HEAD + "params: {name: {type: text}}\n"
        'steps:\n  - {id: a, uses: leakdoc.run_command, with: {command: [printf, "%s", "${{ params.name }}"]}}\n'
    )
    evil = "\x1b]0;pwned\x07\x1b[2J\u202emoc.live\u2066\r\nFAKE"
    process = leakdoc("run", str(file), "-p", f"name={evil}", environment=environment, cwd=tmp_path)
    for text in process.communicate(timeout=PATIENCE_S):
        assert not set(text) & set("\x1b\x07\r\u202e\u2066")
        assert not any(line.startswith("FAKE") for line in text.splitlines())


def test_a_person_at_a_terminal_approves_by_typing_the_digest(tmp_path: Path, environment: dict[str, str]) -> None:
    step = "  - {id: a, uses: leakdoc.run_command, with: {command: ['true']}, approval: {role: boss}}\n"
    ours, theirs = os.openpty()
    process = leakdoc(
        "run", str(playbook(tmp_path, step)), "--json",
        environment=environment, cwd=tmp_path, stdin=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"to approve" not in seen:
        seen += os.read(ours, 4096)
    digest = seen.decode().partition("digest ")[2][:6]
    os.write(ours, f"{digest}\n".encode())
    document = json.loads(process.communicate(timeout=PATIENCE_S)[0])
    os.close(ours)
    assert (process.returncode, document["outcome"]) == (0, "passed")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "bad.yaml"], ["run", "nothing"], ["run", "none.yaml"], ["resume", "no.jsonl"],
        ["resume", "empty.jsonl"], ["resume", "none"], ["resume", "."], ["run", "bad.yaml", "-p", "x"], ["run", "."],
        ["check", "."], ["check", "bad.yaml"], ["show", "bad.yaml"], ["run", "memory-leak"],
        ["run", "good.yaml", "--journal", "no/such/x"], ["run", "good.yaml", "--journal", "."],
        ["run", "good.yaml", "--directory", "none"], ["run", "good.yaml", "-p", "a=1"],
    ],
)  # fmt: skip
def test_errors_are_short_and_no_traceback(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    playbook(tmp_path, "  - {id: a, uses: leakdoc.run_command, with: {command: ['true']}}\n").rename("good.yaml")
    (tmp_path / "bad.yaml").write_text("steps: [")
    (tmp_path / "no.jsonl").write_text("{}\n")
    (tmp_path / "empty.jsonl").write_text("")
    assert main(["playbook", *words]) in (1, 2, 4)
    told = capsys.readouterr()
    assert "internal error" not in told.err and "Traceback" not in told.err
    assert (told.err or told.out).strip()


def test_the_library_of_the_example_is_offered_and_sound(environment: dict[str, str]) -> None:
    process = leakdoc("list", "--json", environment=environment)
    listed = {each["name"]: each for each in json.loads(process.communicate(timeout=PATIENCE_S)[0])["playbooks"]}
    assert listed["acme-rollout"]["problems"] == 0
    assert listed["acme-rollout"]["origin"] == "acme-steps"


@pytest.mark.parametrize("words", [("resume",), ("run", "x.yaml", "--journal")], ids=["resume", "run"])
def test_what_is_no_plain_file_is_no_journal_and_nobody_waits_for_it(
    words: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    playbook(tmp_path, "  - {id: a, uses: leakdoc.run_command, with: {command: [touch, done]}}\n")
    pipe = tmp_path / "pipe.journal.jsonl"
    os.mkfifo(pipe)
    process = leakdoc(*words, str(pipe), environment=environment, cwd=tmp_path)
    try:
        errors = process.communicate(timeout=PATIENCE_S)[1]
    finally:
        process.kill()
    assert process.returncode in (2, 4)
    assert "pipe.journal.jsonl" in errors and "Traceback" not in errors
    assert not (tmp_path / "done").exists()


def test_a_damaged_journal_raises_what_the_command_line_tells(tmp_path: Path) -> None:
    (tmp_path / "no.jsonl").write_text("{}\n")
    with pytest.raises(LeakdocError):
        read_journal(tmp_path / "no.jsonl")
