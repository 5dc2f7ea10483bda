"""A recording keeps what it was given, and refuses what it must not touch."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from leakdoc.errors import DamagedSource, RecordingBusy, RecordingError, UnreadableSource
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.model.trace import Ending, Facts
from leakdoc.sampling.recording import RecordingWriter, read_recording
from leakdoc.sampling.retention import Retention
from leakdoc.testing.series import FIRST_AT, made_recording, made_samples, made_subject

RSS = Column("rss_bytes")


def test_what_was_appended_is_read_back_while_it_is_written_and_after(tmp_path: Path) -> None:
    samples = made_samples({"rss_bytes": [1.0, 2.0, 3.0], "open_fds": [7.0, None, 9.0]})
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        for sample in samples:
            recording.append(sample)
        written = read_recording(tmp_path / "r")
    finished = read_recording(tmp_path / "r")
    for trace in (written, finished):
        assert trace.subject == made_subject()
        assert trace.times.tolist() == [FIRST_AT, FIRST_AT + 1, FIRST_AT + 2]
        assert trace.columns[RSS].tolist() == [1.0, 2.0, 3.0]
        np.testing.assert_array_equal(trace.columns[Column("open_fds")], [7.0, np.nan, 9.0])
        assert [(life.pid, life.first, life.stop) for life in trace.lives] == [(4242, 0, 3)]


def test_a_closed_recording_is_one_plain_file_of_its_owner(tmp_path: Path) -> None:
    made_recording(tmp_path / "r", made_samples({"rss_bytes": [1.0]}))
    assert _names(tmp_path) == ["r"]
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o600
    assert (tmp_path / "r").read_bytes()[18:20] == b"\x01\x01", "no write-ahead log is expected by its next reader"


def test_a_recording_without_samples_is_an_empty_trace(tmp_path: Path) -> None:
    trace = read_recording(made_recording(tmp_path / "r", []))
    assert len(trace) == 0
    assert trace.lives == ()


def test_facts_come_back_and_the_last_ones_stand(tmp_path: Path) -> None:
    facts = Facts(
        limit_bytes=512.0 * 2**20,
        open_files_limit=1024.0,
        unavailable={"swap_bytes": "denied"},
        blind_spots=("2 of 8 workers",),
        notes=("ä\x00\udcff",),
        ending=Ending(at=FIRST_AT, cause="signalled", signal=9),
        touched="nothing",
        sorted_rows=2,
        dropped_duplicates=3,
    )
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        recording.set_facts(Facts(touched="earlier"))
        recording.set_facts(facts)
    assert read_recording(tmp_path / "r").facts == facts


def test_a_recording_is_continued_and_an_earlier_ending_is_not_the_new_runs(tmp_path: Path) -> None:
    facts = Facts(limit_bytes=5.0, ending=Ending(at=FIRST_AT, cause="exited", exit_status=0))
    made_recording(tmp_path / "r", made_samples({"rss_bytes": [1.0, 2.0]}, pid=1), facts=facts)
    later = made_samples({"rss_bytes": [3.0]}, pid=2, first_at=FIRST_AT + 60)
    made_recording(tmp_path / "r", later, subject=made_subject(pid=2))
    trace = read_recording(tmp_path / "r")
    assert [life.pid for life in trace.lives] == [1, 2]
    assert trace.columns[RSS].tolist() == [1.0, 2.0, 3.0]
    assert trace.subject.pid == 2
    assert trace.facts == Facts(limit_bytes=5.0)


def test_a_process_whose_start_wobbles_is_one_life_where_ticks_tell(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        for row, wobble in enumerate((0.0, 0.01)):
            process = ProcessIdentity(pid=1, started_at=100.0 + wobble, start_ticks=77, boot_id="b")
            recording.append(Sample(at=FIRST_AT + row, process=process, values={RSS: 1.0}))
    assert len(read_recording(tmp_path / "r").lives) == 1


def test_reasons_are_told_once_a_metric_was_never_read(tmp_path: Path) -> None:
    def sample(at: float, pid: int, *columns: Column, **reasons: str) -> Sample:
        process = ProcessIdentity(pid=pid, started_at=1.0)
        return Sample(at=at, process=process, values=dict.fromkeys(columns, 1.0), unavailable=reasons)

    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        recording.append(sample(1.0, 1, RSS, private_bytes="denied", swap_bytes="unsupported"))
        recording.append(sample(1.0, 2, RSS, Column("private_bytes"), swap_bytes="unsupported"))
        recording.append(sample(2.0, 2, Column("private_bytes"), swap_bytes="unsupported", rss_bytes="gone"))
    facts = read_recording(tmp_path / "r").facts
    assert facts.unavailable == {"swap_bytes": "unsupported"}
    assert facts.blind_spots == ("private_bytes of 1 of 2 processes: denied",)


def test_reasons_are_stored_when_they_change(tmp_path: Path) -> None:
    process = ProcessIdentity(pid=1)
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        for at, reasons in enumerate([{}, {"a": "denied"}, {"a": "denied"}, {}, {}, {"a": "gone"}]):
            recording.append(Sample(at=at, process=process, values={}, unavailable=reasons))
    with closing(sqlite3.connect(tmp_path / "r")) as opened:
        stored = opened.execute("SELECT sample, reasons FROM absence ORDER BY sample").fetchall()
    assert stored == [(2, '{"a":"denied"}'), (4, "{}"), (6, '{"a":"gone"}')]


def test_a_second_writer_is_refused_until_the_first_closes(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r", made_subject()):
        (tmp_path / "alias").symlink_to(tmp_path / "r")
        for path in (tmp_path / "r", tmp_path / "alias"):
            with pytest.raises(RecordingBusy, match="another watch is writing r"):
                RecordingWriter(path, made_subject())
    RecordingWriter(tmp_path / "r", made_subject()).close()


@pytest.mark.parametrize(
    "content", [b"time,rss_bytes\n1,2\n", b"x", b"SQLite format 3\x00 and then nothing of the kind"]
)
def test_other_files_are_never_overwritten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine").write_bytes(content)
    with pytest.raises(RecordingError, match="not a leakdoc recording"):
        RecordingWriter(tmp_path / "mine", made_subject())
    assert (tmp_path / "mine").read_bytes() == content
    assert _names(tmp_path) == ["mine"]


def test_a_database_of_somebody_else_is_neither_written_nor_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as other:
        other.execute("CREATE TABLE sample (id INTEGER)")
        other.commit()
    before = (tmp_path / "db").read_bytes()
    with pytest.raises(RecordingError, match="not a leakdoc recording"):
        RecordingWriter(tmp_path / "db", made_subject())
    with pytest.raises(UnreadableSource, match="not a leakdoc recording"):
        read_recording(tmp_path / "db")
    assert (tmp_path / "db").read_bytes() == before


def test_an_empty_file_is_recorded_into(tmp_path: Path) -> None:
    (tmp_path / "r").touch()
    assert len(read_recording(made_recording(tmp_path / "r", made_samples({"rss_bytes": [1.0]})))) == 1


def test_what_lies_beside_a_recording_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "r-new").write_text("somebody's")
    made_recording(tmp_path / "r", [])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["r", "r-new"]
    assert (tmp_path / "r-new").read_text() == "somebody's"


def test_the_recording_of_another_subject_is_not_continued(tmp_path: Path) -> None:
    made_recording(tmp_path / "r", [])
    with pytest.raises(RecordingError, match="process payments, not of orders"):
        RecordingWriter(tmp_path / "r", Subject(kind=SubjectKind.PROCESS, name="orders"))


@pytest.mark.parametrize("place", ["missing/r", ".", "\x00", "x" * 300])
def test_a_path_that_cannot_be_written_says_what_to_do(tmp_path: Path, place: str) -> None:
    with pytest.raises(RecordingError) as caught:
        RecordingWriter(tmp_path / place, made_subject())
    assert caught.value.help
    assert _names(tmp_path) == []


def test_a_sample_without_a_time_is_refused(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r", made_subject()) as recording, pytest.raises(RecordingError, match="nan"):
        recording.append(Sample(at=float("nan"), process=ProcessIdentity(pid=1), values={}))


def test_writing_after_closing_is_an_error_and_closing_twice_is_none(tmp_path: Path) -> None:
    recording = RecordingWriter(tmp_path / "r", made_subject())
    recording.close()
    recording.close()
    with pytest.raises(RecordingError, match="closed"):
        recording.append(made_samples({"rss_bytes": [1.0]})[0])


def test_the_size_allowed_is_kept_to_by_thinning_and_dropping_the_oldest(tmp_path: Path) -> None:
    samples = made_samples({f"metric_{n}": [(row * 7919 + n) % 104729 / 7 for row in range(6_000)] for n in range(20)})
    with RecordingWriter(tmp_path / "r", made_subject(), retention=Retention(largest_bytes=300_000)) as recording:
        for sample in samples:
            recording.append(sample)
        assert (tmp_path / "r").stat().st_size <= 300_000
    assert (tmp_path / "r").stat().st_size <= 300_000
    trace = read_recording(tmp_path / "r")
    assert trace.times[-100:].tolist() == [sample.at for sample in samples[-100:]]
    assert 500 < len(trace) < 6_000


def test_samples_beyond_the_age_that_is_kept_are_dropped(tmp_path: Path) -> None:
    samples = made_samples({"rss_bytes": [float(row) for row in range(6_000)]})
    bounds = Retention(keep_s=2_000)
    with RecordingWriter(tmp_path / "r", made_subject(), clock=lambda: samples[-1].at, retention=bounds) as recording:
        for sample in samples:
            recording.append(sample)
    trace = read_recording(tmp_path / "r")
    assert trace.times[-1] == samples[-1].at
    assert 2_000 <= len(trace) <= 2_000 + 1_024


def test_older_samples_are_thinned_to_mean_minimum_and_maximum(tmp_path: Path) -> None:
    values = [1e6 + 4096.0 * (row % 60) for row in range(20_000)]
    first_at = 1_700_000_040.0  # a whole minute
    samples = [
        each
        for pair in zip(
            made_samples({"rss_bytes": values, "fds": [5.0] * 20_000}, pid=1, first_at=first_at),
            made_samples({"rss_bytes": [each + 1 for each in values]}, pid=2, first_at=first_at),
            strict=True,
        )
        for each in pair
    ]
    bounds = Retention(whole_s=3_600)
    with RecordingWriter(tmp_path / "r", made_subject(), clock=lambda: samples[-1].at, retention=bounds) as recording:
        for place in range(0, len(samples), 2):
            recording.append_all(samples[place : place + 2])
    trace = read_recording(tmp_path / "r")
    assert len(trace.lives) == 2
    thin = np.isfinite(trace.columns[Column.of("rss_bytes", stat="min")])
    assert 200 < np.count_nonzero(thin) < 700
    one = thin & (trace.life_of_row == 0)
    inner = np.flatnonzero(one)[1:-1]
    mean, low, high = (
        trace.columns[each][inner]
        for each in (Column("rss_bytes"), Column.of("rss_bytes", stat="min"), Column.of("rss_bytes", stat="max"))
    )
    whole = high - low == 4096.0 * 59  # a block's edge cuts a minute in two
    assert np.count_nonzero(whole) > 0.8 * len(inner)
    assert np.all(mean[whole] == 1e6 + 4096.0 * 29.5)
    assert np.all(trace.columns[Column("fds")][inner] == 5.0)
    assert np.count_nonzero(~thin & (trace.life_of_row == 1)) >= 3_600


def test_a_long_recording_is_sealed_and_loses_nothing(tmp_path: Path) -> None:
    values = {"rss_bytes": [4096.0 * (row % 977) for row in range(5_000)], "cpu": [row / 100 for row in range(5_000)]}
    samples = made_samples({**values, "rare": [float(row) if row % 5 == 0 else None for row in range(5_000)]})
    made_recording(tmp_path / "r", samples)
    with closing(sqlite3.connect(tmp_path / "r")) as opened:
        assert opened.execute("SELECT count(*) FROM block").fetchone()[0] >= 4
        assert opened.execute("SELECT count(*) FROM sample").fetchone()[0] <= 512
    trace = read_recording(tmp_path / "r")
    assert trace.times.tolist() == [sample.at for sample in samples]
    assert trace.columns[Column("cpu")].tolist() == values["cpu"]
    assert trace.columns[Column("rare")][::5].tolist() == [float(row) for row in range(0, 5_000, 5)]
    assert np.isnan(trace.columns[Column("rare")]).sum() == 4_000
    made_recording(tmp_path / "r", made_samples({"rss_bytes": [1.0]}, first_at=samples[-1].at + 1))
    assert len(read_recording(tmp_path / "r")) == 5_001


def test_a_recording_of_version_1_is_continued_as_one_of_today(tmp_path: Path) -> None:
    golden = Path(__file__).parents[1] / "golden" / "recording-v1.leakdoc"
    (tmp_path / "r").write_bytes(golden.read_bytes())
    before = read_recording(tmp_path / "r")
    later = made_samples({"rss_bytes": [7.0]}, pid=7, first_at=FIRST_AT + 10, started_at=before.lives[0].started_at)
    made_recording(tmp_path / "r", later, subject=before.subject)
    after = read_recording(tmp_path / "r")
    assert len(after) == len(before) + 1


def test_a_newer_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    made_recording(tmp_path / "r", [])
    _change(tmp_path / "r", "PRAGMA user_version = 3")
    with pytest.raises(UnreadableSource, match="newer leakdoc") as caught:
        read_recording(tmp_path / "r")
    assert caught.value.help is not None
    assert "upgrade" in caught.value.help
    with pytest.raises(RecordingError, match="newer leakdoc"):
        RecordingWriter(tmp_path / "r", made_subject())


ENDLESS = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id, 1, 1, x'', 0 FROM n"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP TABLE sample", "tables"),
        (f"DROP TABLE sample; CREATE VIEW sample AS {ENDLESS}", "tables"),
        ("CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM sample; END", "tables"),
        ("DELETE FROM run", "subject"),
        ("UPDATE run SET subject = '[]'", "subject"),
        ('UPDATE run SET facts = \'{"limit_bytes": "x"}\'', "subject"),
        ("UPDATE process SET identity = '" + "[" * 100_000 + "'", "dictionaries"),
        ("UPDATE metric SET name = '[1]'", "dictionaries"),
        ("UPDATE layout SET metrics = x'010203'", "dictionaries"),
        ("UPDATE layout SET metrics = x'63000000'", "samples"),
        ("UPDATE sample SET at = at + 1", "samples"),
        ("UPDATE sample SET readings = zeroblob(8)", "samples"),
        ("UPDATE sample SET at = 'soon'", "samples"),
        ("DELETE FROM process", "samples"),
        ("DELETE FROM layout", "samples"),
        ('INSERT INTO absence VALUES (1, 99, \'{"a": "b"}\')', "why values are missing"),
    ],
)
def test_a_changed_recording_is_refused_and_the_part_is_named(tmp_path: Path, change: str, named: str) -> None:
    made_recording(tmp_path / "r", made_samples({"rss_bytes": [1.0, 2.0]}), facts=Facts())
    _change(tmp_path / "r", change)
    with pytest.raises(DamagedSource, match=named):
        read_recording(tmp_path / "r")


def _names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def _change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as opened:
        opened.executescript(script)
