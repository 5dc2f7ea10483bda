"""A postmortem out of a journal, and what the documents on journals and playbooks show."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

import leakdoc
from leakdoc.cli.main import main
from leakdoc.cli.parser import parse
from leakdoc.model.journal import EventType
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import examine
from leakdoc.playbook.param_types import TYPES
from tests.docs.commands import ROOT, blocks, leakdoc_commands
from tests.playbook_runs import run

EVIL = "<script>alert(1)</script> @channel `x` | \x1b[31m \u202e"
TEXT = """
params: {service: {type: service, default: payments}, started_at: {type: time}}
steps:
  - id: look
    uses: leakdoc.detect_growth
    with: {trace: memory.csv}
    expect: {decision: stable}
    then: {failed: continue}
  - {id: fix, uses: leakdoc.apply_fix, with: {revision: v2}}
  - {id: last, uses: leakdoc.run_command, with: {command: ["false"]}}
"""
SECTIONS = [
    "Summary", "Impact", "Root causes", "Trigger", "Resolution", "Detection", "Action items", "Lessons learned",
    "Timeline", "Evidence",
]  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "memory.csv").write_text("time,rss_bytes\n" + "".join(f"{n},{1e8 + 5e4 * n}\n" for n in range(900)))
    run(TEXT, tmp_path, {"service": EVIL, "started_at": "03:12Z"})
    with leakdoc.Journal(tmp_path / "run.journal.jsonl", actor="ana") as open_journal:
        open_journal.note(f"told the payments team {EVIL}")
    return tmp_path / "run.journal.jsonl"


def test_a_journal_becomes_a_postmortem(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(journal), "--format", "markdown"]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert "look (failed): expected decision to be stable, and it is leaking" in text.replace("\\", "")
    assert "fix (passed): v2 is fixed already" in text.replace("\\", "")
    assert "T03:12:00" in text and "look at last: exit status 1" in text
    assert "<script>" not in text and "\x1b" not in text and "\u202e" not in text and "@channel" not in text


def test_the_page_runs_nothing_and_is_replaced_only_by_ours(journal: Path, tmp_path: Path) -> None:
    page = tmp_path / "postmortem.html"
    for _ in range(2):
        assert main(["report", str(journal), "-o", str(page)]) == 0
    text = page.read_text()
    assert all(f"<h2>{each}</h2>" in text for each in SECTIONS)
    assert "<script" not in text and "Content-Security-Policy" in text


def test_a_changed_journal_is_no_postmortem(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal.write_text(journal.read_text().replace("v2", "v3"))
    assert main(["report", str(journal)]) == 4
    assert "was changed" in capsys.readouterr().err


def test_the_playbook_that_the_document_shows_is_sound() -> None:
    (shown,) = [each.text for each in blocks("yaml") if each.document == "docs/playbooks.md"]
    assert examine(Source(name="x", origin="x", text=shown)).problems == ()


def test_the_documents_types_and_event_types_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "playbooks.md").read_text()
    table = text.partition("## Parameters")[2].partition("## Fields")[0]
    listed = {name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed == set(TYPES)
    row = next(each for each in (ROOT / "docs" / "journals.md").read_text().splitlines() if each.startswith("| `type`"))
    assert re.findall(r"`(\w+)`", row)[1:] == [str(each) for each in EventType]


def test_every_command_of_the_documents_is_one() -> None:
    ours = ("docs/playbooks.md", "docs/journals.md", "docs/agents.md")
    shown = [words for document, words in leakdoc_commands() if document in ours]
    assert len(shown) >= 6
    for words in shown:
        assert parse(words[1:]).execute


def test_the_notebook_that_the_document_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = [each.text for each in blocks("python") if each.document == "docs/journals.md"]
    names: dict[str, Any] = {"pid": os.getpid()}
    exec(compile(code.replace('for_s="2s"', 'for_s="1s"'), "docs/journals.md", "exec"), names)
    assert names["result"].step == "leakdoc.sample_memory"
