"""A file's format is told by its content; frames and traces are sources too."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leakdoc.errors import DamagedSource, LeakdocError, MissingDependency, UnreadableSource, UsageError
from leakdoc.model.sample import Column
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.export import export_csv, export_json, export_openmetrics, export_parquet
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.sampling.sources.frame import from_frame, to_frame
from leakdoc.sampling.sources.load import load_trace
from leakdoc.testing.series import FIRST_AT, made_recording, made_samples, made_subject, made_trace

RSS = Column("rss_bytes")
PEER = Column.of("connections", peer="10.0.0.5:5432", state="CLOSE_WAIT")
WORKERS = [
    *made_samples({"rss_bytes": [1.5, None, 3.0], PEER: [None, 2.0, 3.0]}, pid=7),
    *made_samples({"rss_bytes": [10.0, 20.0]}, pid=8, first_at=FIRST_AT + 0.25),
]


def assert_same(found: Trace, expected: Trace) -> None:
    """Fail unless two traces have the same rows, lives and columns, whatever they are called."""
    np.testing.assert_array_equal(found.times, expected.times)
    assert found.lives == expected.lives
    assert set(found.columns) - {Column("limit_bytes")} == set(expected.columns)
    for column, values in expected.columns.items():
        np.testing.assert_array_equal(found.columns[column], values)
    assert found.facts.limit_bytes == expected.facts.limit_bytes


def _csv(trace: Trace, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        export_csv(trace, out)


def _recording(trace: Trace, path: Path) -> None:
    made_recording(path, WORKERS, facts=trace.facts)


def _indexed_parquet(trace: Trace, path: Path) -> None:
    to_frame(trace).set_index("time").to_parquet(path)


@pytest.mark.parametrize("write", [_csv, _recording, export_parquet, _indexed_parquet])
def test_every_format_is_told_by_its_content(tmp_path: Path, write: Callable[[Trace, Path], None]) -> None:
    trace = made_trace(WORKERS, facts=Facts(limit_bytes=2.0**29))
    write(trace, tmp_path / "samples.data")
    assert_same(load_trace(tmp_path / "samples.data"), trace)


def test_a_recording_that_is_being_written_is_loaded(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        recording.append(WORKERS[0])
        assert len(load_trace(tmp_path / "r")) == 1


def test_a_trace_is_its_own_source_and_takes_the_users_choices() -> None:
    trace = made_trace(made_samples({"rss_bytes": [1.0], "jobs_total": [5.0]}))
    assert load_trace(trace) is trace
    chosen = load_trace(trace, load_column="jobs_total", limit_bytes=7.0)
    assert chosen.columns[Column("requests_total")].tolist() == [5.0]
    assert chosen.facts.limit_bytes == 7.0
    with pytest.raises(UsageError, match="int"):
        load_trace(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["missing", ".", "\x00", "x" * 5_000])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableSource):
        load_trace(tmp_path / name)


def test_a_broken_parquet_file_is_damaged(tmp_path: Path) -> None:
    export_parquet(made_trace(WORKERS), tmp_path / "p")
    whole = (tmp_path / "p").read_bytes()
    (tmp_path / "p").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedSource, match="p is damaged"):
        load_trace(tmp_path / "p")


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependency) as caught:
        load_trace(tmp_path / "p")
    assert caught.value.help == "pip install 'leakdoc[parquet]'"


TIMES = [
    [0.0, 60.0],
    [0, 60],
    ["1970-01-01", "1970-01-01T00:01Z"],
    pd.to_datetime([0, 60], unit="s"),
    pd.to_datetime([0, 60], unit="s", utc=True).tz_convert("Asia/Tokyo"),
    pd.Series(pd.to_datetime([0, 60], unit="s")).astype("datetime64[ms]"),
    pd.array([0, 60], dtype="Int64"),
    pd.Series([pd.Timestamp(0, tz="UTC"), 60.0], dtype=object),
]


@pytest.mark.parametrize("times", TIMES, ids=lambda times: str(getattr(times, "dtype", times)))
def test_a_frame_of_the_contracts_shape_is_a_source(times: Any) -> None:
    frame = pd.DataFrame({"time": times, "rss_bytes": [1, 2], "pid": pd.array([5, None], dtype="Int64")})
    for each in (frame, frame.set_index("time")):
        trace = load_trace(each)
        assert sorted(trace.times.tolist()) == [0.0, 60.0]
        assert [life.pid for life in trace.lives] == [5, None]


@pytest.mark.parametrize(
    "values", [[1.5, None], ["1.5", ""], [1.5, float("inf")], pd.array([1.5, None], dtype="Float64"), [1.5, pd.NA]]
)
def test_missing_cells_of_a_frame_are_missing(values: Any) -> None:
    trace = from_frame(pd.DataFrame({"time": [0, 1], "rss_bytes": values}))
    np.testing.assert_array_equal(trace.columns[RSS], [1.5, np.nan])


@pytest.mark.parametrize(
    ("frame", "kind", "words"),
    [
        (pd.DataFrame({"rss_bytes": [1]}), UnreadableSource, "it has: rss_bytes"),
        (pd.DataFrame({"time": [0], "x": ["many"]}), DamagedSource, "row 0, column x: 'many' is not a number"),
        (pd.DataFrame({"time": [0], "x": [[1, 2]]}), DamagedSource, "row 0, column x: '.1, 2.' is not a number"),
        (pd.DataFrame({"time": [None], "x": [1]}), DamagedSource, "row 0, column time: 'None' is no time"),
        (pd.DataFrame({"time": pd.to_datetime([None]), "x": [1]}), DamagedSource, "'nan' is no time"),
        (pd.DataFrame({"time": [1e15], "x": [1]}), DamagedSource, "beyond the year 9999"),
        (pd.DataFrame({"time": [0], "pid": [0.5]}), DamagedSource, "is not a pid"),
        (pd.DataFrame([[0, 1, 2]], columns=["time", "x", "x"]), DamagedSource, "x is there twice"),
        (pd.DataFrame({("time", "a"): [0]}), UnreadableSource, "no column named time"),
    ],
)
def test_a_frame_that_cannot_be_parsed_is_refused_by_name(
    frame: pd.DataFrame, kind: type[LeakdocError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        from_frame(frame)


def test_an_exported_frame_is_in_utc_with_typed_columns() -> None:
    frame = to_frame(made_trace(WORKERS))
    assert list(frame.columns) == ["time", "rss_bytes", PEER.text, "pid", "process_start_time_seconds"]
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    assert str(frame["pid"].dtype) == "Int64"


@pytest.mark.parametrize("what", ["before.leakdoc", 3, None])
def test_what_has_no_samples_becomes_no_frame(what: Any) -> None:
    with pytest.raises(UsageError, match="there are no samples in a"):
        to_frame(what)


@pytest.mark.parametrize("at", [0.25, 1e10 + 0.25, -6e10])
def test_times_beyond_the_nanoseconds_of_pandas_come_back(at: float) -> None:
    trace = made_trace(made_samples({"rss_bytes": [1.0]}, first_at=at, started_at=0.0))
    assert from_frame(to_frame(trace)).times.tolist() == [at]


def test_text_that_is_no_utf8_is_exported_as_escapes(tmp_path: Path) -> None:
    trace = made_trace(made_samples({Column.of("connections", peer="\udcff"): [1.0]}))
    _csv(trace, tmp_path / "x.csv")
    assert load_trace(tmp_path / "x.csv").columns.keys() == {Column.of("connections", peer="udcff")}


def test_json_lines_leave_out_what_was_not_read() -> None:
    out = io.StringIO()
    export_json(made_trace(WORKERS[:2]), out)
    assert out.getvalue() == (
        '{"time":1700000000.0,"pid":7,"process_start_time_seconds":1699999940.0,"values":{"rss_bytes":1.5}}\n'
        '{"time":1700000001.0,"pid":7,"process_start_time_seconds":1699999940.0,'
        '"values":{"connections{peer=\\"10.0.0.5:5432\\",state=\\"CLOSE_WAIT\\"}":2.0}}\n'
    )


def test_openmetrics_groups_families_and_ends() -> None:
    out = io.StringIO()
    export_openmetrics(made_trace(made_samples({"rss_bytes": [1.5], "requests_total": [3.0]}, pid=7)), out)
    assert out.getvalue() == (
        "# TYPE requests counter\n"
        'requests_total{pid="7",process_start_time_seconds="1699999940.0"} 3.0 1700000000.0\n'
        "# TYPE rss_bytes gauge\n"
        'rss_bytes{pid="7",process_start_time_seconds="1699999940.0"} 1.5 1700000000.0\n'
        "# EOF\n"
    )
