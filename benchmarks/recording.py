"""What a recording costs: appending against plain SQLite, and reading a day back. Ratios: machines are noisy.

Run: ``python benchmarks/recording.py``
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from leakdoc.model.sample import Column
from leakdoc.sampling.recording import RecordingWriter, read_recording
from leakdoc.sampling.trace_builder import TraceBuilder
from leakdoc.testing.series import made_samples, made_subject

METRICS = 20
ROWS = 5_000
DAY = 86_400
ROUNDS = 5

SAMPLES = made_samples({f"metric_{number}_bytes": [1e6 + row for row in range(ROWS)] for number in range(METRICS)})


def ours(directory: Path) -> float:
    with RecordingWriter(directory / "r", made_subject()) as recording:
        return _timed(lambda: deque(map(recording.append, SAMPLES), maxlen=0))


def row_per_metric(directory: Path) -> float:
    with closing(_plain(directory, "at REAL, pid INTEGER, metric TEXT, value REAL")) as connection:

        def append() -> None:
            for sample in SAMPLES:
                connection.execute("BEGIN")
                connection.executemany(
                    "INSERT INTO sample VALUES (?, ?, ?, ?)",
                    [(sample.at, sample.process.pid, column.text, value) for column, value in sample.values.items()],
                )
                connection.execute("COMMIT")

        return _timed(append)


def column_per_metric(directory: Path) -> float:
    columns = ", ".join(f"m{number} REAL" for number in range(METRICS))
    statement = f"INSERT INTO sample VALUES ({', '.join('?' * (METRICS + 2))})"
    with closing(_plain(directory, f"at REAL, pid INTEGER, {columns}")) as connection:
        return _timed(
            lambda: [
                connection.execute(statement, (sample.at, sample.process.pid, *sample.values.values()))
                for sample in SAMPLES
            ]
        )


def _plain(directory: Path, columns: str) -> sqlite3.Connection:
    connection = sqlite3.connect(directory / "p", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"CREATE TABLE sample ({columns})")
    return connection


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _once(measure: Callable[[Path], float]) -> float:
    with tempfile.TemporaryDirectory() as directory:
        return measure(Path(directory)) / ROWS * 1e6


def append() -> None:
    ways = (ours, row_per_metric, column_per_metric)
    rounds = [[_once(way) for way in ways] for _ in range(ROUNDS)]  # in turns, so that a busy moment hits them all
    mine, rows, columns = (statistics.median(each) for each in zip(*rounds, strict=True))
    print(f"append a row of {METRICS} metrics, committed: {mine:.1f} us")
    print(f"  plain SQLite, a row per metric: {rows / mine:.1f} times ours")
    print(f"  plain SQLite, a column per metric (no labels, no late columns): {columns / mine:.1f} times ours")


def realistic(row: int, number: int) -> float:
    """Return a reading as processes have them: levels that hold, counters, pages that come and go, leaks."""
    shapes = (
        lambda: 104_857_600.0 + 4_096 * (row // 30),  # a leak
        lambda: 209_715_200.0 + 4_096 * (chosen[row] % 64),  # an allocator at work
        lambda: 40.0 + (chosen[row] % 5 == 0),  # descriptors
        lambda: (row * 13 + chosen[row] % 7) / 100,  # processor time in ticks
        lambda: 8.0,  # threads
        lambda: float(row * 3 + chosen[row] % 11),  # a counter
    )
    return shapes[number % len(shapes)]()


chosen = random.Random(1).choices(range(1_000), k=DAY)


def day() -> None:
    columns: dict[str | Column, list[float]] = {
        f"metric_{number}_bytes": [realistic(row, number) for row in range(DAY)] for number in range(METRICS)
    }
    samples = [replace(each, at=each.at + chosen[row] / 1e6) for row, each in enumerate(made_samples(columns))]
    builder = TraceBuilder(made_subject(), most_values=2**62)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "r"
        before = time.process_time()
        with RecordingWriter(path, made_subject()) as recording:
            for sample in samples:
                recording.append(sample)
        cost = time.process_time() - before
        size = path.stat().st_size
        read_recording(path)  # warm
        readings = sorted(_timed(lambda: read_recording(path)) for _ in range(ROUNDS))
    adding = _timed(lambda: deque(map(builder.add, samples), maxlen=0))
    building = min(_timed(builder.trace) for _ in range(ROUNDS))
    print(f"a day at 1 Hz, {METRICS} metrics, times that wander by a millisecond:")
    print(f"  {cost / DAY:.4%} of a core to write, sealing included (target <= 0.1 %)")
    print(f"  {size / 1e6:.2f} MB, {size / DAY:.1f} bytes a row (target <= 1.5 MB)")
    spread = f"{readings[0] * 1e3:.0f} to {readings[-1] * 1e3:.0f}"
    print(f"  read back into numpy in {statistics.median(readings) * 1e3:.0f} ms ({spread}; target <= 100 ms)")
    print(f"  in memory: {adding / DAY * 1e6:.1f} us a row added, {building * 1e3:.0f} ms for its trace")


if __name__ == "__main__":
    append()
    day()
