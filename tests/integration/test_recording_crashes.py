"""Recordings of real processes that are killed, run out of disk, or are read where nothing may be written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from leakdoc.model.sample import Column
from leakdoc.sampling.recording import RecordingWriter, read_recording
from leakdoc.testing.series import made_samples, made_subject
from tests.program import Program

WRITER = """
import sys
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.testing.series import made_samples, made_subject
first = int(sys.argv[2])
samples = made_samples({f"metric_{n}": [float(first + row) for row in range(20_000)] for n in range(20)},
                       first_at=1e9 + first)
with RecordingWriter(sys.argv[1], made_subject()) as recording:
    for row, sample in enumerate(samples):
        recording.append(sample)
        print(first + row, flush=True)
"""


def _start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return Program(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def _acknowledged_until_killed(process: subprocess.Popen[str], enough: int) -> int:
    """Kill the writer once it has acknowledged so many samples; return how many it did in all."""
    with process:
        for _ in range(enough):
            process.line()
        process.send_signal(signal.SIGKILL)
        return enough + process.rest().count("\n")


def test_what_was_acknowledged_survives_every_kill_and_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "r"
    kept = 0
    for enough in (1, 3, 40, 700, 2_500):  # the last are past the points where the log is folded in and rows are sealed
        acknowledged = _acknowledged_until_killed(_start(WRITER, path, kept), enough)
        values = read_recording(path).columns[Column("metric_7")].tolist()
        assert values == [float(row) for row in range(len(values))]
        assert kept + acknowledged <= len(values) <= kept + acknowledged + 1
        kept = len(values)
    with RecordingWriter(path, made_subject()):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["r"]
    assert len(read_recording(path)) == kept


@pytest.mark.soak
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r"
    kept = 0
    chosen = random.Random(20)
    for _ in range(200):
        acknowledged = _acknowledged_until_killed(_start(WRITER, path, kept), chosen.randrange(1, 900))
        values = read_recording(path).columns[Column("metric_7")].tolist()
        assert values == [float(row) for row in range(len(values))]
        assert kept + acknowledged <= len(values) <= kept + acknowledged + 1
        kept = len(values)


@pytest.mark.parametrize("statement", range(12))
def test_a_writer_killed_while_it_makes_the_file_leaves_nothing_half_made(tmp_path: Path, statement: int) -> None:
    code = """
    import os, sqlite3, sys
    left = int(sys.argv[2])
    def count(*_):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
    class Counting(sqlite3.Connection):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.set_trace_callback(count)
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, **k, factory=Counting)
    from leakdoc.sampling.recording import RecordingWriter
    from leakdoc.testing.series import made_subject
    RecordingWriter(sys.argv[1], made_subject())
    os.kill(os.getpid(), 9)
    """
    process = _start(code, tmp_path / "r", statement)
    with process:
        assert process.wait(60) == -signal.SIGKILL
    with RecordingWriter(tmp_path / "r", made_subject()) as recording:
        recording.append(made_samples({"rss_bytes": [1.0]})[0])
    assert [each.name for each in tmp_path.iterdir()] == ["r"]
    assert len(read_recording(tmp_path / "r")) == 1


FILL = """
import resource, sys
from leakdoc.errors import RecordingFull
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.testing.series import made_samples, made_subject
if sys.argv[2] != "-":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
samples = made_samples({f"metric_{n}": [float(row) for row in range(20_000)] for n in range(20)})
kept = 0
try:
    with RecordingWriter(sys.argv[1], made_subject()) as recording:
        for sample in samples:
            recording.append(sample)
            kept += 1
except RecordingFull as full:
    assert full.help
    from leakdoc.sampling.recording import read_recording
    print(kept, len(read_recording(sys.argv[1])))
"""


def test_a_file_that_may_not_grow_ends_the_recording_and_keeps_it(tmp_path: Path) -> None:
    with _start(FILL, tmp_path / "r", 300_000) as process:
        output, _ = process.communicate(timeout=60)
    kept, there = map(int, output.split())
    assert kept > 10
    assert there == kept == len(read_recording(tmp_path / "r"))


def test_a_full_disk_ends_the_recording_and_keeps_it(tmp_path: Path) -> None:
    kept, there = map(int, _in_own_mounts(f"mount -t tmpfs -o size=600k none {tmp_path}", FILL, tmp_path / "r", "-"))
    assert kept > 10
    assert there == kept


OPEN = """
import sys
from leakdoc.errors import RecordingFull
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.testing.series import made_subject
try:
    RecordingWriter(sys.argv[1], made_subject())
except RecordingFull:
    print("full")
"""


@pytest.mark.parametrize("left", ["0", "8k", "60k"])
def test_a_disk_that_is_full_from_the_start_is_said_to_be(tmp_path: Path, left: str) -> None:
    fill = f"head -c {left} /dev/zero > {tmp_path}/left; cat /dev/zero > {tmp_path}/filler 2>&- || rm {tmp_path}/left"
    prepare = f"mount -t tmpfs -o size=256k none {tmp_path}; {fill}"
    assert _in_own_mounts(prepare, OPEN, tmp_path / "r") == ["full"]


READ = """
import sys
from leakdoc.sampling.sources.load import load_trace
print(len(load_trace(sys.argv[1])))
"""


def test_a_recording_is_read_from_media_that_cannot_be_written(tmp_path: Path) -> None:
    killed = _acknowledged_until_killed(_start(WRITER, tmp_path / "r", 0), 50)
    (tmp_path / "r-shm").unlink()  # as after a copy of the recording and its log
    read_only = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path}"
    (there,) = map(int, _in_own_mounts(read_only, READ, tmp_path / "r"))
    assert killed <= there <= killed + 1
    RecordingWriter(tmp_path / "r", made_subject()).close()
    assert _in_own_mounts(read_only, READ, tmp_path / "r") == [str(there)]


def test_a_recording_whose_log_was_left_behind_says_that_samples_may_be_missing(tmp_path: Path) -> None:
    _acknowledged_until_killed(_start(WRITER, tmp_path / "r", 0), 1_500)
    (tmp_path / "r-wal").rename(tmp_path / "left-behind")
    trace = read_recording(tmp_path / "r")
    assert len(trace) > 0
    assert "its last samples may be missing" in trace.facts.notes[0]


def _in_own_mounts(prepare: str, code: str, *arguments: object) -> list[str]:
    """Run code where mounts are its own; needs user namespaces, or root."""
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*own, "true"], check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("this machine allows no mounts of one's own: unshare --mount")
    shell = [*own, "sh", "-ec", f'{prepare}; exec "$@"', "sh", sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(shell, check=True, capture_output=True, text=True, timeout=60).stdout.split()


def test_readers_while_it_is_written_see_whole_samples_only(tmp_path: Path) -> None:
    process = _start(WRITER, tmp_path / "r", 0)
    with process:
        process.line()
        lengths = []
        while len(lengths) < 10:
            trace = read_recording(tmp_path / "r")
            for values in trace.columns.values():
                assert values.tolist() == [float(row) for row in range(len(trace))]
            lengths.append(len(trace))
            process.line()
        process.send_signal(signal.SIGKILL)
        process.rest()
    assert lengths == sorted(lengths)
