"""What goes in comes out, whatever it is; what is broken is refused, whatever broke it."""

from __future__ import annotations

import io
import math
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakdoc.errors import DamagedSource, LeakdocError, UnreadableSource
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.export import export_csv
from leakdoc.sampling.recording import RecordingWriter, read_recording
from leakdoc.sampling.recording_block import Row, pack_block, unpack_block
from leakdoc.sampling.recording_streams import pack_floats, pack_whole, unpack
from leakdoc.sampling.sources.column_names import column_of
from leakdoc.sampling.sources.csv import read_csv
from leakdoc.sampling.sources.frame import from_frame, to_frame
from leakdoc.sampling.sources.load import load_trace
from leakdoc.testing.series import made_recording, made_samples, made_subject, made_trace

ANY_TEXT = st.text(st.characters(), max_size=12)  # lone surrogates and NUL included
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
ANY_COLUMN = st.builds(
    lambda metric, labels: Column.of(metric, **labels), ANY_TEXT, st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2)
)
TIMES = st.floats(0, 4e9)
PROCESSES = st.builds(
    ProcessIdentity,
    pid=st.integers(0, 4),
    started_at=st.none() | st.floats(0, 2e9),
    start_ticks=st.none() | st.integers(0, 2),
    boot_id=st.none() | ANY_TEXT,
    pid_namespace=st.none() | st.integers(0, 2**63 - 1),
)
SAMPLES = st.builds(
    Sample,
    at=TIMES,
    process=PROCESSES,
    values=st.dictionaries(ANY_COLUMN, st.floats(), max_size=4),
    unavailable=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
)
SUBJECT = made_subject()
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def assert_equal(found: Trace, expected: Trace) -> None:
    np.testing.assert_array_equal(found.times, expected.times)
    assert found.lives == expected.lives
    assert set(found.columns) == set(expected.columns)
    for column, values in expected.columns.items():
        np.testing.assert_array_equal(found.columns[column], values)


@QUICK
@given(samples=st.lists(SAMPLES, max_size=8), name=ANY_TEXT, host=st.none() | ANY_TEXT, note=ANY_TEXT)
def test_samples_come_back_from_a_recording(samples: list[Sample], name: str, host: str | None, note: str) -> None:
    subject = Subject(kind=SubjectKind.TREE, name=name, host=host)
    facts = Facts(notes=(note,), unavailable={note: note})
    with tempfile.TemporaryDirectory() as directory:
        path = made_recording(Path(directory) / "r", samples, subject=subject, facts=facts)
        trace = read_recording(path)
    expected = made_trace(samples, subject=subject, facts=facts)
    assert_equal(trace, expected)
    assert (trace.subject, trace.facts) == (expected.subject, expected.facts)


@QUICK
@given(samples=st.lists(SAMPLES, min_size=1, max_size=8))
def test_a_trace_keeps_every_last_reading_and_its_invariants(samples: list[Sample]) -> None:
    trace = made_trace(samples)
    assert [life.first for life in trace.lives] == [0, *(life.stop for life in trace.lives[:-1])]
    assert trace.lives[-1].stop == len(trace)
    for life in trace.lives:
        assert np.all(np.diff(trace.times[life.rows]) > 0)
    last = samples[-1]
    for column, value in last.values.items():
        at_last = trace.columns[column][trace.times == last.at]
        assert math.isnan(value) or value in at_last


CSV_COLUMNS = st.builds(
    lambda metric, labels: Column.of(metric, **labels),
    NAMES.filter(lambda name: name not in ("time", "pid", "version", "limit_bytes")),
    st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=8), max_size=2),
)
CSV_SAMPLES = st.lists(
    st.builds(
        Sample,
        at=TIMES,
        process=st.builds(ProcessIdentity, pid=st.integers(0, 2), started_at=st.floats(0, 2e9)),
        values=st.dictionaries(CSV_COLUMNS, st.floats(allow_infinity=False), max_size=4),
    ),
    max_size=8,
)


@QUICK
@given(samples=CSV_SAMPLES, limit=st.none() | st.floats(1, 1e15))
def test_an_exported_csv_is_read_back_to_the_last_bit(samples: list[Sample], limit: float | None) -> None:
    trace = made_trace(samples, facts=Facts(limit_bytes=limit if samples else None))
    out = io.StringIO(newline="")
    export_csv(trace, out)
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "x.csv").write_bytes(out.getvalue().encode())
        found = read_csv(Path(directory) / "x.csv")
    if trace.facts.limit_bytes is not None:
        del found.columns[Column("limit_bytes")]  # type: ignore[attr-defined]
    assert_equal(found, trace)
    assert found.facts.limit_bytes == trace.facts.limit_bytes


@QUICK
@given(samples=CSV_SAMPLES, at=st.integers(10**9, 2 * 10**9))
def test_a_frame_is_read_back(samples: list[Sample], at: int) -> None:
    exact = [
        Sample(at=at + row + 0.1, process=sample.process, values=sample.values) for row, sample in enumerate(samples)
    ]
    assert_equal(from_frame(to_frame(made_trace(exact))), made_trace(exact))


@QUICK
@given(column=CSV_COLUMNS)
def test_a_column_is_read_back_from_its_text(column: Column) -> None:
    assert column_of(column.text) == column


@settings(QUICK, max_examples=200)
@given(data=st.binary(max_size=300) | st.text("time,rs_0159.-eE:TZ\"\n\r ;'nai{}=\\", max_size=120).map(str.encode))
def test_any_bytes_are_a_trace_or_an_error_of_ours(data: bytes) -> None:
    _load(data)
    _load(b"time,rss_bytes,pid,process_start_time_seconds,version\n" + data)
    _load(b"SQLite format 3\x00" + data)
    _load(b"PAR1" + data + b"PAR1")


def _load(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "x").write_bytes(data)
        try:
            trace = load_trace(Path(directory) / "x")
        except LeakdocError as error:
            assert str(error).isprintable() or "\n" in str(error)
        else:
            assert all(len(values) == len(trace) for values in trace.columns.values())


def _whole_recording() -> bytes:
    samples = made_samples({f"metric_{number}": [float(row) for row in range(120)] for number in range(6)})
    samples += made_samples({Column.of("connections", peer="a"): [1.0] * 60}, pid=2)
    with tempfile.TemporaryDirectory() as directory:
        return made_recording(Path(directory) / "r", samples, facts=Facts(notes=("n",))).read_bytes()


WHOLE = _whole_recording()
INTACT = 180


@settings(QUICK, max_examples=120)
@given(cut=st.integers(0, len(WHOLE)), flips=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))))
def test_a_broken_recording_is_refused_or_still_whole(cut: int, flips: list[tuple[int, int]]) -> None:
    broken = bytearray(WHOLE)
    for place, bit in flips:
        broken[place] ^= 1 << bit
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "r"
        file.write_bytes(bytes(broken) if flips else WHOLE[:cut])
        try:
            trace = read_recording(file)
        except (DamagedSource, UnreadableSource):
            return
        assert len(trace) == INTACT, "samples may not go missing without a word"


def test_a_table_whose_name_is_no_text_is_damage(tmp_path: Path) -> None:
    broken = tmp_path / "r"
    broken.write_bytes(WHOLE.replace(b"CREATE TABLE", b"CREATE T\xc5BLE"))
    with pytest.raises(DamagedSource):
        read_recording(broken)


def test_rows_that_a_page_does_not_count_any_more_are_missed(tmp_path: Path) -> None:
    refused = 0
    for page in range(4096, len(WHOLE), 4096):
        broken = bytearray(WHOLE)
        broken[page + 4] ^= 1 << 2  # of the count of cells in the header of a page (SQLite's file format, 1.6)
        (tmp_path / "r").write_bytes(bytes(broken))
        try:
            assert len(read_recording(tmp_path / "r")) == INTACT
        except DamagedSource:
            refused += 1
    assert refused > 3


@settings(QUICK, max_examples=30)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_log_of_a_killed_writer_loses_nothing_unsaid(place: float, bit: int) -> None:
    samples = made_samples({"rss_bytes": [1.0] * 20})
    with tempfile.TemporaryDirectory() as directory:
        written = Path(directory) / "r"
        with RecordingWriter(written, made_trace([]).subject) as recording:
            for sample in samples:
                recording.append(sample)
            main, log = written.read_bytes(), bytearray(Path(f"{written}-wal").read_bytes())
        log[int(place * len(log))] ^= 1 << bit
        left = Path(directory) / "left"
        left.write_bytes(main)
        Path(f"{left}-wal").write_bytes(log)
        try:
            trace = read_recording(left)
        except (DamagedSource, UnreadableSource):
            return
        assert np.all(trace.columns.get(Column("rss_bytes"), np.ones(1)) == 1.0)


NUMBERS = st.lists(
    st.one_of(
        st.floats(),
        st.integers(-(2**62), 2**62).map(float),
        st.integers(-(10**6), 10**6).map(lambda each: each * 4096.0),
        st.integers(0, 10**9).map(lambda each: each / 100),
        st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7e308]),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(numbers=NUMBERS)
def test_a_column_of_a_block_comes_back_to_its_last_bit(numbers: list[float]) -> None:
    packed = pack_floats(numbers)
    values, end = unpack(memoryview(packed), 0, len(numbers))
    assert end == len(packed)
    assert values.astype(np.float64).tobytes() == np.array(numbers, dtype=np.float64).tobytes()


@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_whole_numbers_come_back_wherever_they_wrap(numbers: list[int]) -> None:
    values, _ = unpack(memoryview(pack_whole(numbers)), 0, len(numbers))
    assert values.tolist() == numbers


@QUICK
@given(samples=st.lists(SAMPLES, max_size=8))
def test_sealed_samples_are_those_that_were_recorded(samples: list[Sample]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        with RecordingWriter(Path(directory) / "r", SUBJECT) as recording:
            recording._sealer._rows_a_block = lambda processes: 2  # type: ignore[method-assign]
            for sample in samples:
                recording.append(sample)
        found = read_recording(Path(directory) / "r")
    assert_equal(found, made_trace(samples, subject=SUBJECT))


@QUICK
@given(data=st.binary(max_size=200), flip=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_block_that_is_spoilt_is_a_block_or_an_error_that_is_known(data: bytes, flip: int, value: int) -> None:
    rows = [Row(float(row), row % 3, 1, (float(row), row / 7)) for row in range(30)]
    layouts = {1: (4, 9)}
    whole = bytearray(zlib.decompress(pack_block(rows, layouts)))
    whole[flip % len(whole)] = value
    for cell in (zlib.compress(bytes(whole)), zlib.compress(data), data):
        try:
            piece = unpack_block(cell, layouts, thinned=False)
        except (ValueError, KeyError, struct.error, zlib.error):
            continue
        assert len(piece.at) == len(piece.process) <= 65_536
