"""What incidents were recorded in is read into one kind of event."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from leakdoc.errors import UnreadableSource
from leakdoc.playbook.records.annotating import asciicast, history
from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.reading import read_record
from leakdoc.playbook.records.shell.peeling import peeled
from tests.records_scenes import did, leak, record


def test_commands_are_recovered_from_messages_and_said_to_be_narrated(tmp_path: Path) -> None:
    message = "Sample RSS.\n\n```bash\n$ grep VmRSS /proc/17/status\n```\n```\nVmRSS: 4 kB\n```\n(exit 0)"
    fix = "Close it.\n\nEdited `src/a.py`:\n```diff\n-conn = connect()\n+with pool.connection() as conn:\n```"
    items = [
        {"event_id": f"e{i}", "created_at": i, "source": "devin", "message": text}
        for i, text in enumerate((message, fix))
    ]
    path = tmp_path / "messages.json"
    path.write_text(json.dumps({"items": items}), encoding="utf-8")
    command, edit = [event for event in read_record(path).events if event.is_call]
    assert (command.command, command.output, command.failed) == ("grep VmRSS /proc/17/status", "VmRSS: 4 kB", False)
    assert (edit.sort, edit.path, edit.after) == (Sort.EDIT, "src/a.py", "with pool.connection() as conn:")
    assert command.narrated and edit.narrated and command.said == "Sample RSS."


@pytest.mark.parametrize(("version", "times"), [(2, [1.0, 1.5, 9.0, 9.5]), (3, [1.0, 0.5, 7.5, 0.5])])
def test_a_terminal_recording_tells_commands_by_its_prompts(version: int, times: list[float], tmp_path: Path) -> None:
    said = ["\x1b[32mops@box\x1b[0m:~$ ", "ss -s\r\nTCP: 3\r\n", "ops@box:~$ ", "df -hh\b\r\n41%\r\n"]
    header = {"version": version, "width": 80, "height": 24, "timestamp": 1000}
    lines = [header, *([at, "o", text] for at, text in zip(times, said, strict=True))]
    path = tmp_path / "x.cast"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    events = list(asciicast.read(path))
    assert [(event.command, event.output, event.at, event.id) for event in events] == [
        ("ss -s", "TCP: 3", 1001.0, "2"),
        ("df -h", "41%\n", 1009.0, "4"),
    ]


def test_histories_of_both_shells_are_read(tmp_path: Path) -> None:
    zsh, bash = tmp_path / "zsh", tmp_path / "bash"
    zsh.write_text(": 1773134100:3;echo a\\\nb\n: 1773134200:0;ss -s\n")
    bash.write_text("#1773134100\nss -s\nls\n")
    assert [(e.at, e.command, e.id) for e in history.read(zsh)] == [
        (1773134100, "echo a\nb", "1"),
        (1773134200, "ss -s", "3"),
    ]
    assert [(e.at, e.command, e.id) for e in history.read(bash)] == [
        (1773134100, "ss -s", "2"),
        (1773134100, "ls", "3"),
    ]


def test_a_long_output_keeps_its_ends_and_no_half_of_a_secret(tmp_path: Path) -> None:
    secret = "s3cr3t-of-the-middle"
    output = f"head DB_PASSWORD={secret}\n" + f"line {secret}\n" * 9000 + "tail"
    call = {
        "event_id": "a",
        "type": "tool_call",
        "call": {"detail": {"tool": "exec", "command": "cat x.log"}, "output": output},
    }
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(call) + "\n", encoding="utf-8")
    (event,) = read_record(path).events
    assert event.output.startswith("head") and event.output.endswith("tail") and "characters left out" in event.output
    assert "s3cr3t" not in event.output and "middle" not in event.output


@pytest.mark.parametrize(
    ("line", "argvs"),
    [
        ("FOO=1 env BAR=2 pytest -q", [("pytest", "-q")]),
        ("ssh -p 22 u@h 'sudo -u app ls /proc/1/fd | wc -l'", [("ls", "/proc/1/fd"), ("wc", "-l")]),
        ('kubectl -n p exec -it x -c app -- sh -c "ss -s"', [("ss", "-s")]),
        ("docker compose -f a.yml exec -T web pgrep gunicorn", [("pgrep", "gunicorn")]),
        ("for i in 1 2; do ps -p 1; done", [("ps", "-p", "1")]),
        ("echo $(cat a)", [("cat", "a"), ("echo", "$(cat a)")]),
        ("python3 -m memray stats x.bin", [("memray", "stats", "x.bin")]),
        ("bundle exec rspec a_spec.rb", [("rspec", "a_spec.rb")]),
        ("it's left open", [("it's", "left", "open")]),
    ],
)
def test_command_lines_are_taken_apart(line: str, argvs: list[tuple[str, ...]]) -> None:
    assert [simple.argv for simple in peeled(line)] == argvs


def test_a_call_that_waits_to_the_end_holds_nothing_whole(tmp_path: Path) -> None:
    waits = did("kubectl logs -f deploy/payments", f"API_TOKEN={SECRET} was printed")
    long = [did(f"kubectl logs x --since={n}m", f"{'x' * 200_000} {SECRET}\n{'y' * 100_000}") for n in range(40)]
    path = record(tmp_path, [*leak()[:1], waits[0], *(line for each in long for line in each), waits[1], *leak()[1:]])
    tracemalloc.start()
    events = read_record(path).events
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert next(event.command for event in events if event.is_call) == "kubectl logs -f deploy/payments"
    assert "was printed" in next(event.output for event in events if event.is_call)
    assert not any(SECRET in text for event in events for text in event.texts())
    assert peak < path.stat().st_size, "less than the record, whose outputs are cut while they wait"


SECRET = "qT7vRk2mXz9LpW"
SOUND = {
    "claude": {"type": "user", "sessionId": "s", "uuid": "u", "message": {"content": "payments leaks"}},
    "devin": {"event_id": "e", "source": "user", "message": "payments leaks"},
    "journal": {"v": 1, "seq": 9, "at": 1, "type": "note", "run": "r", "reason": "payments leaks"},
}
STRANGE = [
    {"type": ["x"], "event_id": {}, "seq": [], "v": 1, "message": {}},
    {"type": "assistant", "message": {"content": [{"type": ["x"]}, {"type": "tool_use", "id": None, "input": [1]}, 7]}},
    {"type": "user", "timestamp": {}, "message": {"content": [{"type": "tool_result", "tool_use_id": [1]}]}},
    {"type": "run_started", "inputs": {"playbook": {"metadata": "x"}, "params": 1}, "run": [], "seq": 1, "v": 1},
    {"type": "step_result", "inputs": "x", "outputs": 3, "step": {}, "run": [1], "attempt": [], "seq": 2, "v": 1},
    {"event_id": "x", "call": {"detail": [1], "output": {"a": 1}}, "source": ["x"]},
    None,
    "text",
]


@pytest.mark.parametrize("layout", SOUND)
def test_values_of_no_expected_type_stand_in_nobodys_way(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "strange.jsonl"
    deep = '{"type": "user", "message": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    path.write_text(json.dumps(SOUND[layout]) + "\n" + deep + "".join(json.dumps(line) + "\n" for line in STRANGE))
    assert read_record(path).events[0].text == "payments leaks"


def test_a_trajectory_holds_what_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "strange.atif.json"
    steps = [{"source": "user", "message": "payments leaks"}, {"source": "agent", "tool_calls": True, "observation": 1}]
    path.write_text(json.dumps({"steps": [*steps, *STRANGE]}))
    assert [event.text for event in read_record(path).events] == ["payments leaks"]


def test_what_cannot_be_read_twice_or_is_packed_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pipe, packed = tmp_path / "pipe", tmp_path / "record.jsonl.gz"
    os.mkfifo(pipe)
    packed.write_bytes(gzip.compress(b"{}"))
    for path, wanted in ((pipe, "into a file"), (packed, "gunzip")):
        with pytest.raises(UnreadableSource) as refused:
            read_record(path)
        assert wanted in str(refused.value.help)
