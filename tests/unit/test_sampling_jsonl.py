"""Samples as JSON Lines: written as they come, read back, cut short, spoilt."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import leakdoc
from leakdoc.errors import DamagedSource, RecordingError
from leakdoc.model.sample import Column
from leakdoc.model.trace import Facts
from leakdoc.sampling.jsonl import JsonLinesWriter
from leakdoc.testing.series import made_samples, made_subject

SAMPLES = made_samples(
    {"rss_bytes": [1.0, 2.0, 3.0], Column.of("connections", peer='a"b\\c\nd'): [7.0, None, float("nan")]}
)


def written() -> str:
    out = io.StringIO()
    writer = JsonLinesWriter(out, made_subject())
    for sample in SAMPLES:
        writer.append_all((sample,))
    writer.set_facts(Facts(limit_bytes=512.0, notes=("a note",)))
    writer.close()
    return out.getvalue()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(written())
    trace = leakdoc.load_trace(tmp_path / "r.jsonl")
    assert (trace.subject, trace.facts) == (made_subject(), Facts(limit_bytes=512.0, notes=("a note",)))
    assert trace.times.tolist() == [sample.at for sample in SAMPLES]
    assert trace.columns[Column("rss_bytes")].tolist() == [1.0, 2.0, 3.0]
    assert trace.columns[Column.of("connections", peer='a"b\\c\nd')].tolist()[0] == 7.0


def test_each_line_is_a_document_of_its_own() -> None:
    lines = [json.loads(line) for line in written().splitlines()]
    assert lines[0]["schema"] == "leakdoc.samples/1"
    assert [line["time"] for line in lines[1:4]] == [sample.at for sample in SAMPLES]
    assert "NaN" not in written()


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_last_line_that_was_cut_is_left_out_and_said_to_be(tmp_path: Path, cut: int) -> None:
    (tmp_path / "r.jsonl").write_text("".join(written().splitlines(keepends=True)[:4])[:-cut])
    trace = leakdoc.load_trace(tmp_path / "r.jsonl")
    assert len(trace) in (2, 3)
    assert len(trace) == 3 or "cut short" in trace.facts.notes[0]


@pytest.mark.parametrize(
    "line", ["{}", "[]", '{"time": 1e99, "values": {}}', '{"time": 1, "values": {"a": "b"}}', "{", '{"subject": {}}']
)
def test_a_line_that_is_no_sample_is_named(tmp_path: Path, line: str) -> None:
    lines = written().splitlines()
    (tmp_path / "r.jsonl").write_text("\n".join([*lines[:2], line, *lines[2:]]) + "\n")
    with pytest.raises(DamagedSource, match="line 3"):
        leakdoc.load_trace(tmp_path / "r.jsonl")


def test_a_reader_that_went_away_is_an_error_of_ours() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(RecordingError, match="Broken pipe"):
        JsonLinesWriter(Gone(), made_subject())
