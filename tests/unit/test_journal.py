"""The journal: whole lines on disk, a chain that shows an edit, a torn line set aside, no secrets."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import leakdoc
from leakdoc.cli.main import main
from leakdoc.errors import DamagedSource, JournalError, RunBusy, UnreadableSource, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.journal import EventType
from leakdoc.playbook.journal import writing
from leakdoc.playbook.journal.lines import FIELDS
from leakdoc.playbook.journal.lock import only_runner
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.journal.running import running_journal
from leakdoc.playbook.journal.writing import JournalFile
from tests.program import Program

NOW = 1_773_112_320.0  # 2026-03-10T03:12:00Z


def now() -> float:
    return NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three lines."""
    file = tmp_path / "incident.journal.jsonl"
    with JournalFile(file, now) as journal:
        journal.append(EventType.RUN_STARTED, "r1", inputs={"params": {"target": "42"}})
        journal.append(EventType.STEP_INTENT, "r1", step="sample", attempt=1, argv=("leakdoc", "watch"))
        journal.append(EventType.STEP_RESULT, "r1", step="sample", attempt=1, outcome=Outcome.PASSED, reason="ok")
    return file


def test_lines_have_the_fields_of_the_contract_and_are_the_owners_only(path: Path) -> None:
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    assert [list(each) for each in documents] == [list(FIELDS)] * 3
    assert " ".join(FIELDS) == (
        "v seq at type run step attempt argv inputs outcome reason outputs evidence actor choice prev sha256"
    )
    assert [each["seq"] for each in documents] == [0, 1, 2]
    assert documents[0]["prev"] is None and documents[2]["prev"] == documents[1]["sha256"]
    assert documents[0]["at"] == "2026-03-10T03:12:00+00:00"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_written_is_read(path: Path) -> None:
    read = read_journal(path)
    assert [each.type for each in read.events] == ["run_started", "step_intent", "step_result"]
    assert read.events[1].argv == ("leakdoc", "watch")
    assert read.events[2].outcome is Outcome.PASSED
    assert (read.run, read.head, read.has_ended) == ("r1", read.events[2].sha256, False)


@pytest.mark.parametrize("length", range(1, 400, 7))
def test_a_torn_last_line_is_set_aside_wherever_it_was_torn(path: Path, length: int) -> None:
    whole = path.read_bytes()
    torn = (whole.splitlines(keepends=True)[1])[:length].rstrip(b"\n")
    path.write_bytes(whole + torn)
    assert read_journal(path).torn == torn
    with JournalFile(path, now) as journal:
        assert len(journal.events) == 3
        journal.append(EventType.NOTE, "r1", choice="after")
    assert [each.seq for each in read_journal(path).events] == [0, 1, 2, 3]
    assert path.with_name(f"{path.name}.torn").read_bytes() == torn + b"\n"


@pytest.mark.parametrize("line", range(3))
@pytest.mark.parametrize("change", ["edit", "remove", "repeat", "rehash"])
def test_a_changed_line_is_refused_by_its_number(path: Path, line: int, change: str) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[line] = lines[line].replace(b'"r1"', b'"r2"')
    elif change == "remove":
        del lines[line]
    elif change == "repeat":
        lines.insert(line, lines[line])
    else:  # somebody who knows how hashes are made changes one line, but not those after it
        from leakdoc.playbook.journal.lines import hash_of

        document = json.loads(lines[line]) | {"reason": "forged"}
        lines[line] = (json.dumps(document | {"sha256": hash_of(document)}) + "\n").encode()
    path.write_bytes(b"".join(lines))
    if line == 2 and change in ("remove", "rehash"):  # the tail: only who noted the head can tell
        head = "0" * 64
        assert len(read_journal(path).events) in (2, 3)
        with pytest.raises(DamagedSource, match="head that was noted"):
            read_journal(path, head=head)
        return
    with pytest.raises(DamagedSource, match=r"line \d"):
        read_journal(path)
    with pytest.raises(DamagedSource):
        JournalFile(path, now)


def test_a_cut_tail_is_shown_by_the_noted_head(path: Path) -> None:
    head = read_journal(path).head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DamagedSource, match="tail was cut"):
        read_journal(path, head=head)


@pytest.mark.parametrize("text", ["", "\n", "{}\n", "[]\n", "null\n", '{"v": 1}\n', "\xff\n", "[" * 10_000 + "\n"])
def test_what_is_no_journal_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(text, encoding="latin-1")
    if not text:
        assert read_journal(file).events == ()
        return
    with pytest.raises(DamagedSource):
        read_journal(file)


def test_a_missing_journal_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource):
        read_journal(tmp_path / "x")


def test_two_writers_keep_one_chain(path: Path) -> None:
    with JournalFile(path, now) as one, JournalFile(path, now) as other:
        for count in range(3):
            one.append(EventType.NOTE, "r1", choice=f"one {count}")
            other.append(EventType.NOTE, "r1", choice=f"other {count}")
        one.refresh()
        assert len(one.events) == 9
    assert [each.choice for each in read_journal(path).events[3:5]] == ["one 0", "other 0"]


def test_many_processes_keep_one_chain(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from leakdoc.playbook.journal.session import open_for_notes\n"
        "with open_for_notes(Path(sys.argv[1])) as journal:\n"
        "    [journal.note(f'{sys.argv[2]} {n}') for n in range(20)]\n"
    )
    writers = [Program([sys.executable, "-c", code, str(path), str(each)]) for each in range(3)]
    assert [each.wait(timeout=60) for each in writers] == [0, 0, 0]
    assert len(read_journal(path).events) == 63


def test_one_who_keeps_the_journal_to_himself_is_not_waited_for_without_an_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert main(["note", "looked at the pool", "--journal", str(path)]) == 4
        assert "another process keeps the journal" in capsys.readouterr().err
    assert main(["note", "looked at the pool", "--journal", str(path)]) == 0


def test_a_full_disk_leaves_no_half_line(path: Path) -> None:
    """The kernel refuses to let the file grow, as it does when the disk is full."""
    code = (
        "import sys, resource; from pathlib import Path\n"
        "from leakdoc.playbook.journal.session import open_for_notes\n"
        "path = Path(sys.argv[1]); size = path.stat().st_size\n"
        "with open_for_notes(path) as journal:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 700, resource.RLIM_INFINITY))\n"
        "    journal.note('fits')\n"
        "    try:\n"
        "        journal.note('x' * 400)\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("JournalError cannot write the journal"), done.stderr
    assert "the disk is full" in done.stdout
    read = read_journal(path)
    assert read.torn == b"" and [each.choice for each in read.events[3:]] == ["fits"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_journal_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot write the journal"):
        JournalFile(tmp_path / "no" / "x", now)


def test_a_journal_that_shrinks_under_its_writer_is_not_gone_on_with(path: Path) -> None:
    with JournalFile(path, now) as journal:
        os.truncate(path, 10)
        with pytest.raises(JournalError, match="shorter"):
            journal.append(EventType.NOTE, "r1", choice="x")


def test_secrets_and_what_json_cannot_hold_do_not_get_in(path: Path) -> None:
    with JournalFile(path, now) as journal:
        journal.append(
            EventType.STEP_RESULT,
            "r1",
            step="x",
            reason="postgres://u:hunter2@h/x",
            outputs={"a": [float("nan"), 2**70, "password=hunter2"], "b": "\ud800", "c": Path("/x")},
            argv=("mysql", "--password=hunter2"),
        )
    text = path.read_text()
    assert "hunter2" not in text
    outputs = read_journal(path).events[-1].outputs
    assert outputs == {"a": [None, str(2**70), "password=[redacted]"], "b": "?", "c": "/x"}


def test_one_run_has_one_runner(path: Path) -> None:
    waited: list[float] = []
    with (
        only_runner(path, waited.append),
        pytest.raises(RunBusy, match="another runner"),
        only_runner(path, waited.append),
    ):
        pass
    assert sum(waited) >= 10
    with only_runner(path, waited.append):
        pass


def test_a_notebooks_journal_is_a_whole_record(tmp_path: Path) -> None:
    file = tmp_path / "n.journal.jsonl"
    (tmp_path / "flat.csv").write_text("time,rss_bytes\n" + "".join(f"{n},1000000\n" for n in range(600)))
    with leakdoc.Journal(file, title="payments is slow", actor="ana") as journal:
        journal.note("the deploy of 02:50 is the suspect")
        result = journal.step("detect_growth", trace=str(tmp_path / "flat.csv"))
        journal.choose("look at connections", reason=result.reason)
        head = journal.head
    read = read_journal(file, head=head)
    assert [each.type for each in read.events] == [
        "run_started", "note", "step_intent", "step_result", "choice", "run_ended",
    ]  # fmt: skip
    assert read.has_ended and read.events[-1].outcome is result.outcome
    assert {each.actor for each in read.events} == {"ana"}
    with leakdoc.Journal(file) as again:
        again.note("later")
    assert read_journal(file).has_ended and len(read_journal(file).events) == 7


def test_a_block_that_fails_ends_the_run_as_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), leakdoc.Journal(tmp_path / "n"):
        raise ZeroDivisionError
    assert read_journal(tmp_path / "n").events[-1].outcome is Outcome.ERROR


def test_a_note_finds_the_running_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.delenv("LEAKDOC_JOURNAL", raising=False)
    assert main(["note", "password=hunter2 in the log"]) == 0
    assert capsys.readouterr().out == "Noted in " + str(path) + ", line 4\n"
    event = read_journal(path).events[-1]
    assert (event.type, event.choice) == ("note", "password=[redacted] in the log")
    assert main(["note", "x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["choice"] == "x"


@pytest.mark.parametrize("argv", [["x"], ["x", "--journal", "missing"], ["", "--journal", "incident.journal.jsonl"]])
def test_a_note_that_has_no_place_says_what_to_do(
    argv: list[str], path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.delenv("LEAKDOC_JOURNAL", raising=False)
    path.with_name("second.journal.jsonl").write_bytes(path.read_bytes())
    assert main(["note", *argv]) in (2, 4)
    assert capsys.readouterr().err.startswith("leakdoc: ")


def test_the_environment_names_the_journal(tmp_path: Path) -> None:
    assert running_journal(tmp_path, {"LEAKDOC_JOURNAL": "/x"}) == Path("/x")
    with pytest.raises(UsageError, match="no running journal"):
        running_journal(tmp_path, {})
