"""CSV by its contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leakdoc.errors import DamagedSource, LeakdocError, UnreadableSource, UsageError
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Trace
from leakdoc.sampling.sources.csv import read_csv

RSS = Column("rss_bytes")


def _read(tmp_path: Path, text: str | bytes, **options: object) -> Trace:
    file = tmp_path / "payments.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(file, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "time,rss_bytes\n0,10\n60,20\n",
        "time,rss_bytes\r\n0,10\r\n60,20",
        "\ufefftime,rss_bytes\n0,10\n60,20\n",
        'rss_bytes,"time"\n"10",0.0\n2e1,60\n',
        " time , rss_bytes \n 0 , 10 \n 60 , 20 \n",
        "time,rss_bytes\n\n0,10\n,\n60,20\n\n",
        "time,rss_bytes\n1970-01-01T00:00:00,10\n1970-01-01 00:01:00Z,20\n",
        "time,rss_bytes\n1970-01-01T02:00:00+02:00,10\n60,20\n",
        "time,rss_bytes,\n0,10,\n60,20,\n",
    ],
)
def test_the_same_samples_however_they_are_written(tmp_path: Path, text: str) -> None:
    trace = _read(tmp_path, text)
    assert trace.times.tolist() == [0.0, 60.0]
    assert trace.columns[RSS].tolist() == [10.0, 20.0]
    assert trace.subject == Subject(kind=SubjectKind.FILE, name="payments")
    assert len(trace.lives) == 1


@pytest.mark.parametrize(
    "cell", ["", " ", "nan", "NaN", "NULL", "None", "NA", "n/a", "<NA>", "inf", "-Infinity", "1e999"]
)
def test_missing_and_infinite_cells_are_missing(tmp_path: Path, cell: str) -> None:
    trace = _read(tmp_path, f"time,rss_bytes\n0,10\n60,{cell}\n")
    np.testing.assert_array_equal(trace.columns[RSS], [10.0, np.nan])
    infinite = "inf" in cell.lower() or "e" in cell[1:2]
    assert trace.facts.notes == (("infinite readings taken as missing: 1",) if infinite else ())


def test_a_header_alone_is_an_empty_trace(tmp_path: Path) -> None:
    trace = _read(tmp_path, "time,rss_bytes\n")
    assert (len(trace), trace.lives, list(trace.columns)) == (0, (), [RSS])


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (b"", UnreadableSource, "is empty"),
        (b"\n", UnreadableSource, "no column named time"),
        (b"rss_bytes\n1\n", UnreadableSource, "first line is: rss_bytes"),
        (b"time;rss_bytes\n1;2\n", UnreadableSource, "time;rss_bytes"),
        (b"\x1b[31mevil\n1\n", UnreadableSource, r"first line is:  \[31mevil"),
        (bytes(range(256)), UnreadableSource, "nor CSV in UTF-8"),
        ("time,rss\n0,1\n".encode("utf-16"), UnreadableSource, "nor CSV in UTF-8"),
        (b"time,rss_bytes\n" + b"0,1\n" * 9_000 + b"9,\xff\n", DamagedSource, "not UTF-8 after line"),
        (b"time,rss_bytes,rss_bytes\n", DamagedSource, "line 1: the column rss_bytes is there twice"),
        (b"time,rss_bytes\n0,1\n60,12 MB\n", DamagedSource, "line 3, column rss_bytes: '12 MB' is not a number"),
        (b"time,rss_bytes\n0,1_000\n", DamagedSource, "line 2, column rss_bytes: '1_000' is not a number"),
        (b'time,note\n0,"a\nb"\n', DamagedSource, "line 3, column note: 'a b' is not a number"),
        (b"time,x\n0,password=hunter2\n", DamagedSource, r"'password=\[redacted\]' is not a number"),
        (b"time,rss_bytes\n,1\n", DamagedSource, "line 2, column time: '' is no time"),
        (b"time,rss_bytes\nsoon,1\n", DamagedSource, "line 2, column time: 'soon' is neither"),
        (b"time,rss_bytes\n1700000000000,1\n", DamagedSource, "seconds, not milliseconds"),
        (b"time,rss_bytes\ninf,1\n", DamagedSource, "line 2, column time: 'inf' is neither"),
        (b"time,rss_bytes\n0,1,2\n", DamagedSource, "line 2: 3 cells under 2 column names"),
        (b"time,pid\n0,1.5\n", DamagedSource, "line 2, column pid: '1.5' is not a pid"),
        (b"time,process_start_time_seconds\n0,x\n", DamagedSource, "column process_start_time_seconds: 'x' is neither"),
        (b"time,x\n0," + b"9" * 200_000 + b"\n", DamagedSource, "line 2: field larger than field limit"),
    ],
)
def test_what_cannot_be_parsed_is_refused_by_name(
    tmp_path: Path, text: bytes, kind: type[LeakdocError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        _read(tmp_path, text)


def test_lines_that_are_too_short_are_noted(tmp_path: Path) -> None:
    trace = _read(tmp_path, "time,rss_bytes,threads\n0,1\n1,2,3\n2\n")
    np.testing.assert_array_equal(trace.columns[Column("threads")], [np.nan, 3.0, np.nan])
    assert trace.facts.notes == ("lines with fewer cells than the header, the rest taken as missing: 2",)


def test_times_are_sorted_per_pid_and_the_last_of_duplicates_wins(tmp_path: Path) -> None:
    trace = _read(tmp_path, "time,rss_bytes,pid\n2,1,8\n1,2,8\n1,3,9\n1,4,8\n")
    assert [(life.pid, life.first, life.stop) for life in trace.lives] == [(8, 0, 2), (9, 2, 3)]
    assert trace.columns[RSS].tolist() == [4.0, 1.0, 3.0]
    assert len(trace.facts.notes) == 2


@pytest.mark.parametrize(
    ("rows", "lives"),
    [
        ("0,1,100\n1,1,100\n2,1,200\n", [(1, 100.0, 2), (1, 200.0, 1)]),
        ("0,,100\n1,,100\n2,,200\n", [(None, 100.0, 2), (None, 200.0, 1)]),
        ("0,1,\n1,1,100\n2,1,\n3,1,200\n4,1,\n", [(1, 100.0, 3), (1, 200.0, 2)]),
        ("0,1,\n1,2,\n2,1,\n", [(1, None, 2), (2, None, 1)]),
        ("0,1,100\n1,,100\n", [(1, 100.0, 1), (None, 100.0, 1)]),
        ("0,4.2e1,1970-01-01T00:00:07\n", [(42, 7.0, 1)]),
    ],
)
def test_pids_and_process_starts_tell_the_lives(
    tmp_path: Path, rows: str, lives: list[tuple[int | None, float | None, int]]
) -> None:
    trace = _read(tmp_path, "time,pid,process_start_time_seconds\n" + rows)
    assert [(life.pid, life.started_at, life.stop - life.first) for life in trace.lives] == lives
    assert not trace.columns


def test_another_version_is_another_life(tmp_path: Path) -> None:
    trace = _read(tmp_path, "time,rss_bytes,version\n0,1,v1\n1,2,\n2,1,v2\n")
    assert [(life.version, life.stop) for life in trace.lives] == [("v1", 2), ("v2", 3)]


def test_the_last_limit_is_a_fact_and_stays_a_column(tmp_path: Path) -> None:
    trace = _read(tmp_path, "time,rss_bytes,limit_bytes\n5,1,900\n0,1,100\n6,1,\n7,1,0\n")
    assert trace.facts.limit_bytes == 900.0
    assert Column("limit_bytes") in trace.columns
    assert _read(tmp_path, "time,rss_bytes,limit_bytes\n0,1,0\n").facts.limit_bytes is None


def test_the_user_names_the_load_and_the_limit(tmp_path: Path) -> None:
    text = "time,rss_bytes,requests_total,jobs_total\n0,1,7,5\n1,1,8,6\n"
    trace = _read(tmp_path, text, load_column="jobs_total", limit_bytes=64.0)
    assert trace.columns[Column("requests_total")].tolist() == [5.0, 6.0]
    assert Column("jobs_total") not in trace.columns
    assert trace.facts.limit_bytes == 64.0
    assert "jobs_total" in trace.facts.notes[0]
    assert _read(tmp_path, text, load_column="requests_total").facts.notes == ()
    with pytest.raises(UsageError, match="'nope'") as caught:
        _read(tmp_path, text, load_column="nope")
    assert caught.value.help == "There are: jobs_total, requests_total, rss_bytes."
    with pytest.raises(UsageError):
        _read(tmp_path, text, limit_bytes=-1.0)


def test_a_labelled_column_is_read_as_it_is_written(tmp_path: Path) -> None:
    column = Column.of("connections", peer='10.0.0.5:5432 "\\\n', state="ESTABLISHED")
    quoted = '"' + column.text.replace('"', '""') + '"'
    assert list(_read(tmp_path, f"time,{quoted}\n0,412\n").columns) == [column]
