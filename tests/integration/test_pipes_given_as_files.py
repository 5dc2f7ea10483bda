"""A pipe that nobody writes into, given as a small file, is not waited for; one with a writer is read to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leakdoc import small_files
from leakdoc.cli.main import main
from leakdoc.errors import LeakdocError
from leakdoc.playbook.evidence import evidence_file
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.secret_refs import read_secret
from leakdoc.sampling.foreign_file import check_file
from leakdoc.small_files import read_small
from tests.program import joined

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(small_files, "PATIENCE_S", 0.2)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def open_pipe(pipe: Path) -> Iterator[Path]:
    """One into which somebody writes something, without coming to an end."""
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"so far")
    yield pipe
    os.close(writer)


@pytest.mark.parametrize(
    "words",
    [
        ["scan", "--prometheus", NOWHERE, "--prometheus-config", "{pipe}"],
        ["scan", "--prometheus", NOWHERE, "--prometheus-bearer", "file:{pipe}"],
        ["serve", "{folder}", "--listen", "127.0.0.1:0", "--token", "file:{pipe}"],
        ["rules", "--for", "{pipe}"],
        ["step", "run", "verify_normalized", "-p", "before={pipe}.json", "-p", "after={pipe}.json"],
        ["playbook", "extract", "{record}", "-o", "{folder}/x.yaml", "--rules", "{pipe}"],
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]),
)
def test_a_pipe_without_an_end_is_refused_and_named(
    words: list[str], open_pipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "record.md"
    record.write_text("# An incident\n\n```console\n$ ls\n```\n")
    Path(f"{open_pipe}.json").symlink_to(open_pipe)
    names = {"pipe": open_pipe, "folder": tmp_path, "record": record}
    assert main([word.format(**names) for word in words]) in (2, 4)
    told = capsys.readouterr()
    assert "nobody wrote it to its end in time" in told.err + told.out
    assert "Traceback" not in told.err


def test_a_pipe_that_nobody_opens_is_given_up(pipe: Path) -> None:
    with pytest.raises(TimeoutError):
        read_small(pipe)
    with pytest.raises(LeakdocError, match="in time"):
        read_secret(f"file:{pipe}")


def test_what_is_written_into_a_pipe_in_time_is_read(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_files, "PATIENCE_S", 60.0)
    writer = threading.Thread(target=pipe.write_bytes, args=(b" t0ken\n" * 20_000,))
    writer.start()
    try:
        assert read_small(pipe) == b" t0ken\n" * 20_000
    finally:
        joined(writer)


def test_a_shells_substitution_is_a_file(tmp_path: Path) -> None:
    code = "import sys; from leakdoc.playbook.secret_refs import read_secret; print(read_secret('file:' + sys.argv[1]))"
    line = f'{sys.executable} -c "$1" <(sleep 0.2; echo t0ken)'
    done = subprocess.run(["bash", "-c", line, "bash", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "t0ken\n", done.stderr


def test_no_more_is_read_than_is_asked_for(tmp_path: Path, open_pipe: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 10_000)
    assert read_small(file, most=4_000) == b"x" * 4_000
    assert read_small(open_pipe, most=3) == b"so "
    assert read_small("/dev/zero", most=100_000) == bytes(100_000)


@pytest.mark.parametrize("read", [check_file, read_journal])
def test_what_must_be_a_plain_file_and_is_none_is_told_with_what_to_do(
    pipe: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(LeakdocError, match="not a plain file") as refused:
        read(pipe)
    assert refused.value.help == "Write what it gives into a file."


def test_a_pipe_is_no_evidence(pipe: Path) -> None:
    with pytest.raises(LeakdocError, match="not a plain file"):
        evidence_file("pipe", pipe)


def test_a_summary_that_nobody_reads_changes_no_decision(
    pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pipe))
    for name in ("before", "after"):
        (tmp_path / f"{name}.csv").write_text("time,rss_bytes\n" + "".join(f"{60 * n},1e8\n" for n in range(60)))
    code = main(["verify", str(tmp_path / "before.csv"), str(tmp_path / "after.csv")])
    assert code in (0, 1, 3)
    assert "the step's summary cannot be written" in capsys.readouterr().err
